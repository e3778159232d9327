package access

import (
	"context"
	"maps"
	"sync"
	"time"

	"costd.dev/costd"
)

// uses are the last uses of keys that the catalog does not know yet, by the keys' ids.
// They are few: as many as keys were used since the last save.
type uses struct {
	mutex sync.Mutex
	at    map[string]time.Time
}

// note takes down that a key is used, in whole seconds: who reads a list of keys asks
// for the day.
func (u *uses) note(id string, now time.Time) {
	now = now.UTC().Truncate(time.Second)
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.at == nil {
		u.at = map[string]time.Time{}
	}
	if now.After(u.at[id]) {
		u.at[id] = now
	}
}

// pending returns a copy of what is to be saved.
func (u *uses) pending() map[string]time.Time {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return maps.Clone(u.at)
}

// forget drops what was saved, unless a key was used again since.
func (u *uses) forget(saved map[string]time.Time) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	maps.DeleteFunc(u.at, func(id string, at time.Time) bool { return at.Equal(saved[id]) })
}

// addTo tells a key of the catalog its last use, if that is newer than what it says.
func (u *uses) addTo(key *costd.Key) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if at := u.at[key.ID]; at.After(key.LastUsed) {
		key.LastUsed = at
	}
}

// SaveUses writes the last uses of keys to the catalog. Authenticate keeps them in
// memory alone, so that no request costs a write or fails for a full disk: call this now
// and then, and before the end. After an error, which is the catalog's, it may be called
// again; nothing is lost.
func (s *Service) SaveUses(ctx context.Context) (err error) {
	defer costd.Wrap(&err, "access.SaveUses")
	pending := s.uses.pending()
	if len(pending) == 0 {
		return nil
	}
	if err := s.Catalog.MarkUsed(ctx, pending); err != nil {
		return err
	}
	s.uses.forget(pending)
	return nil
}
