package rating_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// TestScripts plays testdata/*.rate; testdata/README.md describes them.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.rate")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".rate"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, complaint := range play(string(text)) {
				t.Errorf("%s:%s", file, complaint)
			}
		})
	}
}

// TestScriptsCanFail plays scripts that are wrong, each in its own way.
func TestScriptsCanFail(t *testing.T) {
	const begin = "client 1 EUR\nregion 76 Lux\nline vm: instance 76 small vm_min\n" +
		"price vm 6.00 EUR per 60 from 2026-01-01 feature \"VM\"\nusage vm A 90 on 2026-10-01\n"
	for want, rest := range map[string]string{
		"":                              "eval monthly 2026-10\n  vm \"VM - PAYG\" 90 9\n  total 9\n",
		"7: got cost 9, want 8":         "eval monthly 2026-10\n  vm \"VM - PAYG\" 90 8\n",
		"7: got value 90, want 91":      "eval monthly 2026-10\n  vm \"VM - PAYG\" 91 9\n",
		"7: got \"VM - PAYG\", want ":   "eval monthly 2026-10\n  vm \"VM - Commit\" 90 9\n",
		"6: unexpected row":             "eval monthly 2026-10\n",
		"8: row is missing":             "eval monthly 2026-10\n  vm \"VM - PAYG\" 90 9\n  vm \"VM - PAYG\" 90 9\n",
		"8: got total 9, want 10":       "eval monthly 2026-10\n  vm \"VM - PAYG\" 90 9\n  total 10\n",
		"6: no line tank":               "usage tank A 1 on 2026-10-01\n",
		"6: unknown statement":          "usages vm A 1 on 2026-10-01\n",
		"7: got a row of :A, want vm:B": "eval groups 2026-10 by A/B\n  vm:B \"VM - PAYG\" 90 9\n",
		"6: unknown option colour":      "usage vm A 1 on 2026-10-01 colour red\n",
		"7: got cost 9, want error":     "eval monthly 2026-10\n  vm \"VM - PAYG\" 90 error \"no price\"\n",
	} {
		got := strings.Join(play(begin+rest), "\n")
		if !strings.HasPrefix(got, want) || (want == "" && got != "") {
			t.Errorf("script ending in\n%s\ncomplains %q, want %q", rest, got, want)
		}
	}
}

// A script is the state of a script as it is played.
type script struct {
	entries costd.Entries
	lines   map[string]costd.Line
	records map[int64][]record // by client
	eval    evaluation
}

// An evaluation is an eval statement and the rows it has still to compare.
type evaluation struct {
	at      int // line of the statement
	charges []costd.Charge
	groups  []string // of each charge, as rows name it; empty for reports without groups
	total   decimal.Rational
}

// play returns what is wrong with a script, each with the number of its line.
func play(text string) (complaints []string) {
	s := &script{lines: map[string]costd.Line{}, records: map[int64][]record{}}
	complain := func(line int, err error) {
		if err != nil {
			complaints = append(complaints, fmt.Sprintf("%d: %v", line, err))
		}
	}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if indented := line[0] == ' '; indented {
			complain(i+1, s.expect(&words{rest: split(line)}))
			continue
		}
		complain(s.eval.at, s.endEval())
		complain(i+1, s.state(i+1, &words{rest: split(line)}))
	}
	complain(s.eval.at, s.endEval())
	return complaints
}

// state carries out a statement.
func (s *script) state(at int, w *words) error {
	switch verb := w.next(); verb {
	case "client":
		s.entries.Clients = append(s.entries.Clients, costd.Client{ID: w.int(), Currency: w.next(), ShowPrices: true})
	case "region":
		s.entries.Regions = append(s.entries.Regions, costd.Region{ID: w.int(), Name: w.next()})
	case "line":
		name := strings.TrimSuffix(w.next(), ":")
		s.lines[name] = costd.Line{
			Type: costd.Type(w.next()), RegionID: w.int(), Dimension: strings.Trim(w.next(), "-"), Metric: w.next(),
		}
	case "price":
		s.price(w)
	case "commitment":
		s.commitment(w)
	case "usage":
		s.usage(w)
	case "eval":
		s.evaluate(at, w)
	default:
		return fmt.Errorf("unknown statement %s", verb)
	}
	return w.done()
}

