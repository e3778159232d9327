package duckdb_test

import (
	"fmt"
	"sync"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
)

// TestRowsKeepTheirIdentity reads pages from the database while corrections and
// checkpoints renumber the stored rows. Every row must have the name and the tags of its
// own resource: a page once showed one resource's identity on another's usage.
func TestRowsKeepTheirIdentity(t *testing.T) {
	db, err := duckdb.Open(t.Context(), duckdb.Options{Path: t.TempDir(), CacheBytes: -1, CheckpointBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	write := func(round int) {
		records := fleet(1, 400, 6)
		for i := range records {
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
		count, rows, err := db.Resources(t.Context(), costd.Query{ClientID: 1, Period: twoMonths}, costd.Page{})
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
		}
		if count != 0 {
			t.Fatalf("%d rows fewer than counted", count)
		}
	}
}
