package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"costd.dev/costd"
)

// exampleOf returns a record of the type, as a sender would write it.
func exampleOf(t *testing.T, info costd.TypeInfo) map[string]any {
	t.Helper()
	s := samples[info.Type]
	record := map[string]any{
		"client_id": 1001, "project_id": 501, "region_id": 76, "type": string(info.Type),
		"resource_id": "0d6c3a5e-9b1f-4f7a-8c2d-1e0f9a8b7c01", "metric": s.metric,
		"start": "2026-10-01T00:00:00Z", "end": "2026-10-01T01:00:00Z",
	}
	switch info.Measure {
	case costd.Stated:
		record["quantity"] = json.Number(s.quantity)
	case costd.SizeElapsed:
		record["size"] = 100
	}
	attributes := map[string]any{}
	if field := string(info.RowDimension); field == "flavor" {
		record[field] = s.dimension
	} else if field != "" {
		attributes[field] = s.dimension
	}
	for _, name := range shownAttributes(t, info) {
		attributes[name] = attributeSamples[name]
	}
	if len(attributes) > 0 {
		record["attributes"] = attributes
	}
	if isTagged(t, info) {
		record["tags"] = map[string]any{"team": "web"}
	}
	return record
}

const typesIntro = `# The types of usage

<!-- Made from the code: go test ./cmd/costd -run TypesPage -update -->

A usage record is of one of %d types. This page says for each of them in which unit it is
metered, what a record must have, and which unit its prices are usually for.

Every record needs %s.
Times are RFC 3339; the period is half open, and at most 31 days long. All other fields may be left out, but:

- The **quantity** is in the type's unit. Where the table says "time", it follows from
  start and end if the record does not state it, in minutes; times ` + "`count`" + `, if there is
  one. Where it says "size x time", it is ` + "`size`" + ` in GiB times minutes. Where it says
  "stated", the record has to state it.
- The **dimension** tells the lines of a report apart. Records without it are taken in,
  but stand on a line of their own, on which no commitment can draw.
- The **usual unit** is what a price is for: ` + "`unit`" + ` and ` + "`unit_size`" + ` in the catalog. Any other
  one can be stated.

What is known by which fields, and what happens to corrections, is in
[semantics.md](semantics.md).

`

// writeTypesPage returns the page.
func writeTypesPage(t *testing.T) string {
	var b strings.Builder
	fmt.Fprintf(&b, typesIntro, len(costd.Types), inCode(alwaysRequired))
	b.WriteString("| type | what it is | unit | quantity | dimension | usual unit, `unit_size` |\n|---|---|---|---|---|---|\n")
	for _, info := range costd.Types {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s | %s | %s |\n", info.Type, info.Type,
			samples[info.Type].about, info.Unit, measureText(info), code(string(info.Dimension)), usualUnit(t, info.Unit))
	}
	writeUnits(&b)
	writeColumns(t, &b)
	b.WriteString("\n## Records\n\nEach of these can be sent as it stands, as NDJSON to `POST /api/v1/usage`, once the catalog\nhas client 1001, project 501 and region 76.\n")
	for _, info := range costd.Types {
		writeType(t, &b, info)
	}
	return b.String()
}

// writeUnits says what the units of prices are.
func writeUnits(b *strings.Builder) {
	b.WriteString("\n## Units of prices\n\n| metered in | `unit` | `unit_size` | which is |\n|---|---|---|---|\n")
	for _, u := range usualUnits {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", u.metered, u.unit, u.size, u.about)
	}
}

func measureText(info costd.TypeInfo) string {
	switch info.Measure {
	case costd.Elapsed:
		return "time"
	case costd.SizeElapsed:
		return "size x time"
	}
	return "stated"
}

// usualUnit names the usual units of prices of a metered unit.
func usualUnit(t *testing.T, metered string) string {
	var all []string
	for _, u := range usualUnits {
		if u.metered == metered {
			all = append(all, u.unit+", "+u.size)
		}
	}
	if len(all) == 0 {
		t.Fatalf("usualUnits says nothing about %s", metered)
	}
	return strings.Join(all, "; ")
}

// writeType writes what is particular to a type, and an example of it.
func writeType(t *testing.T, b *strings.Builder, info costd.TypeInfo) {
	fmt.Fprintf(b, "\n### %s\n\n", info.Type)
	switch info.Measure {
	case costd.Stated:
		fmt.Fprintf(b, "Requires `quantity`, in %s, too.", info.Unit)
	case costd.SizeElapsed:
		b.WriteString("Requires `size`, in GiB, too, or a `quantity`.")
	case costd.Elapsed:
		b.WriteString("Requires what every record needs.")
	}
	switch {
	case info.Dimension != "":
		fmt.Fprintf(b, " Lines are told apart by %s.", code(fieldPath(info.Dimension)))
	case info.RowDimension != "":
		fmt.Fprintf(b, " Rows about resources, but not totals, are told apart by %s.", code(fieldPath(info.RowDimension)))
	}
	if names := shownAttributes(t, info); len(names) > 0 {
		fmt.Fprintf(b, " Reports show of the attributes %s.", inCode(names))
	}
	if isTagged(t, info) {
		b.WriteString(" Rows show `tags`.")
	}
	b.WriteString("\n\n```json\n" + line(t, exampleOf(t, info)) + "\n```\n")
}

// fieldPath names a dimension as records spell it.
func fieldPath(f costd.Field) string {
	if f == costd.FieldFlavor {
		return string(f)
	}
	return "attributes." + string(f)
}

// line writes a record in the order in which people think of it.
func line(t *testing.T, record map[string]any) string {
	t.Helper()
	var parts []string
	for _, name := range []string{"client_id", "project_id", "region_id", "type", "resource_id", "metric", "flavor", "start", "end", "quantity", "size", "attributes", "tags"} {
		value, ok := record[name]
		if !ok {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, fmt.Sprintf("%q: %s", name, text))
	}
	if len(parts) != len(record) {
		t.Fatalf("a field of %v has no place", record)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func inCode(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = code(name)
	}
	return strings.Join(all, ", ")
}
