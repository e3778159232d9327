package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"costd.dev/costd"
)

// A changePrinter writes changed entries, one a line.
type changePrinter struct {
	w      io.Writer
	indent string
	err    error // the first one of w
}

// printEntries writes the changes of one kind of entries. The fields of the key stand in
// the label alone.
func printEntries[T any](p *changePrinter, kind string, changes []costd.Change[T], label func(*T) string, key ...string) {
	for _, c := range changes {
		if p.err != nil {
			return
		}
		sign, entry := "~", c.After
		switch {
		case c.Before == nil:
			sign = "+"
		case c.After == nil:
			sign, entry = "-", c.Before
		}
		_, p.err = fmt.Fprintf(p.w, "%s%s %s %s: %s\n", p.indent, sign, kind, label(entry), strings.Join(differing(c, key), ", "))
	}
}

// differing returns the fields in which an entry changes, as texts such as
// "unit_price 19.9 -> 18"; all fields of one that is new or gone.
func differing[T any](c costd.Change[T], key []string) (texts []string) {
	var zero T
	before, after := fieldsOf(&zero), fieldsOf(&zero)
	if c.Before != nil {
		before = fieldsOf(c.Before)
	}
	if c.After != nil {
		after = fieldsOf(c.After)
	}
	for i, f := range after {
		was := before[i].text
		switch {
		case slices.Contains(key, f.name):
		case c.Before != nil && c.After != nil && was != f.text:
			texts = append(texts, fmt.Sprintf("%s %s -> %s", f.name, orNone(was), orNone(f.text)))
		case c.Before == nil && f.text != "":
			texts = append(texts, f.name+" "+f.text)
		case c.After == nil && was != "":
			texts = append(texts, f.name+" "+was)
		}
	}
	return texts
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// A field is one of an entry, as catalog files name it; "" for one that is left out.
type field struct{ name, text string }

// fieldsOf returns the fields of an entry in the order of its type.
func fieldsOf(entry any) (fields []field) {
	v := reflect.ValueOf(entry).Elem()
	for i := range v.NumField() {
		name, omit, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f := field{name: name}
		if omit == "" || !v.Field(i).IsZero() {
			f.text = plainText(v.Field(i).Interface())
		}
		fields = append(fields, f)
	}
	return fields
}

// plainText returns a value as JSON has it, a text without its quotes.
func plainText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value) // which no field of an entry needs
	}
	var s string
	if json.Unmarshal(text, &s) == nil {
		return s
	}
	return string(text)
}

// priceLabel returns the key of a price for people.
func priceLabel(p *costd.Price) string {
	label := fmt.Sprintf("%s %s", p.Type, p.Metric)
	if p.RegionID != 0 {
		label += fmt.Sprintf(" region %d", p.RegionID)
	}
	if p.ClientID != 0 {
		label += fmt.Sprintf(" client %d", p.ClientID)
	}
	return fmt.Sprintf("%s %s from %s", label, p.Currency, p.EffectiveFrom)
}
