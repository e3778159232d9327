package costd

import (
	"context"
	"time"
)

// An Actor is who makes a change, for the history of the catalog and the audit log.
type Actor struct {
	// Name is the id of the key, or what a change without one is made by, such as
	// ActorLocal.
	Name      string `json:"actor"`
	RequestID string `json:"request_id,omitempty"` // "" if no request asked for the change
}

// What changes are made by without a key. No id of a key has a bracket.
const (
	ActorServer = "(server)" // the server itself, when it starts
	ActorLocal  = "(local)"  // who works on the folder of a stopped server
)

type actorKey struct{}

// WithActor returns a context in which changes are made by the actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns who makes changes in the context: by default ActorLocal.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Name: ActorLocal}
}

// A Version is one version of the catalog: what makes it of the one before, when that
// was applied and by whom. One without changes begins the history of a catalog that is
// older than its history, or is the empty catalog.
type Version struct {
	Number int64     `json:"version"`
	Time   time.Time `json:"time"` // UTC; not before that of an earlier version
	Actor
	Changes Changes `json:"changes"`
}

// A History knows the past of a catalog: each of its versions since the catalog, or the
// keeping of its history, began. It is kept with the catalog, in the same transaction.
//
// Errors are as those of a Catalog.
type History interface {
	// EntriesAt returns the entries that the catalog had at a version, each list ordered
	// by its key, or NotFound for one that is not yet or not any more known. The lists may
	// be shared: callers must not change them.
	EntriesAt(ctx context.Context, version int64) (Entries, error)
	// VersionAt returns the version that the catalog had at an instant, or NotFound for
	// one before its history began.
	VersionAt(ctx context.Context, at time.Time) (int64, error)
	// Versions returns the versions after since in their order: as many whole ones as
	// have that many changed entries together, but one at least, if there is one.
	Versions(ctx context.Context, since int64, entries int) ([]Version, error)
}
