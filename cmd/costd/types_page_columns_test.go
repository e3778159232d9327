package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/importer"
)

const columnsIntro = `
## Columns of CSV and Parquet files

` + "`costd import`" + ` reads CSV and Parquet files whose columns are the fields of a record, one record
a line; the first line of a CSV names them. The columns may stand in any order. An empty
value is absent. A CSV is UTF-8, with commas. Numbers are decimal, times are RFC 3339.

| column | value |
|---|---|
`

// columnTexts says what each column holds, but for attributes, which are texts.
var columnTexts = map[string]string{
	"id":          "what the record is known by within its client and the day of its start; without it resource, metric and start are",
	"client_id":   "whole number, required",
	"project_id":  "whole number, required",
	"region_id":   "whole number, required",
	"type":        "one of the types above, required",
	"resource_id": "text, best a UUID; required",
	"metric":      "what prices and commitments are for, required",
	"start":       "time, such as `2026-10-01T00:00:00Z`; required",
	"end":         "time after start, at most 31 days later; required",
	"quantity":    "in the type's unit; required where the table above says \"stated\"",
	"size":        "in GiB; required where the table above says \"size x time\" and there is no quantity",
	"count":       "how many of the thing ran; multiplies the time, 1 if it is absent",
	"flavor":      "the dimension of machines",
	"name":        "what reports show as the name of the resource",
	"deleted":     "`true` removes the record with the same `id` and `start`; such a line needs no other columns but what the record is known by",
	"attributes":  "all attributes as a JSON object, in place of columns for each",
	"tags":        "all tags as a JSON object, such as `{\"team\": \"web\"}`, in place of columns for each",
}

// columnOrder is the order in which people think of columns.
var columnOrder = []string{"client_id", "project_id", "region_id", "type", "resource_id", "metric", "start", "end",
	"id", "quantity", "size", "count", "flavor", "name", "deleted"}

// writeColumns says which columns a file of usage may have.
func writeColumns(t *testing.T, b *strings.Builder) {
	t.Helper()
	b.WriteString(columnsIntro)
	attributes := importer.Columns()
	for _, name := range append(slices.Clone(columnOrder), "attributes", "tags") {
		at := slices.Index(attributes, name)
		if at < 0 || columnTexts[name] == "" {
			t.Fatalf("the column %s is not known", name)
		}
		attributes = slices.Delete(attributes, at, at+1)
		fmt.Fprintf(b, "| `%s` | %s |\n", name, columnTexts[name])
	}
	fmt.Fprintf(b, "| %s | texts; each may also be named as in a record, such as `attributes.%s` |\n", inCode(attributes), attributes[0])
	b.WriteString("| `tags.KEY` | text: the value of the tag KEY |\n")
	b.WriteString("\nThe example of a volume below is this CSV:\n\n```csv\n" + asCSV(t, exampleOf(t, typeInfo(t, costd.Volume))) + "```\n")
}

func typeInfo(t *testing.T, typ costd.Type) costd.TypeInfo {
	t.Helper()
	at := slices.IndexFunc(costd.Types, func(i costd.TypeInfo) bool { return i.Type == typ })
	if at < 0 {
		t.Fatalf("there is no type %s", typ)
	}
	return costd.Types[at]
}

// asCSV writes a record as a file with the columns that the page names.
func asCSV(t *testing.T, record map[string]any) string {
	t.Helper()
	names, values := []string{}, []string{}
	add := func(name string, value any) {
		names, values = append(names, name), append(values, fmt.Sprint(value))
	}
	for _, name := range columnOrder {
		if value, ok := record[name]; ok {
			add(name, value)
		}
	}
	for _, group := range []struct{ name, prefix string }{{"attributes", ""}, {"tags", "tags."}} {
		members, _ := record[group.name].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			add(group.prefix+name, members[name])
		}
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	if err := w.WriteAll([][]string{names, values}); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// Each example of the page is the same record when it is written as a CSV, also with the
// attributes named as the page names dimensions.
func TestTypesPageAsCSV(t *testing.T) {
	for _, info := range costd.Types {
		example := exampleOf(t, info)
		plain := asCSV(t, example)
		for _, text := range []string{plain, withLongNames(plain)} {
			if got, want := readCSV(t, text), normal(t, example); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: the CSV\n%sis read as %v, want %v", info.Type, text, got, want)
			}
		}
	}
}

// withLongNames names the attributes in the header of a CSV as records do.
func withLongNames(text string) string {
	header, rest, _ := strings.Cut(text, "\n")
	columns := strings.Split(header, ",")
	for i, name := range columns {
		if !slices.Contains(columnOrder, name) && !strings.HasPrefix(name, "tags.") {
			columns[i] = "attributes." + name
		}
	}
	return strings.Join(columns, ",") + "\n" + rest
}

// readCSV returns the one record that importer makes of a file.
func readCSV(t *testing.T, text string) (record any) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usage.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := importer.Files(path)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range input.Rows(t.Context()) {
		if err = errorOf(row, err); err != nil {
			t.Fatalf("%v of\n%s", err, text)
		}
		if err := json.Unmarshal(row.JSON, &record); err != nil {
			t.Fatal(err)
		}
	}
	return record
}

func errorOf(row importer.Row, err error) error {
	if err == nil && row.Err != nil {
		return row.Err
	}
	return err
}

// normal returns the record as JSON is read.
func normal(t *testing.T, record map[string]any) (same any) {
	t.Helper()
	text, err := json.Marshal(record)
	if err == nil {
		err = json.Unmarshal(text, &same)
	}
	if err != nil {
		t.Fatal(err)
	}
	return same
}
