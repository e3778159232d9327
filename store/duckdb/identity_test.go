package duckdb_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/big"
	"sync"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/store/embedded"
)

// A failureLog is a log of warnings and errors.
type failureLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *failureLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *failureLog) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.text.Bytes(), []byte(text))
}

// openLogged opens a store without aggregates that moves its write-ahead log after every
// write. After the test nothing may have gone wrong in it.
func openLogged(t *testing.T) *embedded.Store {
	t.Helper()
	failures := &failureLog{}
	logger := slog.New(slog.NewTextHandler(failures, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), CacheBytes: -1, CheckpointBytes: 1, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if n := bytes.Count(failures.text.Bytes(), []byte("\n")); n > 0 {
			t.Errorf("%d failures were logged: %.500s", n, &failures.text)
		}
	})
	return db
}

// TestRowsKeepTheirIdentity reads pages from the database while corrections and
// checkpoints renumber the stored rows. Every row must have the name, the tags and the
// quantity of its own resource: a page once showed one resource's identity on another's
// usage. No checkpoint may be refused because of the reads.
func TestRowsKeepTheirIdentity(t *testing.T) {
	const resources, hours = 400, 6
	db := openLogged(t)
	write := func(round int) {
		records := fleet(1, resources, hours)
		for i := range records {
			records[i].Parts[0].Quantity.Units = big.NewInt(int64(1 + i%resources)) // seconds
			records[i].Name = "name of " + records[i].ResourceID
			records[i].Tags = map[string]string{"of": records[i].ResourceID, "round": fmt.Sprint(round)}
		}
		if _, err := db.Write(t.Context(), records); err != nil {
			t.Error(err)
		}
	}
	write(0)
	var writer sync.WaitGroup
	done := make(chan struct{})
	defer func() {
		close(done)
		writer.Wait()
	}()
	writer.Go(func() {
		for round := 1; ; round++ {
			select {
			case <-done:
				return
			default:
				write(round)
			}
		}
	})
	for range 40 {
		count, rows, err := db.Resources(t.Context(), costd.Query{ClientID: 1, Period: manyMonths}, costd.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range rows {
			if err != nil {
				t.Fatal(err)
			}
			if count--; row.Name != "name of "+row.ResourceID || row.Tags["of"] != row.ResourceID {
				t.Fatalf("resource %s is shown with the name %q and the tags %v", row.ResourceID, row.Name, row.Tags)
			}
			var number int64
			if _, err := fmt.Sscanf(row.ResourceID, "c0ffee00-0000-4000-8000-%d", &number); err != nil {
				t.Fatal(err)
			}
			if want := decimal.Fraction(hours*(1+number), 60); len(row.Days) != 1 || !row.Days[0].Used.Equal(want) {
				t.Fatalf("resource %s is shown with the days %v, want one of %v", row.ResourceID, row.Days, want)
			}
		}
		if count != 0 {
			t.Fatalf("%d rows fewer than counted", count)
		}
	}
}

// TestSlowReaderHoldsNobodyUp stops in the middle of a long answer while the store is
// written to: the log is moved into the database all the same, and the rest of the
// answer is as of its beginning.
func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	const resources = 2500
	db := openLogged(t)
	write := func(hours int) {
		t.Helper()
		if _, err := db.Write(t.Context(), fleet(1, resources, hours)); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	count, rows, err := db.Resources(t.Context(), costd.Query{ClientID: 1, Period: manyMonths}, costd.Page{})
	if err != nil || count != resources {
		t.Fatal(count, err)
	}
	seen := 0
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		if want := decimal.Fraction(60, 1); len(row.Days) != 1 || !row.Days[0].Used.Equal(want) {
			t.Fatalf("row %d is shown with the days %v, want %v", seen, row.Days, want)
		}
		if seen++; seen%1000 == 10 {
			write(1 + seen/500)
		}
	}
	if seen != resources {
		t.Errorf("%d rows, want %d", seen, resources)
	}
}
