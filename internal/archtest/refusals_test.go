package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestRefusalsAreDocumented wants the first clause of every message that becomes a 503
// or a refusal to start in docs/operations.md, where operators look what to do.
func TestRefusalsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	document := strings.Join(strings.Fields(string(text)), " ")
	messages := refusals(t)
	if len(messages) < 20 {
		t.Fatalf("found only %d messages: %q", len(messages), messages)
	}
	for _, message := range messages {
		for _, words := range clauseOf(message) {
			if !strings.Contains(document, words) {
				t.Errorf("docs/operations.md does not say what to do about %q: %q is missing", message, words)
			}
		}
	}
}

// verb is a verb of package fmt.
var verb = regexp.MustCompile(`%[a-z]`)

// clauseOf returns what stands between the verbs of the message's first clause, but
// single words.
func clauseOf(message string) (parts []string) {
	if i := strings.IndexAny(message, ";,:"); i > 0 {
		message = message[:i]
	}
	for _, part := range verb.Split(message, -1) {
		if part = strings.TrimSpace(part); strings.Contains(part, " ") {
			parts = append(parts, part)
		}
	}
	return parts
}

// refusals returns the messages of all errors of the code Unavailable.
func refusals(t *testing.T) (messages []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "storetest") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err == nil {
			ast.Inspect(file, func(n ast.Node) bool {
				if m := refusal(n); m != "" {
					messages = append(messages, m)
				}
				return true
			})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// refusal returns the message of an error that the node makes, "" if it makes none:
// costd.Errorf(costd.Unavailable, ...), an Error of that code, and what the packages
// ingest and store/duckdb call for it.
func refusal(n ast.Node) string {
	switch n := n.(type) {
	case *ast.CallExpr:
		name, ok := n.Fun.(*ast.Ident)
		if ok && (name.Name == "unavailable" || name.Name == "full") || len(n.Args) > 0 && isUnavailable(n.Args[0]) {
			return firstText(n.Args)
		}
	case *ast.CompositeLit:
		values := map[string]ast.Expr{}
		for _, e := range n.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				if key, ok := pair.Key.(*ast.Ident); ok {
					values[key.Name] = pair.Value
				}
			}
		}
		if isUnavailable(values["Code"]) && values["Message"] != nil {
			return firstText([]ast.Expr{values["Message"]})
		}
	}
	return ""
}

// isUnavailable reports whether the expression is costd.Unavailable.
func isUnavailable(e ast.Expr) bool {
	code, ok := e.(*ast.SelectorExpr)
	return ok && code.Sel.Name == "Unavailable"
}

// firstText returns the first literal text in the expressions, or in their sums.
func firstText(expressions []ast.Expr) (text string) {
	for _, e := range expressions {
		for sum, ok := e.(*ast.BinaryExpr); ok; sum, ok = e.(*ast.BinaryExpr) {
			e = sum.X
		}
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, _ = strconv.Unquote(literal.Value) // what the parser took is quoted well
			return text
		}
	}
	return ""
}
