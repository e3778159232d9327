package server

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/embedded"
)

// A server that is never stopped saves the last uses at each tick.
func TestTicksSaveLastUses(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	store, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := New(Config{Usage: store, Catalog: store, Logger: logger})
	key, token, err := s.access.Create(t.Context(), costd.RoleOperator, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(ended)
		s.keepUses(ctx, ticks)
	}()
	ticks <- time.Now() // nothing to save
	if _, err := s.access.Authenticate(t.Context(), "APIKey "+token); err != nil {
		t.Fatal(err)
	}
	ticks <- time.Now()
	ticks <- time.Now() // taken once the tick before is served
	cancel()
	<-ended
	if key, err = store.Key(t.Context(), key.ID); err != nil || key.LastUsed.IsZero() {
		t.Errorf("after a tick the store has the last use %s, %v", key.LastUsed, err)
	}
}
