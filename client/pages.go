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

// window returns the rows of a page, and the number of rows on all pages.
func (r *CostReport) window() ([]Row, int)  { return r.Results, r.Count }
func (r *UsageReport) window() ([]Row, int) { return r.Resources, r.Count }
func (l *List[T]) window() ([]T, int)       { return l.Results, l.Count }

// pages yields page after page of what fetch returns, moving the offset by as many
// rows as there were: a server may send fewer than were asked for.
func pages[P, T any](first int, window func(P) ([]T, int), fetch func(offset int) (P, error)) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		for offset := first; ; {
			p, err := fetch(offset)
			if !yield(p, err) || err != nil {
				return
			}
			rows, count := window(p)
			offset += len(rows)
			if len(rows) == 0 || offset >= count {
				return
			}
		}
	}
}

// rowsOf yields the rows of all pages.
func rowsOf[P, T any](pages iter.Seq2[P, error], window func(P) ([]T, int)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for p, err := range pages {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			rows, _ := window(p)
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
