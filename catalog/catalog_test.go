package catalog_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
)

const sample = `
clients:     [{id: 1001, name: Acme, currency: EUR}]
regions:     [{id: 76, name: Luxembourg-2}]
projects:    [{id: 501, client_id: 1001, name: training}]
prices:
  - {type: ai_cluster, metric: h100_min, region_id: 76, feature: "AI: h100 {region}", currency: EUR,
     unit: H, unit_size: 60, unit_price: 19.90, effective_from: 2026-01-01}
  - {type: volume, metric: volume_gbm, feature: Volume, currency: EUR, client_id: 1001,
     unit: GBM, unit_size: 43200, unit_price: "12345678901234567890.123456789012345678", effective_from: 2026-01-01}
commitments:
  - {id: acme-h100, client_id: 1001, type: ai_cluster, metric: h100_min, region_id: 76, count: 2,
     dimension: bm3-h100, unit_price: "12.50", active_from: 2026-01-01, active_to: 2027-01-01}
  - {id: acme-bytes, client_id: 1001, type: egress_traffic, metric: egress_b, region_id: 76, count: 1, dimension: vm,
     unit_price: 0, active_from: 2026-01-01, hardware_info: {cpu: 2x 9654}}
`

func parse(t *testing.T, file string) costd.Entries {
	t.Helper()
	entries, err := catalog.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// mistakes returns what err says about fields, as "field: message" lines.
func mistakes(t *testing.T, err error) []string {
	t.Helper()
	e, ok := errors.AsType[*costd.Error](err)
	if !ok || e.Code != costd.Invalid {
		t.Fatalf("error %v, want an invalid one", err)
	}
	var lines []string
	for _, f := range e.Fields {
		lines = append(lines, f.Field+": "+f.Message)
	}
	return lines
}

// withoutLines takes the lines away, which have a test of their own.
func withoutLines(all []string) []string {
	for i, s := range all {
		if at := strings.LastIndex(s, " (line "); at >= 0 {
			all[i] = s[:at]
		}
	}
	return all
}

func TestParse(t *testing.T) {
	e := parse(t, sample)
	day := costd.NewDay(2027, 1, 1)
	for _, tt := range []struct{ got, want any }{
		{e.Clients, []costd.Client{{ID: 1001, Name: "Acme", Currency: "EUR", ShowPrices: true}}},
		{e.Regions, []costd.Region{{ID: 76, Name: "Luxembourg-2"}}},
		{e.Projects, []costd.Project{{ID: 501, ClientID: 1001, Name: "training"}}},
		{e.Prices[0].UnitPrice.String(), "19.9"},
		{e.Prices[1].UnitPrice.String(), "12345678901234567890.123456789012345678"},
		{e.Prices[0].EffectiveFrom, costd.NewDay(2026, 1, 1)},
		{e.Commitments[0].Unit, "H"},
		{e.Commitments[0].UnitSize.String(), "60"},
		{e.Commitments[0].UnitSizeMonth.String(), "744"},
		{e.Commitments[0].ActiveTo, &day},
		{e.Commitments[0].PricePerMonth, (*decimal.Decimal)(nil)},
		{e.Commitments[1].Unit, "bytes"},
		{e.Commitments[1].UnitSize.String(), "1"},
		{e.Commitments[1].ActiveTo, (*costd.Day)(nil)},
		{e.Commitments[1].HardwareInfo, &costd.HardwareInfo{CPU: "2x 9654"}},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("got %+v, want %+v", tt.got, tt.want)
		}
	}
}

