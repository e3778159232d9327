package costd_test

import (
	"errors"
	"testing"

	"costd.dev/costd"
)

// An error that went through several hands says its message and its cause once.
func TestErrorsSayThingsOnce(t *testing.T) {
	cause := errors.New("no space left on device")
	load := func() (err error) {
		defer costd.Wrap(&err, "duckdb.Load")
		return &costd.Error{Code: costd.Unavailable, Message: "the file cannot be written", Err: cause}
	}
	report := func() (err error) {
		defer costd.Wrap(&err, "report.Totals")
		return load()
	}
	if got, want := report().Error(), "report.Totals: duckdb.Load: the file cannot be written: no space left on device"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	unknown := error(cause)
	costd.Wrap(&unknown, "duckdb.Stats")
	if got, want := unknown.Error(), "duckdb.Stats: internal error: no space left on device"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got := (&costd.Error{Code: costd.NotFound}).Error(); got != "not_found" {
		t.Errorf("without a message it says %q", got)
	}
	if got := (&costd.Error{Message: "failed: " + cause.Error(), Err: cause}).Error(); got != "failed: no space left on device" {
		t.Errorf("a message that has the cause: %q", got)
	}
}
