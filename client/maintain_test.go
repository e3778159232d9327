package client_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

func TestBackup(t *testing.T) {
	c := client.New(site(t).url, "operator")
	var copied bytes.Buffer
	n, err := c.Backup(t.Context(), &copied)
	if err != nil || n != int64(copied.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, copied.Len(), err)
	}
	folder := filepath.Join(t.TempDir(), "restored")
	if err := duckdb.Restore(t.Context(), &copied, folder); err != nil {
		t.Fatal(err)
	}
	db, err := embedded.Open(t.Context(), embedded.Options{Path: folder, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lines, err := db.Lines(t.Context(), costd.Query{ClientID: 1001, Period: october.Period()})
	if err != nil || len(lines) < len(costd.Types) {
		t.Errorf("the copy has %d lines of the fleet, %v", len(lines), err)
	}
	if _, err := client.New(site(t).url, fleetKey).Backup(t.Context(), &copied); !errors.Is(err, client.ErrForbidden) {
		t.Errorf("a backup by an administrator: %v", err)
	}
}

// TestBrokenOff has the server go away amid its answers.
func TestBrokenOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"finding": {"kind": "overlap", "day": "2026-10-01", "message": "m"}}` + "\n"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	c := client.New(server.URL, "key", client.WithMaxRetries(0))
	if _, err := c.Backup(t.Context(), new(bytes.Buffer)); err == nil {
		t.Error("half a backup counts as one")
	}
	found := 0
	if _, err := c.Check(t.Context(), nil, func(costd.Finding) error { found++; return nil }); err == nil || found != 1 {
		t.Errorf("a check that broke off after %d findings: %v", found, err)
	}
}

func TestCheck(t *testing.T) {
	c := client.New(site(t).url, "operator")
	checked, err := c.Check(t.Context(), []costd.FindingKind{costd.FindingRollup}, func(f costd.Finding) error {
		t.Errorf("%+v", f)
		return nil
	})
	if err != nil || checked.Records < 50 || checked.Findings != 0 {
		t.Errorf("%+v, %v", checked, err)
	}
	kinds := map[costd.FindingKind]int64{}
	checked, err = c.Check(t.Context(), nil, func(f costd.Finding) error {
		kinds[f.Kind]++
		return nil
	})
	sum := int64(0)
	for _, n := range kinds {
		sum += n
	}
	if err != nil || checked.Months < 3 || kinds[costd.FindingRollup] != 0 || checked.Findings != sum {
		t.Errorf("%+v with %v, %v", checked, kinds, err)
	}
	enough := errors.New("enough")
	_, err = c.Check(t.Context(), nil, func(costd.Finding) error { return enough })
	if checked.Findings > 0 && !errors.Is(err, enough) {
		t.Errorf("a check that its caller ends: %v", err)
	}
	if _, err := c.Check(t.Context(), []costd.FindingKind{"ghosts"}, nil); !errors.Is(err, client.ErrInvalid) {
		t.Errorf("a kind that is none: %v", err)
	}
}
