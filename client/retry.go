package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// A connectionError says that the server was not reached, or not heard to the end.
type connectionError struct{ error }

func (e *connectionError) Unwrap() error        { return e.error }
func (e *connectionError) Is(target error) bool { return target == ErrConnection }

// repeat makes attempts at a call until one succeeds, fails for good, or enough
// have failed.
func repeat[T any](ctx context.Context, c *Client, call call, attempt func() (T, error)) (T, error) {
	for retries := 0; ; retries++ {
		answer, err := attempt()
		if err == nil || call.once || retries >= c.maxRetries || ctx.Err() != nil || !temporary(err) {
			return answer, err
		}
		wait, patient := c.wait(retries, err)
		if !patient {
			return answer, err
		}
		if ended := sleep(ctx, wait); ended != nil {
			return answer, fmt.Errorf("%w while waiting to try again after: %w", ended, err)
		}
	}
}

// temporary reports whether the same call may succeed later. The statuses are
// those that the official clients of the reports repeat.
func temporary(err error) bool {
	if _, ok := errors.AsType[*connectionError](err); ok {
		return true
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.StatusCode {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return true
	}
	return e.StatusCode >= http.StatusInternalServerError
}

// wait returns how long to wait before the next attempt: what the server asked
// for, else twice as long each time, less up to a half so that callers spread out.
// It is false if the server asks for more than the caller is ready to wait.
func (c *Client) wait(retries int, err error) (d time.Duration, patient bool) {
	if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter != nil {
		return *e.RetryAfter, *e.RetryAfter <= c.longestWait
	}
	d = min(c.retryWait, c.longestWait)
	for range retries {
		d = min(2*d, c.longestWait)
	}
	if d <= 0 {
		return 0, true
	}
	return d - rand.N(d/2+1), true
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter reads a Retry-After header, in seconds or as a date; nil if there is
// none that can be read.
func retryAfter(header http.Header) *time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return new(time.Duration(seconds) * time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return new(max(time.Until(at), 0))
	}
	return nil
}