func (s *script) price(w *words) {
	line := s.line(w)
	p := costd.Price{Type: line.Type, Metric: line.Metric, RegionID: line.RegionID, UnitPrice: w.decimal(), Currency: w.next()}
	w.options(map[string]func(){
		"per":     func() { p.UnitSize = w.decimal() },
		"from":    func() { p.EffectiveFrom = w.day() },
		"feature": func() { p.Feature = w.next() },
		"client":  func() { p.ClientID = w.int() },
		"every":   func() { w.want("region"); p.RegionID = 0 },
	})
	s.entries.Prices = append(s.entries.Prices, p)
}

func (s *script) commitment(w *words) {
	c := costd.Commitment{ID: strings.TrimSuffix(w.next(), ":"), ClientID: s.client()}
	line := s.line(w)
	c.Type, c.Metric, c.RegionID, c.Dimension = line.Type, line.Metric, line.RegionID, line.Dimension
	c.Count = w.int()
	w.want("x")
	c.UnitSizeMonth = w.decimal()
	w.options(map[string]func(){
		"per":        func() { c.UnitSize = w.decimal() },
		"at":         func() { c.UnitPrice = w.decimal() },
		"fee":        func() { fee := w.decimal(); c.PricePerMonth = &fee },
		"overcommit": func() { over := w.decimal(); c.OvercommitUnitPrice = &over },
		"from":       func() { c.ActiveFrom = w.day() },
		"to":         func() { to := w.day(); c.ActiveTo = &to },
		"feature":    func() { c.Feature = w.next() },
		"client":     func() { c.ClientID = w.int() },
	})
	s.entries.Commitments = append(s.entries.Commitments, c)
}

func (s *script) usage(w *words) {
	line, resource, quantity := s.line(w), w.next(), w.rational()
	w.want("on")
	days, client := w.days(), s.client()
	w.options(map[string]func(){"client": func() { client = w.int() }})
	for day := days.From; day < days.To; day++ {
		s.records[client] = append(s.records[client], record{line, resource, day, quantity})
	}
}

func (s *script) evaluate(at int, w *words) {
	report, period, client := w.next(), w.next(), s.client()
	var sel rating.Selection
	var resources, groups []string
	w.options(map[string]func(){
		"client":    func() { client = w.int() },
		"regions":   func() { sel.Regions = w.ints() },
		"types":     func() { sel.Types = w.types() },
		"resources": func() { resources, sel.Resources = strings.Split(w.next(), ","), true },
		"by":        func() { groups = strings.Split(w.next(), "/") },
	})
	records := slices.DeleteFunc(slices.Clone(s.records[client]), func(r record) bool { return !selectsLine(sel, r.line) })
	selected := func(r record) bool { return !sel.Resources || slices.Contains(resources, r.resource) }
	s.eval = evaluation{at: at}
	book := rating.NewBook(s.entries)
	switch report {
	case "monthly":
		month, err := costd.ParseMonth(period)
		w.check(err)
		s.eval.charges = book.Monthly(client, month, usageOf(within(records, month.Period()), selected), sel)
	case "payg":
		for _, u := range usageOf(within(records, w.parseDays(period)), selected) {
			s.eval.charges = append(s.eval.charges, book.PayAsYouGo(client, u))
		}
	case "groups":
		month, err := costd.ParseMonth(period)
		w.check(err)
		l := ledger{client: client, month: month, records: within(records, month.Period())}
		s.eval.divide(book, l, groups)
	default:
		w.check(fmt.Errorf("unknown report %s", report))
	}
}

