package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"costd.dev/costd/bench"
)

// printFigures prints the figures for people: a table in groups.
func printFigures(w io.Writer, r *bench.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s\n%s\n\n", r.Machine, r.Fleet)
	fmt.Fprintln(t, "\tcostd\tbeside it\tratio\treach\treached")
	group := ""
	for _, figure := range r.Figures {
		if figure.Group != group {
			group = figure.Group
			fmt.Fprintln(t, group+strings.Repeat("\t", 5)) // a line without tabs would end the columns
		}
		fmt.Fprintln(t, "  "+strings.Join(figure.Cells(), "\t"))
	}
	return t.Flush()
}
