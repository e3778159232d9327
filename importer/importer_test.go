package importer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
)

// header has the columns that every record needs, in short values.
const (
	header = "client_id,project_id,region_id,type,resource_id,metric,start,end"
	values = "1001,501,76,volume,v-1,volume_gbm,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z"
	fields = `"client_id":1001,"project_id":501,"region_id":76,"type":"volume","resource_id":"v-1","metric":"volume_gbm",` +
		`"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"`
)

// put writes a file into a folder of its own and returns its path.
func put(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if strings.HasSuffix(name, ".gz") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(content))
		z.Close()
		content = b.String()
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// show returns the rows as "number: json" or "number: !error", and the error that
// ended them.
func show(t testing.TB, in *Input, err error) ([]string, error) {
	t.Helper()
	if err != nil {
		return nil, err
	}
	var lines []string
	for row, err := range in.Rows(t.Context()) {
		if err != nil {
			return lines, err
		}
		text := string(row.JSON)
		if row.Err != nil {
			text = "!" + row.ID + " " + row.Err.Error()
		}
		lines = append(lines, fmt.Sprintf("%d: %s", row.Number, text))
	}
	return lines, nil
}

func equal(t testing.TB, got []string, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCSV(t *testing.T) {
	content := "\ufeffid," + header + ",quantity,volume_type,tags.team,tags,deleted\n"
	content = strings.Replace(content, ",tags,", ",", 1)
	content += "r1," + values + ",12345678901234567890.123456789,ssd,\"a \"\"b\"\"\",true\n" +
		"\n" +
		"r2," + values + ",,,,\n" +
		"r3," + values + ",1\n" +
		"r4," + values + ",007,,\"two\nlines\",False\n" +
		"r5," + values + ",\"1,5\",,\xff,\n" +
		"r6," + values + ",1e3,,,\n" +
		"r7,01" + values + ",,,,\n" +
		"r8," + values + ",,,,yes\n"
	want := []string{
		`2: {"id":"r1",` + fields + `,"quantity":12345678901234567890.123456789,"deleted":true,"attributes":{"volume_type":"ssd"},"tags":{"team":"a \"b\""}}`,
		`4: {"id":"r2",` + fields + `}`,
		`5: !r3 10 fields, but 13 columns in the header; quote fields that hold commas or line breaks`,
		`6: {"id":"r4",` + fields + `,"quantity":"007","deleted":false,"tags":{"team":"two\nlines"}}`,
		`8: !r5 tags.team: "\xff" is not UTF-8; convert the file`,
		`9: {"id":"r6",` + fields + `,"quantity":1e3}`,
		`10: !r7 client_id: "011001" is not a whole number; write digits only, without leading zeros`,
		`11: !r8 deleted: "yes" is neither true nor false`,
	}
	for _, name := range []string{"usage.csv", "usage.CSV.gz"} {
		in, err := Files(put(t, strings.ToLower(name), content))
		got, err := show(t, in, err)
		equal(t, got, err, want...)
	}
}

func TestCSVObjects(t *testing.T) {
	content := header + ",tags,attributes\n" +
		values + `,"{""b"":""x"",` + "\n" + `""a"":1.50,""n"":null,""t"":true}","{}"` + "\n" +
		values + `,"{""a"":[1]}",` + "\n" +
		values + `,a=b,` + "\n" +
		values + `,{} {},` + "\n"
	in, err := Files(put(t, "usage.csv", content))
	got, err := show(t, in, err)
	equal(t, got, err,
		`2: {`+fields+`,"tags":{"a":"1.50","b":"x","t":"true"},"attributes":{}}`,
		`4: ! tags: the value of "a" is not a text; write it like {"key":"value"}`,
		`5: ! tags: "a=b" is not a JSON object; write it like {"key":"value"}`,
		`6: ! tags: "{} {}" is not a JSON object; write it like {"key":"value"}`)
}

func TestHeaderMistakes(t *testing.T) {
	in, err := Files(put(t, "deletions.csv", "id,client_id,start,deleted\nr1,1001,2026-10-01T00:00:00Z,true\n"))
	got, err := show(t, in, err)
	equal(t, got, err, `2: {"id":"r1","client_id":1001,"start":"2026-10-01T00:00:00Z","deleted":true}`)
	for _, tt := range []struct{ header, want string }{
		{"", "is empty; the first line must name the columns"},
		{"id;client_id", `has its fields separated by ';'; separate them by commas`},
		{"id\tclient_id\n", `has its fields separated by '\t'; separate them by commas`},
		{"\xff\xfei\x00d\x00,\x00", "is UTF-16; save it as UTF-8"},
		{"\xfe\xff\x00i\x00d\x00,", "is UTF-16; save it as UTF-8"},
		{"r1,1001,501,76,volume", `has no header: the first line is "r1,1001,501,76,volume"; put a line before it that names the columns`},
		{"colour,Flavor", `unknown column "colour", "Flavor"; usage has the columns attributes, client_id, `},
		{header + ",Flavor,colour", `unknown column "Flavor", "colour"; usage has`},
		{header + ",tags.", `unknown column "tags."`},
		{header + ",id,id", `column "id" stands twice`},
		{header + ",volume_type,attributes.volume_type", `column "volume_type" stands twice`},
		{header + ",attributes.colour", `unknown column "attributes.colour"`},
		{header + ",tags,tags.x", `both column "tags" and column "tags.x"`},
		{header + ",volume_type,attributes", `both column "attributes" and column "volume_type"`},
		{"id,client_id,type,metric,resource_id,start", `missing column "project_id", "region_id", "end"; add it`},
	} {
		path := put(t, "usage.csv", tt.header)
		in, err := Files(path)
		_, err = show(t, in, err)
		if err == nil || !strings.Contains(err.Error(), path+": "+tt.want) {
			t.Errorf("header %q: error %v, want %q", tt.header, err, tt.want)
		}
	}
}

func TestNDJSONPassesAsItIs(t *testing.T) {
	content := "\ufeff{\"quantity\": 1.10 ,\"x\":1}\r\n\n   \n not json \n{\"id\":\"last\"}"
	for _, name := range []string{"u.ndjson", "u.jsonl", "u.ndjson.gz"} {
		in, err := Files(put(t, name, content))
		got, err := show(t, in, err)
		equal(t, got, err, `1: {"quantity": 1.10 ,"x":1}`, `4: not json`, `5: {"id":"last"}`)
	}
}

func TestUnreadableFiles(t *testing.T) {
	huge := strings.Repeat("x", maxRecordBytes+1)
	for _, tt := range []struct{ name, content, want string }{
		{"usage.xlsx", "", "cannot tell the format from the name"},
		{"usage.parquet.gz", "", "cannot tell the format from the name"},
		{"usage.csv.gz", "", ""},
		{"usage.ndjson", "{}\n" + huge, "line 2 is longer than"},
		{"usage.csv", header + "\n" + values + "\n\"" + huge + huge, "is a quote left open?"},
		{"usage.csv", header + "\na\"b\n", "bare \""},
		{"usage.parquet", "no", "usage.parquet"},
	} {
		path := put(t, tt.name, tt.content)
		if tt.name == "usage.csv.gz" { // not packed at all
			os.WriteFile(path, []byte("id\n"), 0o600)
			tt.want = "is not gzip"
		}
		in, err := Files(path)
		_, err = show(t, in, err)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := Files(t.TempDir() + "/none.csv"); err == nil || strings.Count(err.Error(), "none.csv") != 1 {
		t.Errorf("missing file: error %v, want one that names it once", err)
	}
	if _, err := Files(filepath.Dir(put(t, "x.csv", "")) + "/../"); err == nil {
		t.Error("a folder was taken for a file")
	}
}

// TestTextsSurvive checks that any text in a CSV field arrives unchanged.
func TestTextsSurvive(t *testing.T) {
	path := put(t, "usage.csv", "")
	rapid.Check(t, func(rt *rapid.T) {
		name, tag := rapid.String().Draw(rt, "name"), rapid.String().Draw(rt, "tag")
		if strings.Contains(name+tag, "\r") {
			rt.Skip("RFC 4180 readers make LF of CR LF")
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.Write(append(strings.Split(header, ","), "name", "tags.k\"ey"))
		w.Write(append(strings.Split(values, ","), name, tag))
		w.Flush()
		os.WriteFile(path, []byte(b.String()), 0o600)
		in, err := Files(path)
		if err != nil {
			rt.Fatal(err)
		}
		for row, err := range in.Rows(t.Context()) {
			if err != nil || row.Err != nil {
				rt.Fatal(err, row.Err)
			}
			var u costd.Usage
			if err := json.Unmarshal(row.JSON, &u); err != nil {
				rt.Fatalf("%s: %v", row.JSON, err)
			}
			if u.Name != name || u.Tags["k\"ey"] != tag || u.ClientID != 1001 {
				rt.Errorf("got %+v, want name %q and tag %q", u, name, tag)
			}
		}
	})
}

// An attribute has a column by its name alone, and by the name that it has in a record.
func TestColumnsOfAttributes(t *testing.T) {
	for _, name := range []string{"volume_type", "attributes.volume_type"} {
		in, err := Files(put(t, "usage.csv", header+","+name+"\n"+values+",standard\n"))
		got, err := show(t, in, err)
		equal(t, got, err, `2: {`+fields+`,"attributes":{"volume_type":"standard"}}`)
	}
}

// rowsOf yields n rows, then err if it is not nil.
func rowsOf(n int, err error) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for i := range n {
			row := Row{File: "f", Number: int64(i + 1), JSON: []byte(fmt.Sprint(i))}
			if i%7_000 == 6_999 {
				row.ID, row.Err = "odd", errors.New("odd")
			}
			if !yield(row, nil) {
				return
			}
		}
		if err != nil {
			yield(Row{}, err)
		}
	}
}

func TestRunSendsInOrder(t *testing.T) {
	const n, size = 25_000, 10_000
	var sent []string
	var rejected []Rejection
	im := Importer{
		BatchSize: size,
		Send: func(_ context.Context, body []byte) (costd.IngestResult, error) {
			lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
			if len(lines) > size {
				t.Errorf("a request of %d records", len(lines))
			}
			sent = append(sent, lines...)
			return costd.IngestResult{Accepted: len(lines) - 1, Rejected: []costd.Rejection{{Index: 1, ID: "x", Error: "no"}}}, nil
		},
		Reject: func(r Rejection) error { rejected = append(rejected, r); return nil },
	}
	sum, err := im.Run(t.Context(), rowsOf(n, nil))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Summary{Read: n, Accepted: n - 6, Rejected: 6}); sum != want {
		t.Errorf("sums %+v, want %+v", sum, want)
	}
	want := []Rejection{{"f", 2, "x", "no"}, {"f", 7000, "odd", "odd"}, {"f", 10002, "x", "no"}, {"f", 14000, "odd", "odd"}, {"f", 20002, "x", "no"}, {"f", 21000, "odd", "odd"}}
	if !reflect.DeepEqual(rejected, want) {
		t.Errorf("rejected %v, want %v", rejected, want)
	}
	for i, j := 0, 0; i < n; i++ {
		if i%7_000 == 6_999 {
			continue
		}
		if sent[j] != fmt.Sprint(i) {
			t.Fatalf("record %d was sent as number %d", i, j)
		}
		j++
	}
}

