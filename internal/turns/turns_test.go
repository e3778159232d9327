package turns_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"costd.dev/costd/internal/turns"
)

// at begins to take a turn and says whether it was got, by a channel that has what gives
// it back.
func at(ctx context.Context, all *turns.Turns, owner string) (got chan func(), failed chan error) {
	got, failed = make(chan func(), 1), make(chan error, 1)
	go func() {
		done, err := all.Take(ctx, owner)
		if err != nil {
			failed <- err
			return
		}
		got <- done
	}()
	synctest.Wait()
	return got, failed
}

// One owner with much work leaves turns to others, who wait behind none of it.
func TestAnOwnerLeavesTurnsToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(3, 2, 10)
		var greedy []chan func()
		for range 8 {
			got, _ := at(t.Context(), all, "greedy")
			greedy = append(greedy, got)
		}
		if len(greedy[0]) != 1 || len(greedy[1]) != 1 || len(greedy[2]) != 0 {
			t.Error("the greedy owner has not just its two turns")
		}
		other, _ := at(t.Context(), all, "other")
		if len(other) != 1 {
			t.Fatal("another owner waits")
		}
		(<-greedy[0])()
		synctest.Wait()
		if len(greedy[2]) != 1 || len(greedy[3]) != 0 {
			t.Error("a turn that is given back is not that of the first who waits")
		}
		(<-other)()
		for _, got := range greedy[1:] {
			(<-got)()
		}
	})
}

func TestTakeSaysWhatItWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(2, 1, 1)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		one, _ := at(ended, all, "one")
		if len(one) != 1 {
			t.Fatal("a free turn is not taken when the context has ended")
		}
		impatient, leave := context.WithCancel(t.Context())
		defer leave()
		_, waits := at(impatient, all, "one")
		if _, failed := at(t.Context(), all, "one"); !errors.Is(<-failed, turns.ErrOwner) {
			t.Error("one more than may wait is not refused for its owner")
		}
		two, _ := at(t.Context(), all, "two")
		if _, failed := at(ended, all, "three"); !errors.Is(<-failed, turns.ErrAll) {
			t.Error("no turn is left, and the error does not say so")
		}
		leave()
		if !errors.Is(<-waits, turns.ErrOwner) {
			t.Error("who waits for its owner's turn is told something else")
		}
		(<-two)()
		(<-one)()
		again, _ := at(ended, all, "one")
		if len(again) != 1 {
			t.Fatal("a turn was lost")
		}
		(<-again)()
	})
}
