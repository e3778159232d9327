package importer

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// parquet writes the result of a query to a Parquet file and returns its path.
func parquet(t *testing.T, query string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usage.parquet")
	e, err := openEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	if err := e.exec("COPY (" + query + ") TO " + quoteText(path)); err != nil {
		t.Fatal(err)
	}
	return path
}

// columns selects the columns that every record needs.
const columns = `1001 AS client_id, 501 AS project_id, 76 AS region_id, 'volume' AS type, 'v-1' AS resource_id, 'volume_gbm' AS metric,
	TIMESTAMP '2026-10-01' AS "start", TIMESTAMP '2026-10-02' AS "end"`

func TestParquet(t *testing.T) {
	path := parquet(t, `SELECT `+columns+`, 12345678901234567890.123456789::DECIMAL(38,9) AS quantity,
		170141183460469231731687303715884105727::VARCHAR AS count, MAP {'team': 'a'} AS tags, {'volume_type': 'ssd', 'port_id': NULL} AS attributes, true AS deleted
		UNION ALL SELECT `+columns+`, NULL, '', NULL, NULL, NULL`)
	in, err := Files(path)
	got, err := show(t, in, err)
	equal(t, got, err,
		`1: {`+fields+`,"quantity":12345678901234567890.123456789,"count":170141183460469231731687303715884105727,"tags":{"team":"a"},"attributes":{"volume_type":"ssd"},"deleted":true}`,
		`2: {`+fields+`}`)
	if read, total := in.Progress(); read != total || total == 0 {
		t.Errorf("progress %d of %d at the end", read, total)
	}
}

func TestQueryTypes(t *testing.T) {
	for _, tt := range []struct{ column, want string }{
		{`170141183460469231731687303715884105727::HUGEINT AS quantity`, `,"quantity":170141183460469231731687303715884105727`},
		{`1::BIGINT * 810 * 0.001 AS count`, `,"count":0.810`},
		{`'0.1' AS quantity`, `,"quantity":0.1`},
		{`'08154711-0000-0000-0000-000000000000'::UUID AS id`, `,"id":"08154711-0000-0000-0000-000000000000"`},
		{`'FLOAT'::ENUM('FLOAT', 'x') AS name`, `,"name":"FLOAT"`},
		{`NULL AS name`, ``},
		{`'{"a": 1.10}'::JSON AS tags`, `,"tags":{"a":"1.10"}`},
		{`{'a': 12345678901234567890.123456789::DECIMAL(38,9), 'b': 9223372036854775809::HUGEINT} AS tags`, `,"tags":{"a":"12345678901234567890.123456789","b":"9223372036854775809"}`},
		{`{'a': 1.10::DECIMAL(9,2), 'b': NULL} AS tags`, `,"tags":{"a":"1.1"}`},
		{`MAP {'a': 1} AS tags`, `,"tags":{"a":"1"}`},
		{`'x' AS "tags.A b", 'ssd' AS volume_type`, `,"attributes":{"volume_type":"ssd"},"tags":{"A b":"x"}`},
		{`false AS deleted`, `,"deleted":false`},
	} {
		in, err := Query("SELECT " + columns + ", " + tt.column)
		got, err := show(t, in, err)
		equal(t, got, err, `1: {`+fields+tt.want+`}`)
	}
}

func TestQueryTimes(t *testing.T) {
	const rest = `1001 AS client_id, 501 AS project_id, 76 AS region_id, 'volume' AS type, 'v-1' AS resource_id, 'volume_gbm' AS metric`
	for _, tt := range []struct{ sql, want string }{
		{`DATE '2026-10-01'`, "2026-10-01T00:00:00Z"},
		{`TIMESTAMP '2026-10-01 10:00:00.5'`, "2026-10-01T10:00:00.5Z"},
		{`TIMESTAMP_NS '2026-10-01 10:00:00.123456789'`, "2026-10-01T10:00:00.123456789Z"},
		{`TIMESTAMP_MS '2026-10-01 10:00:00.123'`, "2026-10-01T10:00:00.123Z"},
		{`TIMESTAMP_S '2026-10-01 10:00:00'`, "2026-10-01T10:00:00Z"},
		{`TIMESTAMPTZ '2026-10-01 10:00:00+02:00'`, "2026-10-01T08:00:00Z"},
		{`to_timestamp(1700000000)`, "2023-11-14T22:13:20Z"},
		{`'2026-10-01T10:00:00+02:00'`, "2026-10-01T10:00:00+02:00"},
	} {
		in, err := Query("SELECT " + rest + ", " + tt.sql + ` AS "start", ` + tt.sql + ` AS "end"`)
		got, err := show(t, in, err)
		if err != nil || !strings.HasSuffix(got[0], `"start":"`+tt.want+`","end":"`+tt.want+`"}`) {
			t.Errorf("%s: %v %v, want %s", tt.sql, got, err, tt.want)
		}
	}
}

