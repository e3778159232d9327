package duckdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// audit returns the findings of the store as texts.
func audit(t *testing.T, db *embedded.Store) (findings []string, audited costd.Audited) {
	t.Helper()
	audited, err := db.Audit(t.Context(), func(f costd.Finding) error {
		findings = append(findings, fmt.Sprintf("%s %d %s %s %s: %s", f.Kind, f.ClientID, f.Day, f.ResourceID, f.Metric, f.Message))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings, audited
}

// rollUp makes all roll-ups and wants so many to be made.
func rollUp(t *testing.T, db *embedded.Store, want int) {
	t.Helper()
	if made, err := db.RollUp(t.Context(), 0); made != want || err != nil {
		t.Fatalf("RollUp: %d, %v; want %d", made, err, want)
	}
}

// TestRollUpAgain rolls up what changed, and nothing else.
func TestRollUpAgain(t *testing.T) {
	folder := t.TempDir()
	db := open(t, folder)
	records := append(fleet(1, 10, 48), fleet(2, 10, 24)...)
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	if made, err := db.RollUp(t.Context(), time.Hour); made != 0 || err != nil {
		t.Errorf("RollUp of what is not quiet: %d, %v", made, err)
	}
	rollUp(t, db, 3)
	rollUp(t, db, 0)
	for round := range 2 {
		changed := records[0]
		changed.Name = fmt.Sprint("changed ", round)
		if _, err := db.Write(t.Context(), []costd.Record{changed, records[1]}); err != nil {
			t.Fatal(err)
		}
		for from, want := range map[string]int{"client_day WHERE NOT rolled": 1, "rollup": 30 + round} {
			if got, err := duckdb.Count(t.Context(), db.DB, from); got != want || err != nil {
				t.Errorf("after a change: %d rows of %s, %v; want %d", got, from, err, want)
			}
		}
		rollUp(t, db, 1)
		if findings, audited := audit(t, db); len(findings) > 0 || audited != (costd.Audited{Records: 720, Rollups: 31}) {
			t.Errorf("audit: %q, %+v", findings, audited)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open(t, folder)
	}
	deletion := records[0]
	deletion.Deleted, deletion.Parts = true, nil
	if outcomes, err := db.Write(t.Context(), []costd.Record{deletion}); err != nil || outcomes[0] != costd.Deleted {
		t.Fatal(outcomes, err)
	}
	rollUp(t, db, 1)
	if findings, _ := audit(t, db); len(findings) > 0 {
		t.Errorf("audit: %q", findings)
	}
	if got := hours(t, db, 1); got != 479 {
		t.Errorf("%d hours, want 479", got)
	}
}

// TestAuditFinds alters a store behind its back, in every table.
func TestAuditFinds(t *testing.T) {
	for name, tt := range map[string]struct{ statement, want string }{
		"a sum":            {"UPDATE rollup SET lower_half = lower_half + 1 WHERE rowid = 0", "units on grid 0, records say"},
		"what was last":    {"UPDATE rollup SET id = 'x' WHERE rowid = 0", "seen first or last"},
		"a row less":       {"DELETE FROM rollup WHERE rowid = 0", "lacks what records say"},
		"a row more":       {"INSERT INTO rollup SELECT * REPLACE (state + 1000 AS state) FROM rollup WHERE rowid = 0", "what no record says"},
		"a row twice":      {"INSERT INTO rollup SELECT * REPLACE (id || 'x' AS id) FROM rollup WHERE rowid = 0", "seen first or last"},
		"a lost part":      {"DELETE FROM part WHERE rowid = 0", "records say"},
		"a lost state":     {"DELETE FROM state WHERE rowid = 0", "which is not there"},
		"a lost resource":  {"DELETE FROM resource WHERE rowid = 0", "which is not there"},
		"a lost day":       {"DELETE FROM client_day WHERE rowid = 0", "the day is missing"},
		"a day that is 2":  {"INSERT INTO client_day SELECT * FROM client_day WHERE rowid = 0", "stands twice"},
		"an unrolled part": {"UPDATE part SET units = units + 1 WHERE rowid = 0", "records say"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			db := open(t, folder)
			if _, err := db.Write(t.Context(), fleet(7, 4, 30)); err != nil {
				t.Fatal(err)
			}
			rollUp(t, db, 2)
			if findings, audited := audit(t, db); len(findings) > 0 || audited != (costd.Audited{Records: 120, Rollups: 8}) {
				t.Fatalf("before: %q, %+v", findings, audited)
			}
			db.Close()
			execute(t, folder, tt.statement)
			findings, _ := audit(t, open(t, folder))
			if len(findings) == 0 || !strings.Contains(strings.Join(findings, "\n"), tt.want) || !strings.HasPrefix(findings[0], "rollup 7 2026-10-0") {
				t.Errorf("findings %q, want one that says %q", findings, tt.want)
			}
		})
	}
}

// TestAuditOfManyClients alters one roll-up of 400 clients. They are looked at together, or
// few at a time, or month by month: what is found is the same.
func TestAuditOfManyClients(t *testing.T) {
	folder := t.TempDir()
	db := open(t, folder)
	var records []costd.Record
	for client := range int64(400) {
		records = append(records, fleet(client+1, 1, 2)...)
	}
	records = append(records, overMonthEnd(0, 3)...) // of client 1
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	rollUp(t, db, 401)
	db.Close()
	execute(t, folder, "UPDATE rollup SET lower_half = lower_half + 1 WHERE client_id = 250")
	db = open(t, folder)
	for parts, batches := range map[int64]int{1 << 20: 1, 100: 9, 1: 401} {
		duckdb.LimitAudit(db.DB, parts)
		findings, audited := audit(t, db)
		if len(findings) != 1 || !strings.HasPrefix(findings[0], "rollup 250 2026-10-01") || audited != (costd.Audited{Records: 803, Rollups: 406}) {
			t.Errorf("%d parts at a time: %q, %+v", parts, findings, audited)
		}
		if n, err := duckdb.AuditBatches(t.Context(), db.DB); n != batches || err != nil {
			t.Errorf("%d parts at a time are looked at in %d batches, %v; want %d", parts, n, err, batches)
		}
	}
}

// TestAuditOverlaps finds overlapping records of one resource and metric, once each.
func TestAuditOverlaps(t *testing.T) {
	db := open(t, t.TempDir())
	begin := costd.NewDay(2026, time.October, 30).Time()
	record := func(id, metric string, from, to int) costd.Record {
		r := fleet(1, 1, 1)[0]
		r.ID, r.Metric, r.Start, r.End = id, metric, begin.Add(time.Duration(from)*time.Hour), begin.Add(time.Duration(to)*time.Hour)
		quantity := r.Parts[0].Quantity
		r.Parts = nil
		for start := r.Start; start.Before(r.End); {
			end := min(costd.DayOf(start).Time().Add(24*time.Hour).Unix(), r.End.Unix())
			r.Parts = append(r.Parts, costd.Part{Day: costd.DayOf(start), Start: start, End: time.Unix(end, 0), Quantity: quantity})
			start = time.Unix(end, 0)
		}
		return r
	}
	if _, err := db.Write(t.Context(), []costd.Record{
		record("a", "m", 0, 60), record("b", "m", 60, 61), record("other metric", "n", 0, 60), // no two of these overlap
		record("c", "m", 50, 52), record("d", "m", 51, 60), record("", "m", 5, 6),
	}); err != nil {
		t.Fatal(err)
	}
	findings, audited := audit(t, db)
	want := []string{"from 2026-10-30 05:00:00 overlaps the record a", "record c overlaps the record a", "record d overlaps the record a"}
	if len(findings) != len(want) || audited.Records != 6 {
		t.Fatalf("findings %q, %+v", findings, audited)
	}
	for i := range want {
		if !strings.Contains(findings[i], want[i]) || !strings.HasPrefix(findings[i], "overlap 1 2026-1") {
			t.Errorf("finding %q does not say %q", findings[i], want[i])
		}
	}
	stop := errors.New("stop")
	if _, err := db.Audit(t.Context(), func(costd.Finding) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an audit that was stopped: %v", err)
	}
	months, err := db.Months(t.Context())
	october := costd.NewMonth(2026, time.October)
	if wantMonths := []costd.ClientMonth{{ClientID: 1, Month: october}, {ClientID: 1, Month: october + 1}}; err != nil || !reflect.DeepEqual(months, wantMonths) {
		t.Errorf("months %v, %v; want %v", months, err, wantMonths)
	}
}

// TestBackup takes a backup while there are readers and writers, and restores it.
func TestBackup(t *testing.T) {
	folder := t.TempDir()
	db := open(t, folder)
	if _, err := db.Write(t.Context(), fleet(1, 100, 24)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(t.Context(), 0, costd.Entries{Clients: []costd.Client{{ID: 1, Name: "Acme", Currency: "EUR"}}}); err != nil {
		t.Fatal(err)
	}
	long, rows, err := db.Resources(t.Context(), costd.Query{ClientID: 1, Period: costd.Period{From: october.From - 31, To: october.To}}, costd.Page{})
	if err != nil || long != 100 {
		t.Fatal(long, err)
	}
	var backup bytes.Buffer
	w := writerFunc(func(p []byte) (int, error) {
		// Writes go on while the backup is sent, and are not in it.
		if _, err := db.Write(t.Context(), fleet(2, 1, 1)); err != nil {
			t.Error(err)
		}
		return backup.Write(p)
	})
	if err := db.Backup(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	for _, err := range rows {
		if err != nil {
			t.Error(err)
		}
	}
	wantNoCopies(t, folder)
	copied := filepath.Join(t.TempDir(), "new", "folder")
	if err := duckdb.Restore(t.Context(), bytes.NewReader(backup.Bytes()), copied); err != nil {
		t.Fatal(err)
	}
	restored := open(t, copied)
	if one, two := hours(t, restored, 1), hours(t, restored, 2); one != 2400 || two != 0 {
		t.Errorf("restored %d and %d hours, want 2400 and 0", one, two)
	}
	if entries, version, err := restored.Entries(t.Context()); err != nil || version != 1 || len(entries.Clients) != 1 {
		t.Errorf("restored %+v, version %d, %v", entries, version, err)
	}
	files, _ := os.ReadDir(copied)
	for _, file := range files {
		if strings.Contains(file.Name(), "restore") {
			t.Errorf("%s is left", file.Name())
		}
	}
	for what, target := range map[string]string{"a folder in use": folder, "a folder with a store": closedStore(t)} {
		if err := duckdb.Restore(t.Context(), bytes.NewReader(backup.Bytes()), target); err == nil || !strings.Contains(err.Error(), target) {
			t.Errorf("restoring to %s: %v", what, err)
		}
	}
	wantRefused(t, backup.Bytes())
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func closedStore(t *testing.T) string {
	folder := t.TempDir()
	if err := open(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func wantNoCopies(t *testing.T, folder string) {
	t.Helper()
	if copies, _ := filepath.Glob(filepath.Join(folder, "backup*")); len(copies) > 0 {
		t.Errorf("%q are left", copies)
	}
}

// wantEmpty expects that a failed restore left nothing in the folder, neither a store nor
// a lock.
func wantEmpty(t *testing.T, what, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("%s left %v, %v", what, left, err)
	}
}

// wantRefused cuts a backup short and alters it, everywhere: Restore must refuse it
// and leave nothing.
func wantRefused(t *testing.T, backup []byte) {
	t.Helper()
	folder := t.TempDir()
	refused := func(what string, bad []byte) {
		t.Helper()
		if err := duckdb.Restore(t.Context(), bytes.NewReader(bad), folder); costd.ErrorCode(err) != costd.Invalid {
			t.Errorf("%s: %v, want Invalid", what, err)
		}
		wantEmpty(t, what, folder)
		missing := filepath.Join(folder, "not", "yet")
		if err := duckdb.Restore(t.Context(), bytes.NewReader(bad), missing); costd.ErrorCode(err) != costd.Invalid {
			t.Errorf("%s, into a folder that is missing: %v, want Invalid", what, err)
		}
		wantEmpty(t, what, folder)
	}
	for _, n := range []int{0, 10, 40, 45, 100, len(backup) / 2, len(backup) - 32, len(backup) - 1} {
		refused(fmt.Sprintf("the first %d bytes", n), backup[:n])
	}
	for _, n := range []int{0, 42, 50, len(backup) / 2, len(backup) - 33, len(backup) - 1} {
		bad := bytes.Clone(backup)
		bad[n] ^= 1
		refused(fmt.Sprintf("with byte %d altered", n), bad)
	}
}

// TestBackupFails ends backups early: the error comes out and nothing is left.
func TestBackupFails(t *testing.T) {
	folder := t.TempDir()
	db := open(t, folder)
	if _, err := db.Write(t.Context(), fleet(1, 100, 24)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken pipe")
	if err := db.Backup(t.Context(), writerFunc(func([]byte) (int, error) { return 0, broken })); !errors.Is(err, broken) {
		t.Errorf("a backup that nobody takes: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Backup(ctx, writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
	if costd.ErrorCode(err) != costd.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled backup: %v", err)
	}
	wantNoCopies(t, folder)
	if err := os.WriteFile(filepath.Join(folder, "backup-1.tmp"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), &bytes.Buffer{}); costd.ErrorCode(err) != costd.Unavailable {
		t.Errorf("a backup of a closed store: %v", err)
	}
	open(t, folder)
	wantNoCopies(t, folder)
}

// TestStats wants figures that follow what is stored, read and rolled up.
func TestStats(t *testing.T) {
	db := open(t, t.TempDir())
	stats := func() costd.StoreStats {
		t.Helper()
		s, err := db.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := stats(); s.Parts != 0 || s.DiskBytes == 0 || s.AggregateBytes != 0 || s.Refreshes != 0 {
		t.Errorf("of a new store: %+v", s)
	}
	if _, err := db.Write(t.Context(), fleet(1, 10, 30)); err != nil {
		t.Fatal(err)
	}
	hours(t, db, 1)
	rollUp(t, db, 2)
	if s := stats(); s.Parts != 300 || s.AggregateBytes < 10_000 || s.Refreshes != 31+2 {
		t.Errorf("after a write, a report and a roll-up: %+v", s)
	}
}
