package main

import (
	"bufio"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// A column of a table.
type column struct {
	title string
	right bool // flush right
	point bool // flush right, with numbers in line at their points
}

// A table prints rows in columns as wide as their widest cell, two spaces apart.
type table struct {
	columns []column
	rows    [][]string
}

func newTable(columns ...column) *table {
	t := &table{columns: columns}
	t.add(titles(columns)...)
	return t
}

func titles(columns []column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.title
	}
	return all
}

// add appends a row of one cell for each column. A row of one cell alone stands
// across all columns and does not widen them.
func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// gap stands between columns.
const gap = "  "

// write prints the table.
func (t *table) write(w io.Writer) error {
	widths := t.align()
	out := bufio.NewWriter(w)
	for _, row := range t.rows {
		out.WriteString(strings.TrimRight(t.line(row, widths), " ") + "\n") // a failed write is remembered until Flush
	}
	return out.Flush()
}

func (t *table) line(row []string, widths []int) string {
	if len(row) != len(t.columns) {
		return row[0]
	}
	cells := make([]string, len(row))
	for i, cell := range row {
		cells[i] = pad(cell, widths[i], t.columns[i].right || t.columns[i].point)
	}
	return strings.Join(cells, gap)
}

// full yields the rows that have a cell for each column.
func (t *table) full() iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for _, row := range t.rows {
			if len(row) == len(t.columns) && !yield(row) {
				return
			}
		}
	}
}

// align lines up the numbers of point columns, and returns the width of each
// column in characters.
func (t *table) align() []int {
	for i, c := range t.columns {
		if c.point {
			t.alignPoints(i)
		}
	}
	widths := make([]int, len(t.columns))
	for row := range t.full() {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// width returns the length of the longest line of several cells.
func (t *table) width() int {
	sum := len(gap) * (len(t.columns) - 1)
	for _, w := range t.align() {
		sum += w
	}
	return sum
}

// alignPoints pads the numbers in a column so that flush right their points stand
// under each other. Padded cells are no numbers any more, so doing it again does
// nothing.
func (t *table) alignPoints(column int) {
	decimals := 0
	for row := range t.full() {
		decimals = max(decimals, afterPoint(row[column]))
	}
	for row := range t.full() {
		if isNumber(row[column]) {
			row[column] += strings.Repeat(" ", decimals-afterPoint(row[column]))
		}
	}
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789,.-") == "" }

// afterPoint returns how many characters the point of a number and its decimals take.
func afterPoint(s string) int {
	if i := strings.IndexByte(s, '.'); i >= 0 && isNumber(s) {
		return len(s) - i
	}
	return 0
}

// pad fills s up to the width with spaces.
func pad(s string, width int, right bool) string {
	spaces := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
	if right {
		return spaces + s
	}
	return s + spaces
}

// grouped returns a number in plain notation with commas between thousands and at
// least the given number of decimals: "18600" as "18,600.00".
func grouped(number string, decimals int) string {
	digits, negative := strings.CutPrefix(number, "-")
	integer, fraction, _ := strings.Cut(digits, ".")
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	for i, digit := range integer {
		if i > 0 && (len(integer)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	fraction += strings.Repeat("0", max(0, decimals-len(fraction)))
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return b.String()
}
