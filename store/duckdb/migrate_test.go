package duckdb_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"

	driver "github.com/duckdb/duckdb-go/v2"
)

// makeFirst makes a store of the first schema that holds the records, as the first
// costd would have written it.
func makeFirst(t *testing.T, folder string, records []costd.Record) {
	t.Helper()
	schema, err := os.ReadFile("migrations/0001_usage_and_catalog.sql")
	if err != nil {
		t.Fatal(err)
	}
	execute(t, folder, string(schema), "CREATE TABLE schema_version (version INTEGER NOT NULL)", "INSERT INTO schema_version VALUES (1)")
	connector, err := driver.NewConnector(filepath.Join(folder, duckdb.DatabaseFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := connector.Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	appender, err := driver.NewAppender(conn, "", "main", "usage")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		for _, p := range r.Parts {
			var size any
			if r.Size != nil {
				units, _ := r.Size.Scaled(9)
				size = driver.Decimal{Width: 29, Scale: 9, Value: units}
			}
			tags := ""
			if len(r.Tags) > 0 {
				text, _ := json.Marshal(r.Tags)
				tags = string(text)
			}
			a := r.Attributes
			units, grid := firstUnits(p.Quantity)
			if err := appender.AppendRow(r.ClientID, int32(costd.DayOf(r.Start)), int32(p.Day), r.ID, r.Start.UnixNano(), p.Start.UnixNano(), p.End.UnixNano(),
				units, grid, r.ProjectID, r.RegionID, string(r.Type), r.ResourceID, r.Metric, r.Flavor, r.Name, size,
				a.VolumeType, a.FileShareType, a.InstanceType, a.IPAddress, a.AttachedToVM, a.PortID, a.NetworkID, a.SubnetID, a.VMID, a.InstanceName,
				a.SourceVolumeUUID, a.ScheduleID, a.SizeUnit, tags); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := appender.Close(); err != nil {
		t.Fatal(err)
	}
}

// firstUnits returns a quantity on the grids of the first costd, which knew no seconds.
func firstUnits(q costd.Quantity) (units *big.Int, grid uint8) {
	if q.Grid == costd.GridSecond {
		return new(big.Int).Mul(q.Units, big.NewInt(1_000_000_000)), 0
	}
	return q.Units, uint8(q.Grid - 1)
}

// TestMigration opens a store of the first schema: everything in it is known, and
// goes on to be.
func TestMigration(t *testing.T) {
	records := slices.Concat(fleet(1, 40, 30), fleet(2, 3, 3))
	for i := range records {
		switch r := &records[i]; i % 5 {
		case 0:
			r.ID = ""
		case 1:
			r.Size, r.Attributes.IPAddress, r.Flavor = nil, "10.0.0.1", ""
		case 2: // a day longer, which is over midnight
			last := r.Parts[0]
			last.Day++
			last.Start, last.End = r.End, r.End.Add(24*time.Hour)
			r.End, r.Parts = last.End, append(r.Parts, last)
		case 3:
			r.Name, r.Tags = "a\x00'", map[string]string{"ä": `"`, "": "x"}
		case 4: // an hour and a little
			grid := costd.GridNano + costd.Grid(i/5%3)
			little := new(big.Int).Mul(grid.Denominator(), big.NewInt(60))
			r.Parts[0].Quantity = costd.Quantity{Units: little.Add(little, big.NewInt(1)), Grid: grid}
		}
	}
	folder := t.TempDir()
	makeFirst(t, folder, records)
	db := open(t, folder)
	wantHours := int64(40*30 + 40*30/5)
	if got := hours(t, db, 1); got != wantHours {
		t.Errorf("%d hours, want %d", got, wantHours)
	}
	wantAll := func(want costd.Outcome) {
		t.Helper()
		outcomes, err := db.Write(t.Context(), records)
		if err != nil {
			t.Fatal(err)
		}
		for i, outcome := range outcomes {
			if outcome != want {
				t.Fatalf("record %d, %+v: outcome %d, want %d", i, records[i], outcome, want)
			}
		}
	}
	wantAll(costd.Unchanged)
	for i := range records {
		records[i].Name += "!"
	}
	wantAll(costd.Replaced)
	if got := hours(t, db, 1); got != wantHours {
		t.Errorf("after a change %d hours, want %d", got, wantHours)
	}
}