// divide evaluates every line by groups of resources, such as "A,B" and "C".
func (e *evaluation) divide(book *rating.Book, l ledger, groups []string) {
	for _, line := range l.lines() {
		d := book.Divide(l.client, l.month, line, l.usageBy(line, func(r record) int {
			return slices.IndexFunc(groups, func(g string) bool { return slices.Contains(strings.Split(g, ","), r.resource) })
		}), len(groups))
		for i, charges := range d.Groups {
			for _, c := range charges {
				e.charges, e.groups = append(e.charges, c), append(e.groups, groups[i])
			}
		}
		if d.Unused != nil {
			e.charges, e.groups = append(e.charges, *d.Unused), append(e.groups, "unused")
		}
	}
}

func within(records []record, p costd.Period) []record {
	return slices.DeleteFunc(slices.Clone(records), func(r record) bool { return !p.Contains(r.day) })
}

// expect compares the next charge of the evaluation with an indented row:
// LINE FEATURE VALUE [of POOL] COST, or "total COST".
func (s *script) expect(w *words) error {
	name := w.next()
	if name == "total" {
		want := w.next()
		if got := shown(s.eval.total, want); got != want {
			return fmt.Errorf("got total %s, want %s", got, want)
		}
		return w.done()
	}
	if len(s.eval.charges) == 0 {
		return fmt.Errorf("row is missing")
	}
	c := s.eval.charges[0]
	s.eval.charges = s.eval.charges[1:]
	if c.Cost != nil {
		s.eval.total = s.eval.total.Add(*c.Cost)
	}
	if len(s.eval.groups) > 0 {
		group := ":" + s.eval.groups[0]
		s.eval.groups = s.eval.groups[1:]
		if !strings.HasSuffix(name, group) {
			return fmt.Errorf("got a row of %s, want %s", group, name)
		}
		name = strings.TrimSuffix(name, group)
	}
	if c.Line != s.lines[name] {
		return fmt.Errorf("got a row of %v, want %s %v", c.Line, name, s.lines[name])
	}
	if got, want := featureName(c), w.next(); got != want {
		return fmt.Errorf("got %q, want %q", got, want)
	}
	if got, want := shown(c.Quantity, w.peek()), w.next(); got != want {
		return fmt.Errorf("got value %s, want %s", got, want)
	}
	if w.peek() == "of" {
		w.next()
		if got, want := shown(c.Reserved, w.peek()), w.next(); got != want {
			return fmt.Errorf("got a pool of %s, want %s", got, want)
		}
	}
	return expectCost(c, w)
}

func expectCost(c costd.Charge, w *words) error {
	want := w.next()
	if want == "error" {
		want += " " + w.next()
	}
	got := "error " + c.Err
	if c.Cost != nil {
		got = shown(*c.Cost, want)
		if c.Err != "" {
			return fmt.Errorf("a row with cost %s has the error %q", got, c.Err)
		}
	}
	if got != want {
		return fmt.Errorf("got cost %s, want %s", got, want)
	}
	return w.done()
}

func (s *script) endEval() error {
	if len(s.eval.charges) > 0 {
		c := s.eval.charges[0]
		s.eval.charges, s.eval.groups = nil, nil
		return fmt.Errorf("unexpected row: %v %s", c.Line, featureName(c))
	}
	return nil
}

// featureName is the name as reports show it; "null" if there is none.
func featureName(c costd.Charge) string {
	if c.Feature == "" {
		return "null"
	}
	return c.Feature + " - " + c.Kind.String()
}

