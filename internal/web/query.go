package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"costd.dev/costd"
)

// Limits on what an answer says about a query string that is all wrong.
const (
	maxQueryMistakes = 100
	maxNameShown     = 64 // characters of a parameter's name
)

// A Query says which parameters a path takes in its query string.
type Query struct {
	Once []string // each at most once
	Many []string // each any number of times
}

// Parse returns the parameters of a query string, and what is wrong with it:
// parameters that the path does not take, which would do nothing where the caller
// expects something, and ones that are given more than once without being lists.
func (q Query) Parse(raw string) (url.Values, []costd.FieldError) {
	values, err := url.ParseQuery(raw)
	var mistakes []costd.FieldError
	if err != nil {
		mistakes = append(mistakes, costd.FieldError{Field: "query", Message: "is not a valid query string; write %25 for a percent sign and %3B for a semicolon"})
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		message := ""
		switch {
		case slices.Contains(q.Many, name):
		case !slices.Contains(q.Once, name):
			message = "is not a parameter of this path; " + q.remedy()
		case len(values[name]) > 1:
			message = "is given more than once; keep one"
		}
		if message != "" && len(mistakes) < maxQueryMistakes {
			mistakes = append(mistakes, costd.FieldError{Field: shortName(name), Message: message})
		}
	}
	return values, mistakes
}

// remedy says what to do about a parameter that the path does not take.
func (q Query) remedy() string {
	if len(q.Once)+len(q.Many) == 0 {
		return "it takes none"
	}
	return fmt.Sprintf("it takes %s", strings.Join(slices.Concat(q.Once, q.Many), ", "))
}

func shortName(name string) string {
	if characters := []rune(name); len(characters) > maxNameShown {
		return string(characters[:maxNameShown]) + "..."
	}
	return name
}