// One file, and all that is wrong with it.
func TestParseNamesEveryMistake(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		want       []string
	}{
		{"commitment", `{commitments: [{id: acme-h100, client_id: 1001, type: ai_cluster, metric: m, region_id: 76, count: 0,
			unit_price: -1, active_from: 2026-01-02, active_to: 2026-01-02}]}`, []string{
			"commitments[0] (acme-h100).active_to: must be after active_from 2026-01-02; the day itself does not count",
			"commitments[0] (acme-h100).count: must be from 1 to 1000000000",
			"commitments[0] (acme-h100).dimension: required for ai_cluster; name the flavor",
			"commitments[0] (acme-h100).unit_price: must not be negative",
		}},
		{"price", `{prices: [{type: volume, metric: v, currency: eur, feature: "V {regoin}", unit: H, unit_size: 0, unit_price: 1e-19,
			effective_from: 2026-02-30, colour: red}]}`, []string{
			"prices[0] (v).colour: is not known here; check its spelling",
			"prices[0] (v).currency: must be three capital letters such as EUR",
			`prices[0] (v).effective_from: "2026-02-30" is not a day; write it like 2026-10-31`,
			"prices[0] (v).feature: has braces around something else than {region} and {dimension}, which is all that can be filled in",
			"prices[0] (v).unit_price: has too many digits; at most 20 before the point and 18 after it are kept",
			"prices[0] (v).unit_size: must be above 0",
		}},
		{"feature", `{prices: [{type: functions, metric: f, currency: EUR, feature: "{dimension} {region}", unit: H, unit_size: 1, unit_price: 1,
			effective_from: 2026-01-01}, {type: volume, metric: v, currency: EUR, feature: "{dimension} {region}", unit: H, unit_size: 1,
			unit_price: 1, effective_from: 2026-01-01}, {type: volume, metric: w, currency: EUR, unit: H, unit_size: 1, unit_price: -1,
			effective_from: 2026-01-01}]}`, []string{
			"prices[0] (f).feature: has {dimension}, but functions has none; leave it out",
			"prices[2] (w).unit_price: must not be negative",
		}},
		{"required", `{"clients": [{}], "projects": [7], "prices": {}, "regions": [{"id": 1, "name": null, "country": "Lux"}], "extra": 1}`, []string{
			"extra: is not known here; check its spelling",
			"prices: must be a list",
			"clients[0].currency: is required",
			"clients[0].id: is required",
			"clients[0].name: is required",
			"regions[0] (1).country: must be two capital letters of ISO 3166 such as LU, or left out",
			"regions[0] (1).name: is required",
			"projects[0]: must be a mapping of fields",
		}},
		{"twice", `{"regions": [{"id": 1, "id": 2, "name": "x"}, {"id": 2, "name": "y"}, {"id": 2, "name": "y"}]}`, []string{
			"regions[0] (2).id: stands here twice; keep one",
			"regions[1] (2): has the key of regions[0]; keep one of them",
			"regions[2] (2): has the key of regions[0]; keep one of them",
		}},
		{"types", `{clients: [{id: 0x10, name: [a], currency: EUR, show_prices: "no"}], regions: [{id: 010, name: " x"}]}`, []string{
			`clients[0].id: "0x10" is not a whole number`,
			"clients[0].name: must be a single value",
			"clients[0].show_prices: must be true or false",
			`regions[0].id: "010" is not a whole number`,
			"regions[0].name: begins or ends with a space; remove it",
		}},
		{"nested", `{commitments: [{id: c, client_id: 1, type: functions, metric: m, region_id: 1, count: 1, unit_price: 1, dimension: d,
			active_from: 2026-01-01, hardware_info: {gpu: 8}}]}`, []string{
			"commitments[0] (c).dimension: is not for functions, which has none; leave it out",
			"commitments[0] (c).hardware_info.gpu: is not known here; did you mean cpu?",
		}},
		{"aliases", `{clients: [{id: 1, name: &a x, currency: *a}]}`, []string{
			"clients[0] (1).currency: is an alias; write the value out",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := catalog.Parse([]byte(tt.file))
			if got := withoutLines(mistakes(t, err)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestParseRefusesWhatIsNoCatalog(t *testing.T) {
	for file, want := range map[string]string{
		"":                          "is empty",
		"# nothing\n":               "is empty",
		"clients: [":                "neither YAML nor JSON",
		"{}\n---\n{}":               "several YAML documents",
		"clients: [{name: \"\xff\"": "UTF-8",
		"hello":                     "must be a mapping",
		"[]":                        "must be a mapping",
	} {
		if _, err := catalog.Parse([]byte(file)); costd.ErrorCode(err) != costd.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", file, err, want)
		}
	}
	large := "# " + strings.Repeat("x", catalog.MaxFileSize)
	if _, err := catalog.Parse([]byte(large)); costd.ErrorCode(err) != costd.TooLarge {
		t.Errorf("large file: %v", err)
	}
}

func TestParseListsAtMostAThousandMistakes(t *testing.T) {
	_, err := catalog.Parse([]byte("{regions: [" + strings.Repeat("{},", 600) + "]}"))
	got := mistakes(t, err)
	if len(got) != 1001 || got[1000] != "catalog: has more mistakes; these are 1000, and the rest was not looked at" {
		t.Errorf("%d mistakes, the last %q", len(got), got[len(got)-1])
	}
}

func TestCheckReferences(t *testing.T) {
	current := parse(t, sample)
	for _, tt := range []struct {
		name, change string
		want         []string
	}{
		{"nobody", `
clients: [{id: 1002, name: B, currency: USD}]
projects: [{id: 502, client_id: 9, name: x}, {id: 501, client_id: 1002, name: x}]
prices:
  - {type: volume, metric: v, region_id: 7, client_id: 9, currency: EUR, feature: f, unit: H, unit_size: 1, unit_price: 1, effective_from: 2026-01-01}
  - {type: volume, metric: v, region_id: 76, client_id: 1002, currency: EUR, feature: f, unit: H, unit_size: 1, unit_price: 1, effective_from: 2026-01-01}
commitments:
  - {id: c, client_id: 9, type: functions, metric: m, region_id: 7, count: 1, unit_price: 1, active_from: 2026-01-01}
`, []string{
			"projects[0] (502).client_id: is 9, but there is no such client; add it under clients",
			"projects[1] (501).client_id: is 1002, but project 501 belongs to client 1001 and cannot move; use a new project",
			"prices[0] (v).client_id: is 9, but there is no such client; add it under clients",
			"prices[0] (v).region_id: is 7, but there is no such region; add it under regions",
			"prices[1] (v).currency: is EUR, but client 1002 pays in USD",
			"commitments[0] (c).client_id: is 9, but there is no such client; add it under clients",
			"commitments[0] (c).region_id: is 7, but there is no such region; add it under regions",
		}},
		{"currency", `clients: [{id: 1001, name: Acme, currency: USD}]`, []string{
			"clients[0] (1001).currency: cannot change from EUR: client 1001 has prices or commitments of its own in it; use a new client",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := mistakes(t, catalog.Check(current, parse(t, tt.change)))
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
	if err := catalog.Check(current, current); err != nil {
		t.Errorf("the same again: %v", err)
	}
	typo := costd.Entries{Clients: []costd.Client{{ID: 5, Name: "New", Currency: "USD"}}}
	fix := parse(t, "clients: [{id: 5, name: New, currency: EUR}]")
	if err := catalog.Check(typo, fix); err != nil {
		t.Errorf("the currency of a client without prices and commitments: %v", err)
	}
}

// What is written is read back to the same, whatever the texts look like.
func TestMarshalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		for _, format := range []catalog.Format{catalog.YAML, catalog.JSON} {
			file, err := catalog.Marshal(entries, format)
			if err != nil {
				t.Fatal(err)
			}
			back, err := catalog.Parse(file)
			if err != nil {
				t.Fatalf("%v\n%s", err, file)
			}
			again, err := catalog.Marshal(back, format)
			if err != nil || string(again) != string(file) {
				t.Fatalf("%v\nwritten\n%s\nread and written again\n%s", err, file, again)
			}
			if !reflect.DeepEqual(back.Clients, entries.Clients) || back.Commitments[0].Dimension != entries.Commitments[0].Dimension ||
				!back.Prices[0].UnitPrice.Equal(entries.Prices[0].UnitPrice) {
				t.Fatalf("read\n%+v\nwant\n%+v", back, entries)
			}
		}
	})
}

// What YAML 1.1 would take for something else stands in quotes, for the readers of
// other languages.
func TestMarshalQuotes(t *testing.T) {
	for _, name := range []string{"=", "<<", "yes", "1_000", "2026-01-01", "0x1F", "~"} {
		file, err := catalog.Marshal(costd.Entries{Regions: []costd.Region{{ID: 1, Name: name}}}, catalog.YAML)
		if err != nil || !strings.Contains(string(file), `name: "`+name+`"`) {
			t.Errorf("%q is written as %s, %v", name, file, err)
		}
	}
}

func drawEntries(t *rapid.T) costd.Entries {
	word := rapid.OneOf(rapid.SampledFrom([]string{"true", "null", "~", "1e3", "0x1F", "<<", "=", "2026-01-01", "- a", "#x", "a: b", "é🚀", "\"", "<&>", "010"}),
		rapid.StringMatching(`[!-~]{1,20}`)).Filter(func(s string) bool { return !strings.ContainsAny(s, "{}") })
	amount := func(label string) decimal.Decimal {
		return decimal.MustParse(rapid.StringMatching(`[1-9][0-9]{0,18}(\.[0-9]{1,18})?`).Draw(t, label))
	}
	day := costd.Day(rapid.Int32Range(0, 100000).Draw(t, "day"))
	client := costd.Client{ID: rapid.Int64Min(1).Draw(t, "id"), Name: word.Draw(t, "name"), Currency: "EUR", ShowPrices: rapid.Bool().Draw(t, "show")}
	commitment := costd.Commitment{ID: word.Draw(t, "commitment"), ClientID: client.ID, Type: costd.Volume, Metric: word.Draw(t, "metric"),
		RegionID: 76, Dimension: word.Draw(t, "dimension"), Count: 3, Unit: word.Draw(t, "unit"), UnitSize: amount("size"),
		UnitSizeMonth: amount("month"), UnitPrice: amount("price"), ActiveFrom: day}
	if rapid.Bool().Draw(t, "full") {
		fee, over, end := amount("fee"), amount("over"), day+1
		commitment.PricePerMonth, commitment.OvercommitUnitPrice, commitment.ActiveTo = &fee, &over, &end
		commitment.Feature, commitment.HardwareInfo = word.Draw(t, "feature"), &costd.HardwareInfo{CPU: word.Draw(t, "cpu")}
	}
	return costd.Entries{
		Clients:  []costd.Client{client},
		Regions:  []costd.Region{{ID: 76, Name: word.Draw(t, "region")}},
		Projects: []costd.Project{{ID: 1, ClientID: client.ID, Name: word.Draw(t, "project")}},
		Prices: []costd.Price{{Type: costd.Volume, Metric: commitment.Metric, Currency: "EUR", Feature: word.Draw(t, "priced") + " {region}",
			Unit: "H", UnitSize: amount("unit_size"), UnitPrice: amount("unit_price"), EffectiveFrom: day}},
		Commitments: []costd.Commitment{commitment},
	}
}

// Whatever the file holds, Parse returns; and what it takes, it takes again when
// that was written.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{sample, "{}", "clients: null", `{"regions": [{"id": 1, "name": "\u00e9"}]}`, "regions: [{id: 1, name: !!binary YQ==}]", "a: &a [*a]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		entries, err := catalog.Parse([]byte(file))
		if err != nil {
			return
		}
		for _, format := range []catalog.Format{catalog.YAML, catalog.JSON} {
			written, err := catalog.Marshal(entries, format)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := catalog.Parse(written); err != nil {
				t.Fatalf("%v\n%s", err, written)
			}
		}
	})
}

// TestCommitmentKeepsItsClient wants a commitment's id not to be taken over: the first
// client would lose its commitment by a file that does not name it.
func TestCommitmentKeepsItsClient(t *testing.T) {
	current := costd.Entries{
		Clients:     []costd.Client{{ID: 1, Currency: "EUR"}, {ID: 2, Currency: "EUR"}},
		Commitments: []costd.Commitment{{ID: "c", ClientID: 1}},
	}
	change := costd.Entries{Commitments: []costd.Commitment{{ID: "c", ClientID: 2}}}
	if err := catalog.Check(current, change); err == nil || !strings.Contains(err.Error(), "commitment c belongs to client 1 and cannot move; use a new id") {
		t.Errorf("%v, want a refusal", err)
	}
}
