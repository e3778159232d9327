package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The tests of this file import the traces of examples/ with the real command line
// into a real server, and compare the reports, row by row and exactly, with what
// they add up themselves in whole numbers. The traces are not part of the project.
const traces = "../../../shared/data"

func trace(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(traces, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the trace is not here: %v", err)
	}
	return path
}

// A user is someone at a terminal.
type user struct {
	t   *testing.T
	env map[string]string
}

// try runs costd and returns what it printed and its exit code.
func (u user) try(args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = Main(u.t.Context(), args, strings.NewReader(""), &out, &err, func(name string) string { return u.env[name] })
	return out.String(), err.String(), code
}

// do runs costd and returns what it printed. It must succeed.
func (u user) do(args ...string) string {
	u.t.Helper()
	stdout, stderr, code := u.try(args...)
	if code != 0 {
		u.t.Fatalf("costd %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// operator starts a server and returns its operator.
func operator(t *testing.T) user {
	t.Helper()
	s, err := startServer(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return user{t, map[string]string{urlVariable: s.url, keyVariable: s.key}}
}

// administrator returns the administrator of a client.
func (u user) administrator(client int) user {
	token := u.do("keys", "create", "--role", "administrator", "--client", strconv.Itoa(client))
	return user{u.t, map[string]string{urlVariable: u.env[urlVariable], keyVariable: strings.TrimSpace(token)}}
}

// A totalsLine is a row of a monthly report, as far as it is compared.
type totalsLine struct {
	Flavor  string      `json:"flavor"`
	Metric  string      `json:"billing_metric_name"`
	Value   json.Number `json:"billing_value"`
	Cost    json.Number `json:"cost"`
	Feature string      `json:"billing_feature_name"`
}

func (u user) totals(month string) []totalsLine {
	u.t.Helper()
	var report struct{ Results []totalsLine }
	if err := json.Unmarshal([]byte(u.do("report", "totals", "--month", month, "--format", "json")), &report); err != nil {
		u.t.Fatal(err)
	}
	return report.Results
}

// A traceLine is a line of the report on a trace.
type traceLine struct{ metric, flavor string }

// traceUsage is what each line used in each month, in parts of a minute.
type traceUsage struct {
	perMinute int64
	months    map[string]map[traceLine]*big.Int
}

// add adds factor parts for each second from start to end, clipped to months.
func (u *traceUsage) add(line traceLine, start, end time.Time, factor int64) {
	for start.Before(end) {
		next := time.Date(start.Year(), start.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		if next.After(end) {
			next = end
		}
		month := start.Format("2006-01")
		if u.months[month] == nil {
			u.months[month] = map[traceLine]*big.Int{}
		}
		if u.months[month][line] == nil {
			u.months[month][line] = new(big.Int)
		}
		parts := big.NewInt(int64(next.Sub(start) / time.Second))
		u.months[month][line].Add(u.months[month][line], parts.Mul(parts, big.NewInt(factor)))
		start = next
	}
}

// sum returns what all lines of a metric used in a month.
func (u *traceUsage) sum(month, metric string) *big.Int {
	sum := new(big.Int)
	for line, parts := range u.months[month] {
		if line.metric == metric {
			sum.Add(sum, parts)
		}
	}
	return sum
}

// An example is a trace, and what its catalog says.
type example struct {
	name, file  string
	client      int
	usage       *traceUsage
	reference   map[string]map[string]string      // month, metric: parts, from the description of the data
	prices      func(metric, month string) string // of an hour
	commitments map[traceLine]traceCommitment
	months      []string
}

// A traceCommitment is what a catalog reserves on a line, for whole months.
type traceCommitment struct {
	from, to   string // months; to does not count
	hours      int64  // a month
	price      string // of a reserved hour
	overcommit string // price of an hour, "" for that of the price list
}

// A rowKey tells the rows of a month apart.
type rowKey struct {
	traceLine
	kind string
}

// expect returns value and cost of every row of the month's report.
func (e *example) expect(month string) map[rowKey][2]string {
	rows := map[rowKey][2]string{}
	put := func(line traceLine, kind string, minutes, cost *big.Rat) {
		rows[rowKey{line, kind}] = [2]string{shown(minutes, 9), shown(cost, 5)}
	}
	used := map[traceLine]*big.Rat{}
	for line, parts := range e.usage.months[month] {
		used[line] = new(big.Rat).SetFrac(parts, big.NewInt(e.usage.perMinute))
	}
	for line, c := range e.commitments {
		if month < c.from || month >= c.to {
			continue
		}
		minutes := used[line]
		delete(used, line)
		pool := new(big.Rat).SetInt64(c.hours * 60)
		covered := pool
		if minutes.Cmp(pool) < 0 {
			covered = minutes
		}
		put(line, "Commit", covered, hours(pool, c.price))
		if over := new(big.Rat).Sub(minutes, covered); over.Sign() > 0 {
			put(line, "Overcommit", over, hours(over, cmp.Or(c.overcommit, e.prices(line.metric, month))))
		}
	}
	for line, minutes := range used {
		put(line, "PAYG", minutes, hours(minutes, e.prices(line.metric, month)))
	}
	return rows
}

// hours returns what minutes cost at a price of an hour.
func hours(minutes *big.Rat, price string) *big.Rat {
	cost := new(big.Rat).Mul(minutes, rational(price))
	return cost.Quo(cost, big.NewRat(60, 1))
}

// rational reads a decimal number.
func rational(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

// shown returns q as reports show it, rounded half to even.
func shown(q *big.Rat, places int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	scaled := new(big.Rat).Mul(q, new(big.Rat).SetInt(scale))
	floor, rest := new(big.Int).DivMod(scaled.Num(), scaled.Denom(), new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(scaled.Denom()); c > 0 || c == 0 && floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	text := new(big.Rat).SetFrac(floor, scale).FloatString(places)
	return trimmed(text)
}

// trimmed drops zeros at the end of decimals.
func trimmed(number string) string {
	if !strings.Contains(number, ".") {
		return number
	}
	return strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
}

// readTrace calls row with the fields of every row of a CSV file, by column.
func readTrace(t *testing.T, path string, row func(map[string]string)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		fields := map[string]string{}
		for i, name := range records[0] {
			fields[name] = record[i]
		}
		row(fields)
	}
}

func whole(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenb(t *testing.T) {
	e := &example{
		name: "openb", file: trace(t, "openb_pod_list_default.csv"), client: 2001,
		months: []string{"2023-01", "2023-02", "2023-03", "2023-04", "2023-05"},
		reference: map[string]map[string]string{
			"2023-01": {"openb_gpu_min": "4834034940", "openb_vcpu_min": "59089062000"},
			"2023-02": {"openb_gpu_min": "14643389760", "openb_vcpu_min": "208169848000"},
			"2023-03": {"openb_gpu_min": "26421950980", "openb_vcpu_min": "354895610000"},
			"2023-04": {"openb_gpu_min": "46358724340", "openb_vcpu_min": "644652661956"},
			"2023-05": {"openb_gpu_min": "93036326950", "openb_vcpu_min": "1239730411536"},
		},
		prices: func(metric, month string) string {
			switch {
			case metric == "openb_vcpu_min":
				return "0.035"
			case month < "2023-05":
				return "2.40"
			}
			return "2.10"
		},
		commitments: map[traceLine]traceCommitment{
			{"openb_gpu_min", "gpu-1x1000m"}: {"2023-01", "2024-01", 10 * 744, "1.45", "2.75"},
			{"openb_gpu_min", "gpu-8x1000m"}: {"2023-04", "9999-01", 8 * 744, "1.30", ""},
			{"openb_vcpu_min", "vcpu"}:       {"2023-03", "9999-01", 200 * 744, "0.021", ""},
		},
	}
	e.usage = readOpenb(t, e.file)
	e.check(t)
}

func TestSURF(t *testing.T) {
	e := &example{
		name: "surf", file: trace(t, "surf_lisa_2022_jobs.csv.gz"), client: 2002,
		months: []string{"2022-06", "2022-07", "2022-08", "2022-09", "2022-10", "2022-11"},
		reference: map[string]map[string]string{
			"2022-06": {"lisa_node_min": "373743"}, "2022-07": {"lisa_node_min": "307356047"}, "2022-08": {"lisa_node_min": "419626620"},
			"2022-09": {"lisa_node_min": "227872891"}, "2022-10": {"lisa_node_min": "322426711"}, "2022-11": {"lisa_node_min": "4673988"},
		},
		prices: func(string, string) string { return "0.60" },
		commitments: map[traceLine]traceCommitment{
			{"lisa_node_min", "lisa-node"}: {"2022-07", "2022-11", 120 * 744, "0.38", "0.66"},
		},
	}
	e.usage = readSURF(t, e.file)
	e.check(t)
}

// check imports the example twice and compares all reports.
func (e *example) check(t *testing.T) {
	folder := filepath.Join("../../examples", e.name)
	op := operator(t)
	op.do("apply", "-f", filepath.Join(folder, "catalog.yaml"))
	load := func() string { return op.do("import", "--query", filepath.Join(folder, "usage.sql"), e.file) }
	t.Log(load())
	admin := op.administrator(e.client)
	reports := map[string][]totalsLine{}
	for _, month := range e.months {
		reports[month] = admin.totals(month)
		e.checkSums(t, month, reports[month])
		e.checkRows(t, month, reports[month])
	}
	if summary := load(); !regexp.MustCompile(`accepted +0\n +replaced +0\n +unchanged +[1-9]`).MatchString(summary) {
		t.Errorf("the second import changed something:\n%s", summary)
	}
	for _, month := range e.months {
		if again := admin.totals(month); !reflect.DeepEqual(again, reports[month]) {
			t.Errorf("%s: after the second import the report is\n%v\nwant\n%v", month, again, reports[month])
		}
	}
}

// checkSums compares what the rows of a metric add up to with the reference. Every
// row is rounded to a billionth of a minute, so that the sum of some tens of them
// still names one whole number of parts.
func (e *example) checkSums(t *testing.T, month string, rows []totalsLine) {
	for metric, want := range e.reference[month] {
		if got := e.usage.sum(month, metric).String(); got != want {
			t.Errorf("%s %s: this test adds up %s parts, the reference is %s", month, metric, got, want)
		}
		sum := new(big.Rat)
		for _, row := range rows {
			if row.Metric == metric {
				sum.Add(sum, rational(row.Value.String()))
			}
		}
		sum.Mul(sum, new(big.Rat).SetInt64(e.usage.perMinute))
		if got := shown(sum, 0); got != want {
			t.Errorf("%s %s: the report adds up to %s parts, the reference is %s", month, metric, got, want)
		}
	}
}

// checkRows compares every row, value and cost.
func (e *example) checkRows(t *testing.T, month string, rows []totalsLine) {
	got := map[rowKey][2]string{}
	for _, row := range rows {
		kind := row.Feature[strings.LastIndex(row.Feature, " ")+1:]
		got[rowKey{traceLine{row.Metric, row.Flavor}, kind}] = [2]string{row.Value.String(), row.Cost.String()}
	}
	want := e.expect(month)
	if len(rows) != len(want) {
		t.Errorf("%s: %d rows, want %d", month, len(rows), len(want))
	}
	for key, row := range want {
		if got[key] != row {
			t.Errorf("%s %v: value and cost %v, want %v", month, key, got[key], row)
		}
	}
}

func readOpenb(t *testing.T, path string) *traceUsage {
	u := &traceUsage{perMinute: 60_000, months: map[string]map[traceLine]*big.Int{}}
	epoch := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	readTrace(t, path, func(pod map[string]string) {
		if pod["scheduled_time"] == "" {
			return
		}
		start := epoch.Add(time.Duration(whole(t, pod["scheduled_time"])) * time.Second)
		end := epoch.Add(time.Duration(whole(t, pod["deletion_time"])) * time.Second)
		if gpus := whole(t, pod["num_gpu"]); gpus > 0 {
			line := traceLine{"openb_gpu_min", "gpu-" + pod["num_gpu"] + "x" + pod["gpu_milli"] + "m"}
			u.add(line, start, end, gpus*whole(t, pod["gpu_milli"]))
		}
		u.add(traceLine{"openb_vcpu_min", "vcpu"}, start, end, whole(t, pod["cpu_milli"]))
	})
	return u
}

func readSURF(t *testing.T, path string) *traceUsage {
	u := &traceUsage{perMinute: 60, months: map[string]map[traceLine]*big.Int{}}
	readTrace(t, path, func(job map[string]string) {
		start, err := time.Parse(time.RFC3339, job["submit_time"])
		if err != nil {
			t.Fatal(err)
		}
		u.add(traceLine{"lisa_node_min", "lisa-node"}, start, start.Add(time.Duration(whole(t, job["duration_s"]))*time.Second), 1)
	})
	return u
}