// shown writes q the way the script writes want: a fraction as it is, and a
// number rounded to 18 decimals if it has more than nine, to nine if it has more
// than five, else to five.
func shown(q decimal.Rational, want string) string {
	if strings.Contains(want, "/") {
		return q.String()
	}
	_, decimals, _ := strings.Cut(want, ".")
	places := 5
	switch n := len(decimals); {
	case n > 9:
		places = 18
	case n > 5:
		places = 9
	}
	d, err := q.RoundHalfEven(places)
	if err != nil {
		return err.Error()
	}
	if s, err := d.StringFixed(len(decimals)); err == nil {
		return s // "18600.00" if the script says so
	}
	return d.String()
}

func (s *script) client() int64 {
	if len(s.entries.Clients) == 0 {
		return 0
	}
	return s.entries.Clients[0].ID
}

func (s *script) line(w *words) costd.Line {
	name := w.next()
	line, ok := s.lines[name]
	if !ok {
		w.check(fmt.Errorf("no line %s", name))
	}
	return line
}

// words are the words of a statement. The first thing wrong with them is kept for
// done, so that what reads them can go on as if all were well.
type words struct {
	rest []string
	err  error
}

// split splits a line at spaces, except inside double quotes.
func split(line string) []string {
	quoted := false
	var words []string
	for _, part := range strings.FieldsFunc(line, func(r rune) bool {
		quoted = quoted != (r == '"')
		return r == ' ' && !quoted
	}) {
		words = append(words, strings.Trim(part, `"`))
	}
	return words
}

func (w *words) check(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *words) done() error {
	if w.err == nil && len(w.rest) > 0 {
		return fmt.Errorf("unexpected %s", w.rest[0])
	}
	return w.err
}

func (w *words) peek() string {
	if len(w.rest) == 0 {
		return ""
	}
	return w.rest[0]
}

func (w *words) next() string {
	word := w.peek()
	if len(w.rest) == 0 {
		w.check(fmt.Errorf("the line is too short"))
	} else {
		w.rest = w.rest[1:]
	}
	return word
}

func (w *words) want(word string) {
	if got := w.next(); got != word {
		w.check(fmt.Errorf("got %s, want %s", got, word))
	}
}

// options reads "name value" pairs to the end.
func (w *words) options(known map[string]func()) {
	for len(w.rest) > 0 && w.err == nil {
		name := w.next()
		read, ok := known[name]
		if !ok {
			w.check(fmt.Errorf("unknown option %s", name))
			return
		}
		read()
	}
}

func (w *words) int() int64 {
	n, err := strconv.ParseInt(w.next(), 10, 64)
	w.check(err)
	return n
}

func (w *words) ints() (list []int64) {
	for _, word := range strings.Split(w.next(), ",") {
		n, err := strconv.ParseInt(word, 10, 64)
		w.check(err)
		list = append(list, n)
	}
	return list
}

func (w *words) types() (list []costd.Type) {
	for _, word := range strings.Split(w.next(), ",") {
		list = append(list, costd.Type(word))
	}
	return list
}

func (w *words) decimal() decimal.Decimal {
	d, err := decimal.Parse(w.next())
	w.check(err)
	return d
}

// rational reads "90" or "1/6".
func (w *words) rational() decimal.Rational {
	num, den, ok := strings.Cut(w.next(), "/")
	if !ok {
		den = "1"
	}
	n, err := decimal.Parse(num)
	w.check(err)
	d, err := decimal.Parse(den)
	w.check(err)
	q, err := n.Rational().Quo(d.Rational())
	w.check(err)
	return q
}

func (w *words) day() costd.Day {
	day, err := costd.ParseDay(w.next())
	w.check(err)
	return day
}

func (w *words) days() costd.Period { return w.parseDays(w.next()) }

// parseDays reads "2026-10-01" or "2026-10-01..2026-10-31", whose last day counts.
func (w *words) parseDays(s string) costd.Period {
	first, last, ok := strings.Cut(s, "..")
	if !ok {
		last = first
	}
	from, err := costd.ParseDay(first)
	w.check(err)
	to, err := costd.ParseDay(last)
	w.check(err)
	return costd.Period{From: from, To: to + 1}
}