func TestQueryRefusals(t *testing.T) {
	for _, tt := range []struct{ sql, want string }{
		{"SELECT " + columns + ", 1 / 2 AS quantity", `column "quantity" is DOUBLE, which does not hold decimal numbers exactly; write CAST(quantity AS DECIMAL(38, 9))`},
		{"SELECT " + columns + ", 1::FLOAT AS size", `column "size" is FLOAT`},
		{"SELECT " + columns + ", {'a': 1::DOUBLE} AS tags", `column "tags" is STRUCT(a DOUBLE)`},
		{"SELECT " + columns + ", ['a'] AS name", `column "name" is VARCHAR[]`},
		{"SELECT " + columns + ", 1 AS price", `unknown column "price"`},
		{"SELECT 1 AS client_id", `missing column "project_id"`},
		{"SELECT 1; SELECT 2", "holds 2 statements; write one SELECT"},
		{"DROP TABLE x", "syntax error"},
		{"SELECT * FROM input", "input"},
		{"SELECT " + columns + ", error('boom') AS name", "boom"},
	} {
		in, err := Query(tt.sql)
		_, err = show(t, in, err)
		if err == nil || !strings.HasPrefix(err.Error(), "query: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.sql, err, tt.want)
		}
	}
	if _, err := Query(" \n"); err == nil {
		t.Error("an empty query was taken")
	}
}

func TestQueryUnitesFiles(t *testing.T) {
	csv := put(t, "a.csv", "n,part,code,at\n1,0.10,007,2026-10-01T00:00:00+02:00\n2,12345678901234567890.123456789,8,2026-10-01T00:00:00Z\n")
	// Read by DuckDB alone these numbers would pass through floating point.
	ndjson := put(t, "it's b.ndjson.gz", `{"n":3,"part":12345678901234567890.123456789,"extra":"1.5 \" 2.5"}`+"\n"+`{"n":4,"part":-1.50e-1}`+"\n")
	pq := parquet(t, "SELECT 5 AS n, 0.30::DECIMAL(9,2) AS part")
	in, err := Query(`-- a comment; with a semicolon
		SELECT `+columns+`, n::VARCHAR AS id, part AS quantity, code AS flavor, extra AS name FROM input ORDER BY n::BIGINT DESC; -- the end`, csv, ndjson, pq)
	got, err := show(t, in, err)
	equal(t, got, err,
		`1: {`+fields+`,"id":"5","quantity":0.30}`,
		`2: {`+fields+`,"id":"4","quantity":-1.50e-1}`,
		`3: {`+fields+`,"id":"3","quantity":12345678901234567890.123456789,"name":"1.5 \" 2.5"}`,
		`4: {`+fields+`,"id":"2","quantity":12345678901234567890.123456789,"flavor":"8"}`,
		`5: {`+fields+`,"id":"1","quantity":0.10,"flavor":"007"}`)
	if read, total := in.Progress(); read != 0 || total != 0 {
		t.Errorf("progress %d of %d, want none for a query", read, total)
	}
}

