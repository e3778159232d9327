package client

import "iter"

// defaultPage is the number of rows of the pages of a sequence: few enough to hold,
// many enough that a report takes few requests.
const defaultPage = 1000

func fillLimit(limit *int) {
	if *limit == 0 {
		*limit = defaultPage
	}
}

// A page is a window on a long list.
type page[T any] interface {
	// window returns the items of the page, and the number of items on all pages.
	window() ([]T, int)
}

func (r *CostReport) window() ([]Row, int)  { return r.Results, r.Count }
func (r *UsageReport) window() ([]Row, int) { return r.Resources, r.Count }
func (l *List[T]) window() ([]T, int)       { return l.Results, l.Count }

// pages yields page after page of what fetch returns, moving the offset by as many
// items as there were: a server may send fewer than were asked for.
func pages[P page[T], T any](first int, fetch func(offset int) (P, error)) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		for offset := first; ; {
			p, err := fetch(offset)
			if !yield(p, err) || err != nil {
				return
			}
			rows, count := p.window()
			offset += len(rows)
			if len(rows) == 0 || offset >= count {
				return
			}
		}
	}
}

// items yields the items of all pages.
func items[P page[T], T any](pages iter.Seq2[P, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for p, err := range pages {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			rows, _ := p.window()
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
