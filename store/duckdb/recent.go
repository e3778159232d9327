package duckdb

import "container/list"

// A recents keeps values that were used of late, within a number of bytes.
type recents[K comparable, V any] struct {
	limit, bytes int64
	items        map[K]*list.Element // of *recentItem
	order        list.List           // the latest used first
}

type recentItem[K comparable, V any] struct {
	key   K
	value V
	bytes int64
}

func newRecents[K comparable, V any](limit int64) recents[K, V] {
	return recents[K, V]{limit: limit, items: map[K]*list.Element{}}
}

// get returns the value of a key, the zero value if there is none.
func (r *recents[K, V]) get(k K) (value V) {
	e := r.items[k]
	if e == nil {
		return value
	}
	r.order.MoveToFront(e)
	return e.Value.(*recentItem[K, V]).value
}

// put sets the value of a key and how many bytes it takes.
func (r *recents[K, V]) put(k K, value V, bytes int64) {
	if e := r.items[k]; e != nil {
		item := e.Value.(*recentItem[K, V])
		r.bytes += bytes - item.bytes
		item.value, item.bytes = value, bytes
		r.order.MoveToFront(e)
		return
	}
	r.items[k] = r.order.PushFront(&recentItem[K, V]{k, value, bytes})
	r.bytes += bytes
}

// trim drops what was used longest ago, until the rest is within the limit.
func (r *recents[K, V]) trim() {
	for r.bytes > r.limit && r.order.Len() > 0 {
		item := r.order.Remove(r.order.Back()).(*recentItem[K, V])
		delete(r.items, item.key)
		r.bytes -= item.bytes
	}
}
