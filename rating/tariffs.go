package rating

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"

	"costd.dev/costd"
)

// tariffParts is in how many parts the prices of a book are: of 100,000 prices one part
// has some 200, which are copied in 20 µs, and the list of parts takes 4 KiB.
const tariffParts = 512

// Tariffs are the prices of each key, ascending by the first day. They are in parts by a
// hash of the key: tariffs that differ in few prices have most parts in common. Parts
// and lists are never changed, but copied.
type tariffs [tariffParts]map[priceKey][]price

// seed makes the hashes of keys the same in all books of the process.
var seed = maphash.MakeSeed()

func part(key priceKey) int { return int(maphash.Comparable(seed, key) % tariffParts) }

// list returns the prices of a key.
func (t *tariffs) list(key priceKey) []price { return t[part(key)][key] }

// with returns the tariffs as they are after the changes. It copies each part that
// changes once.
func (t tariffs) with(changes []costd.Change[costd.Price]) tariffs {
	var copied [tariffParts]bool
	for _, c := range changes {
		key := keyOf(cmp.Or(c.After, c.Before))
		i := part(key)
		if !copied[i] {
			copied[i] = true
			own := make(map[priceKey][]price, len(t[i])+1)
			maps.Copy(own, t[i])
			t[i] = own
		}
		if c.Before != nil {
			remove(t[i], key, newPrice(c.Before), price.compare)
		}
		if c.After != nil {
			insert(t[i], key, newPrice(c.After), price.compare)
		}
	}
	return t
}

func keyOf(p *costd.Price) priceKey {
	return priceKey{p.Type, p.Metric, p.Currency, p.RegionID, p.ClientID}
}

// insert puts an element into a copy of the ordered list of a key, behind its equals.
func insert[K comparable, T any](index map[K][]T, key K, element T, compare func(a, b T) int) {
	list := index[key]
	at, _ := slices.BinarySearchFunc(list, element, func(e, new T) int {
		if compare(e, new) <= 0 {
			return -1
		}
		return 1
	})
	index[key] = slices.Insert(slices.Clone(list), at, element)
}

// remove takes the equals of an element out of a copy of the ordered list of a key, and
// the key with the last element.
func remove[K comparable, T any](index map[K][]T, key K, element T, compare func(a, b T) int) {
	list := slices.DeleteFunc(slices.Clone(index[key]), func(e T) bool { return compare(e, element) == 0 })
	if index[key] = list; len(list) == 0 {
		delete(index, key)
	}
}
