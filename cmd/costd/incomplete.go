package main

import (
	"fmt"
	"strings"

	"costd.dev/costd/client"
)

// exitIncomplete is the exit code of a report that was printed, but has rows without
// a cost: a script must be able to tell it from a bill, and from a failure.
const exitIncomplete = 3

// maxNamedRows is how many rows without a cost a message names: as many as are read.
const maxNamedRows = 5

// An incompleteError says that a report was printed whose costs are not all of them.
type incompleteError struct{ rows string }

func (e *incompleteError) Error() string {
	return "the report is not complete: " + e.rows
}

// incomplete returns an *incompleteError if one of the rows has an error in place of a
// cost, else nil.
func incomplete(rows client.Rows, name func(client.Row) string) error {
	if missing := unpriced(rows, name); missing != "" {
		return &incompleteError{missing}
	}
	return nil
}

// unpriced says which rows have an error in place of a cost; "" for none.
func unpriced(rows client.Rows, name func(client.Row) string) string {
	failed := withError(rows)
	n := len(failed)
	var names []string
	for _, row := range failed[:min(n, maxNamedRows)] {
		names = append(names, name(row))
	}
	if n > maxNamedRows {
		names = append(names, fmt.Sprintf("%d more", n-maxNamedRows))
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "1 row has no cost: " + names[0]
	}
	return fmt.Sprintf("%d rows have no cost: %s", n, strings.Join(names, ", "))
}

// withError returns the rows that have an error in place of a cost.
func withError(rows client.Rows) (failed client.Rows) {
	for _, row := range rows {
		if row.Base().Err != "" {
			failed = append(failed, row)
		}
	}
	return failed
}
