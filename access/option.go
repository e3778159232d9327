package access

import (
	"time"

	"costd.dev/costd"
	"costd.dev/costd/internal/text"
)

// maxName bounds the name of a key, in bytes: a line of a list.
const maxName = 100

// An Option says more of a key that is made.
type Option func(*costd.Key)

// Name says what a key is for.
func Name(name string) Option { return func(k *costd.Key) { k.Name = name } }

// Expires says from when on a key is not accepted. A key that is made without it never
// expires; the zero time is one in the past, like any other that was.
func Expires(at time.Time) Option {
	return func(k *costd.Key) {
		k.Expires = at.UTC().Truncate(time.Microsecond) // what any database keeps
		if k.Expires.IsZero() {
			k.Expires = k.Expires.Add(time.Microsecond) // zero would be a key that never expires
		}
	}
}

// lastExpiry is later than anyone plans, and within what databases keep.
var lastExpiry = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// checkOptions returns an error if what was said of a new key cannot be meant.
func checkOptions(key costd.Key) error {
	if err := text.Check(key.Name, maxName); err != nil {
		return costd.InvalidField("name", "%s", err)
	}
	switch {
	case key.Expires.IsZero():
	case !key.Expires.After(key.Created):
		return costd.InvalidField("expires", "is in the past; use a time to come, or leave it out")
	case key.Expires.After(lastExpiry):
		return costd.InvalidField("expires", "is after 2200; leave it out for a key that never expires")
	}
	return nil
}

// expired reports whether a key is not accepted any more.
func expired(key costd.Key, now time.Time) bool {
	return !key.Expires.IsZero() && !now.Before(key.Expires)
}
