package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

var (
	rowID      = regexp.MustCompile(`(?i)\browid\b`)
	sqlComment = regexp.MustCompile(`--.*`)
)

// CheckRowIDs returns a complaint for every mention of the number of a stored row in the
// SQL of a file: in the text literals of Go source, or in a file of SQL. A checkpoint
// changes these numbers, also between two statements of one transaction, so that whoever
// keeps one reads the row of something else. Comments may speak of them.
func CheckRowIDs(name string, source []byte) (complaints []string, err error) {
	complain := func(where string, text string) {
		if rowID.MatchString(text) {
			complaints = append(complaints, where+": the number of a stored row; name it by a number of its own")
		}
	}
	if !strings.HasSuffix(name, ".go") {
		complain(name, sqlComment.ReplaceAllString(string(source), ""))
		return complaints, nil
	}
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, source, 0)
	if err != nil {
		return nil, err
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			complain(fmt.Sprint(files.Position(literal.Pos())), sqlComment.ReplaceAllString(literal.Value, ""))
		}
		return true
	})
	return complaints, nil
}
