package importer

import (
	"bytes"
	"context"
	"reflect"
	"strconv"
	"testing"

	"costd.dev/costd"
)

// TestRunSumsWarnings sends many requests on two ways, whose answers each warn of the
// records that are multiples of a number. Each kind is told once, with the first row.
func TestRunSumsWarnings(t *testing.T) {
	const n = 1000
	warn := func(kind costd.WarningKind, multiple int, body []byte) (list []costd.Warning) {
		for i, line := range bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n")) {
			if v, err := strconv.Atoi(string(line)); err != nil || v%multiple == 0 {
				list = costd.AddWarning(list, costd.Warning{Kind: kind, Count: 1, Example: costd.Example{Index: i, ID: string(line)}, Message: "of " + string(line)})
			}
		}
		return list
	}
	var got []Warning
	im := Importer{
		BatchSize: 10,
		Send: func(_ context.Context, body []byte) (costd.IngestResult, error) {
			return costd.IngestResult{Warnings: append(warn("hundreds", 100, body), warn("tens", 10, body)...)}, nil
		},
		Warn: func(w Warning) { got = append(got, w) },
	}
	_, err := im.Run(t.Context(), func(yield func(Row, error) bool) {
		for i := 1; i <= n && yield(Row{File: "f", Number: int64(i + 1), JSON: []byte(strconv.Itoa(i)), Key: uint64(i / 3)}, nil); i++ {
		}
	})
	want := []Warning{{"tens", 100, "f", 11, "10", "of 10"}, {"hundreds", 10, "f", 101, "100", "of 100"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
}

// TestRunRefusesStrangeWarnings has a server that names a record it was not sent.
func TestRunRefusesStrangeWarnings(t *testing.T) {
	im := Importer{Send: func(context.Context, []byte) (costd.IngestResult, error) {
		return costd.IngestResult{Warnings: []costd.Warning{{Kind: "k", Count: 1, Example: costd.Example{Index: 7}}}}, nil
	}}
	if _, err := im.Run(t.Context(), rowsOf(7, nil)); costd.ErrorCode(err) != costd.Internal {
		t.Error(err)
	}
}

// TestRunTellsTheFirstWarningOfTwoWays has both requests of a batch warn of their only
// record. The record told is the first of the file, whichever way it went.
func TestRunTellsTheFirstWarningOfTwoWays(t *testing.T) {
	for _, first := range []uint64{0, 1} {
		var got []Warning
		im := Importer{
			Send: func(_ context.Context, body []byte) (costd.IngestResult, error) {
				return costd.IngestResult{Warnings: []costd.Warning{{Kind: "k", Count: 1, Message: string(bytes.TrimSpace(body))}}}, nil
			},
			Warn: func(w Warning) { got = append(got, w) },
		}
		_, err := im.Run(t.Context(), func(yield func(Row, error) bool) {
			_ = yield(Row{File: "f", Number: 2, JSON: []byte("first"), Key: first}, nil) &&
				yield(Row{File: "f", Number: 3, JSON: []byte("second"), Key: 1 - first}, nil)
		})
		want := []Warning{{Kind: "k", Count: 2, File: "f", Number: 2, Message: "first"}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
		}
	}
}

// TestRunBoundsRequestsByBytes sends large records: a request ends with the one that fills
// it, however few they are.
func TestRunBoundsRequestsByBytes(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 1<<20)
	sizes := []int{}
	im := Importer{Send: func(_ context.Context, body []byte) (costd.IngestResult, error) {
		sizes = append(sizes, len(body))
		return costd.IngestResult{Accepted: bytes.Count(body, []byte("\n"))}, nil
	}}
	sum, err := im.Run(t.Context(), func(yield func(Row, error) bool) {
		for i := 1; i <= 30 && yield(Row{File: "f", Number: int64(i), JSON: large}, nil); i++ {
		}
	})
	if err != nil || sum.Accepted != 30 || len(sizes) != 3 {
		t.Errorf("%+v, %v, %d requests; want 30 records in 3 requests", sum, err, len(sizes))
	}
	for _, size := range sizes {
		if size > maxBatchBytes+len(large) {
			t.Errorf("a request of %d bytes", size)
		}
	}
}
