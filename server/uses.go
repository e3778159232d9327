package server

import (
	"context"
	"sync"
	"time"
)

// usesInterval is how often the last uses of keys are saved, which costs a write. A
// server that is killed forgets at most as much; an operator asks for days.
const usesInterval = time.Hour

// A keeper saves the last uses of keys until it is stopped.
type keeper struct {
	end  context.CancelFunc
	done sync.WaitGroup
}

func (s *Server) startKeepingUses() *keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{end: cancel}
	ticker := time.NewTicker(usesInterval)
	k.done.Go(func() {
		defer ticker.Stop()
		s.keepUses(ctx, ticker.C)
	})
	return k
}

// stop waits for a save under way, as the store is closed next.
func (k *keeper) stop() {
	k.end()
	k.done.Wait()
}

// keepUses saves the last uses of keys at each tick until ctx is done.
func (s *Server) keepUses(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			s.saveUses(ctx)
		}
	}
}

// saveUses saves the last uses of keys. If it cannot, no caller notices, and they stay in
// memory until the next time.
func (s *Server) saveUses(ctx context.Context) {
	if err := s.access.SaveUses(ctx); err != nil {
		s.config.Logger.WarnContext(ctx, "the last uses of keys are not saved; they are tried again", "error", err)
	}
}
