package text

import (
	"strings"
	"unicode/utf8"
)

// formulaStarts are what a spreadsheet may take for the beginning of a formula. Some read
// full-width signs, which East Asian keyboards have, like the others.
const formulaStarts = "=+-@\t\r\uFF1D\uFF0B\uFF0D\uFF20"

// unseen are characters without a width: some programs drop them before they look for a formula.
const unseen = "\u200B\u200C\u200D\u2060\uFEFF"

// Cell returns a text from outside as a cell of a CSV file after RFC 4180, quoted if need
// be. What a spreadsheet would take for a formula is disarmed by a leading apostrophe.
func Cell(s string) string {
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, unseen)); s != "" && strings.ContainsRune(formulaStarts, first) {
		s = "'" + s
	}
	// Where lists are separated by semicolons, a spreadsheet ends a cell at one unless it is quoted.
	if strings.ContainsAny(s, ",;\"\r\n") {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}
