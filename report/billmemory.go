package report

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"costd.dev/costd"
)

// maxBills bounds the bills that are remembered: a month of a large provider. A bill takes
// about 0.7 KiB.
const maxBills = 100_000

// billKey says which bill it is.
type billKey struct {
	clientID int64
	period   costd.Period
}

// A rememberedBill holds while its basis does.
type rememberedBill struct {
	basis Basis
	bill  Bill
}

// A billMemory holds bills that were made, the least recently used going first. Its zero
// value is empty.
type billMemory struct {
	mu    sync.Mutex
	bills *simplelru.LRU[billKey, rememberedBill] // guarded by mu; nil while it is empty
}

// get returns the bill of the client and month of the basis, unless its own basis is
// another.
func (m *billMemory) get(b Basis) (Bill, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bills == nil {
		return Bill{}, false
	}
	known, ok := m.bills.Get(billKey{b.clientID, b.period})
	return known.bill, ok && known.basis == b
}

// add remembers a bill in the place of the one before.
func (m *billMemory) add(b Basis, bill Bill) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bills == nil {
		bills, err := simplelru.NewLRU[billKey, rememberedBill](maxBills, nil)
		if err != nil {
			panic(err) // only of a size that is not positive
		}
		m.bills = bills
	}
	m.bills.Add(billKey{b.clientID, b.period}, rememberedBill{b, bill})
}