// TestRunSendsTwoWays sends records of some identities, many times each: those of one
// identity arrive in order, two requests are under way at a time, and what is rejected
// is told in the order of the rows.
func TestRunSendsTwoWays(t *testing.T) {
	const n, keys = 50_000, 9
	var mu sync.Mutex
	var underWay, most, requests int
	last := map[int]int{}
	var rejected []int64
	im := Importer{
		Send: func(_ context.Context, body []byte) (costd.IngestResult, error) {
			mu.Lock()
			requests++
			underWay++
			most = max(most, underWay)
			mu.Unlock()
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			underWay--
			lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
			for _, line := range lines {
				i, err := strconv.Atoi(line)
				if err != nil || i <= last[i%keys] {
					t.Errorf("%q after %d, %v", line, last[i%keys], err)
				}
				last[i%keys] = i
			}
			return costd.IngestResult{Accepted: len(lines) - 1, Rejected: []costd.Rejection{{Index: len(lines) - 1, Error: "no"}}}, nil
		},
		BatchSize: 1000,
		Reject:    func(r Rejection) error { rejected = append(rejected, r.Number); return nil },
	}
	sum, err := im.Run(t.Context(), func(yield func(Row, error) bool) {
		for i := 1; i <= n && yield(Row{Number: int64(i), JSON: []byte(strconv.Itoa(i)), Key: uint64(i % keys)}, nil); i++ {
		}
	})
	if err != nil || sum != (Summary{Read: n, Accepted: n - int64(requests), Rejected: int64(requests)}) {
		t.Errorf("%+v of %d requests, %v", sum, requests, err)
	}
	if most != 2 || !slices.IsSorted(rejected) || len(rejected) != requests {
		t.Errorf("%d requests at a time, want 2; rejected %v", most, rejected)
	}
}

