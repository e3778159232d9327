package duckdb

import "container/list"

// A recents keeps values that were used of late, within a number of bytes. What was
// used since it was last considered for leaving is given a second chance: unlike
// keeping an order of use, that costs next to nothing for each use.
type recents[K comparable, V any] struct {
	limit, bytes int64
	items        map[K]*recentItem[K, V]
	last         *recentItem[K, V] // that was got, as it often is the next one too
	order        list.List         // of *recentItem, those to be considered next in front
}

type recentItem[K comparable, V any] struct {
	key   K
	value V
	bytes int64
	used  bool
}

func newRecents[K comparable, V any](limit int64) recents[K, V] {
	return recents[K, V]{limit: limit, items: map[K]*recentItem[K, V]{}}
}

// get returns the value of a key, the zero value if there is none.
func (r *recents[K, V]) get(k K) (value V) {
	item := r.last
	if item == nil || item.key != k {
		if item = r.items[k]; item == nil {
			return value
		}
		r.last = item
	}
	item.used = true
	return item.value
}

// put sets the value of a key and how many bytes it takes.
func (r *recents[K, V]) put(k K, value V, bytes int64) {
	item := r.items[k]
	if item == nil {
		item = &recentItem[K, V]{key: k}
		r.items[k] = item
		r.order.PushBack(item)
	}
	r.bytes += bytes - item.bytes
	item.value, item.bytes, item.used = value, bytes, true
}

// trim drops what was not used of late, until the rest is within the limit.
func (r *recents[K, V]) trim() {
	r.last = nil
	for r.bytes > r.limit && r.order.Len() > 0 {
		e := r.order.Front()
		item := e.Value.(*recentItem[K, V])
		if item.used {
			item.used = false
			r.order.MoveToBack(e)
			continue
		}
		r.order.Remove(e)
		delete(r.items, item.key)
		r.bytes -= item.bytes
	}
}