// TestQueryTakesCSVAsText reads values that a guessed type would change.
func TestQueryTakesCSVAsText(t *testing.T) {
	csv := put(t, "a.csv", "from;to;flag;short;code;empty\n"+
		"2026-10-01T00:00:00.000000001Z;2026-10-02T02:00:00.000000002+02:00;true;f;007;\n"+
		"2026-10-01T00:00:00.000000003Z;2026-10-02T02:00:00.000000004+02:00;FALSE;T;1e3;\n")
	in, err := Query(`SELECT 1001 AS client_id, 501 AS project_id, 76 AS region_id, 'volume' AS type, 'v-1' AS resource_id,
		'volume_gbm' AS metric, "from" AS "start", "to" AS "end", flag AS name, short AS flavor, code AS quantity,
		coalesce(empty, 'none') AS port_id FROM input`, csv)
	got, err := show(t, in, err)
	const before = `{"client_id":1001,"project_id":501,"region_id":76,"type":"volume","resource_id":"v-1","metric":"volume_gbm",`
	equal(t, got, err,
		`1: `+before+`"start":"2026-10-01T00:00:00.000000001Z","end":"2026-10-02T02:00:00.000000002+02:00","name":"true","flavor":"f","quantity":"007","attributes":{"port_id":"none"}}`,
		`2: `+before+`"start":"2026-10-01T00:00:00.000000003Z","end":"2026-10-02T02:00:00.000000004+02:00","name":"FALSE","flavor":"T","quantity":1e3,"attributes":{"port_id":"none"}}`)
}

// TestQueryTakesTextsOfNDJSONAsText reads texts that a guessed type would change: a date
// would become a time, and ids other ids.
func TestQueryTakesTextsOfNDJSONAsText(t *testing.T) {
	ndjson := put(t, "a.ndjson", `{"from":"2026-10-01T00:00:00.000000001Z","to":"2026-10-02T00:00:00.5","n":7,`+
		`"o":{"TIME \"x":"10:00:00","DATE":"2026-10-01","at":"2026-10-01 10:00:00"},"date":"2026-10-01","time":"10:00:00.50","id":"08154711-ABCD-0000-0000-00000000000F"}`+"\n")
	in, err := Query(`SELECT 1001 AS client_id, 501 AS project_id, 76 AS region_id, 'volume' AS type, 'v-1' AS resource_id,
		'volume_gbm' AS metric, "from" AS "start", "to" AS "end", n * 2 AS quantity, o AS tags, "date" AS name, "time" AS flavor, id FROM input`, ndjson)
	got, err := show(t, in, err)
	equal(t, got, err, `1: {"client_id":1001,"project_id":501,"region_id":76,"type":"volume","resource_id":"v-1","metric":"volume_gbm",`+
		`"start":"2026-10-01T00:00:00.000000001Z","end":"2026-10-02T00:00:00.5","quantity":14,"tags":{"DATE":"2026-10-01","TIME \"x":"10:00:00","at":"2026-10-01 10:00:00"},`+
		`"name":"2026-10-01","flavor":"10:00:00.50","id":"08154711-ABCD-0000-0000-00000000000F"}`)
}

// TestQueryKeepsOrder reads more rows than DuckDB holds in one piece, and on more
// than one thread.
func TestQueryKeepsOrder(t *testing.T) {
	const n = 500_000
	path := parquet(t, "SELECT "+columns+", range::VARCHAR AS id FROM range(500000)")
	for name, sql := range map[string]string{
		"as in the file": "SELECT * FROM input",
		"sorted":         "SELECT * FROM input ORDER BY id::BIGINT",
		"filtered":       "SELECT * FROM input WHERE id::BIGINT >= 0",
	} {
		in, err := Query(sql, path)
		if err != nil {
			t.Fatal(err)
		}
		var count int64
		for row, err := range in.Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if count++; row.Number != count || row.ID != fmt.Sprint(count-1) {
				t.Fatalf("%s: row %d has id %s, want %d", name, row.Number, row.ID, count-1)
			}
		}
		if count != n {
			t.Errorf("%s: %d rows, want %d", name, count, n)
		}
	}
}

func TestQueryEndsEarly(t *testing.T) {
	in, err := Query("SELECT " + columns + " FROM range(1000000000000)")
	if err != nil {
		t.Fatal(err)
	}
	for range in.Rows(t.Context()) {
		break // must not compute the rest
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range in.Rows(ctx) {
		cancel()
		last = err
	}
	if last == nil {
		t.Error("a cancelled query ended without an error")
	}
}