// TestWaysDoNotWait lets the first request of one way wait for the second one of the
// other, and then fail: the rest of its way stays unsent.
func TestWaysDoNotWait(t *testing.T) {
	var requests [ways]atomic.Int32
	var accepted atomic.Int64
	second, broken := make(chan struct{}), errors.New("broken")
	im := Importer{
		Send: func(ctx context.Context, body []byte) (costd.IngestResult, error) {
			way := body[0] - '0'
			switch n := requests[way].Add(1); {
			case way == 0 && n == 2:
				close(second)
			case way == 1:
				select {
				case <-second:
					return costd.IngestResult{}, broken
				case <-ctx.Done():
					return costd.IngestResult{}, ctx.Err()
				}
			}
			n := bytes.Count(body, []byte("\n"))
			accepted.Add(int64(n))
			return costd.IngestResult{Accepted: n}, nil
		},
		BatchSize: 10,
		Reject:    func(Rejection) error { return nil },
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sum, err := im.Run(ctx, func(yield func(Row, error) bool) {
		for i := uint64(0); yield(Row{JSON: strconv.AppendUint(nil, i%ways, 10), Key: i}, nil); i++ {
		}
	})
	if err != broken || requests[1].Load() != 1 || sum.Accepted != accepted.Load() {
		t.Errorf("%+v and %v after %d and %d requests, want the error after one of the second way", sum, err, requests[0].Load(), requests[1].Load())
	}
}

// TestKeys holds the keys of rows to what identities are.
func TestKeys(t *testing.T) {
	e, err := newEncoder([]string{"client_id", "project_id", "region_id", "type", "resource_id", "metric", "start", "end", "id", "name"})
	if err != nil {
		t.Fatal(err)
	}
	row := func(resource, metric, id, name string) uint64 {
		r := e.row(nil, []string{"1", "2", "3", "instance", resource, metric, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z", id, name})
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		return r.Key
	}
	if row("a", "m", "", "x") != row("a", "m", "", "y") || row("a", "m", "7", "x") != row("b", "n", "7", "y") {
		t.Error("records of one identity have different keys")
	}
	if row("a", "m", "", "x") == row("m", "a", "", "x") || row("a", "m", "7", "x") == row("a", "m", "8", "x") {
		t.Error("different identities have one key")
	}
}

// TestPlainObjects takes objects as they are only where decoding them says the same.
func TestPlainObjects(t *testing.T) {
	for _, s := range []string{`{"a":"b"}`, `{"a":"","b":"ä/:,}"}`} {
		if got, err := appendObject(nil, s); !isPlainObject(s) || string(got) != s || err != nil {
			t.Errorf("%s is written %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "{", "{}", `{"a":"b"`, `{"a":"b"}x`, `{"a":"b",}`, `{"a":"b" }`, `{"a":1}`, `{"a":null}`, `{"b":"1","a":"2"}`,
		`{"a":"1","a":"2"}`, `{"a":"\u0041"}`, `{"a":"` + "\n" + `"}`, `{"a"}`, `{"a":"b""c":"d"}`, `{"a\"":"b"}`} {
		if isPlainObject(s) {
			t.Errorf("%q is taken as it is", s)
		}
	}
}

func TestRunStopsAtErrors(t *testing.T) {
	broken := errors.New("broken")
	sends := 0
	im := Importer{
		Send: func(context.Context, []byte) (costd.IngestResult, error) {
			if sends++; sends == 2 {
				return costd.IngestResult{}, broken
			}
			return costd.IngestResult{Accepted: DefaultBatch}, nil
		},
		Reject: func(Rejection) error { return nil },
	}
	if sum, err := im.Run(t.Context(), rowsOf(100_000, nil)); err != broken || sends != 2 || sum.Accepted != DefaultBatch {
		t.Errorf("got %+v, %v after %d requests, want the server's error after 2", sum, err, sends)
	}
	sends = 2
	if sum, err := im.Run(t.Context(), rowsOf(3, broken)); err != broken || sum.Read != 3 {
		t.Errorf("got %+v, %v, want what was read before the input's error to be sent", sum, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := im.Run(ctx, rowsOf(100_000, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
