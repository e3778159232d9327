// Package archtest holds the rules of the house that a compiler does not know:
// who may import whom, which files may say float64, and that every package says
// what it is. Each rule is a function of source text, so that its own test can
// make it fire; archtest_test.go runs all of them over the tree.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the import path of the root package.
const Module = "costd.dev/costd"

// A Package is one folder of Go files, test files apart.
type Package struct {
	Path      string // relative to the module's root, "." for the root
	Imports   []string
	HasDoc    bool
	FloatUses []token.Position
}

// Load parses every package below root that is not hidden, vendored or testdata.
func Load(root string) ([]Package, error) {
	folders := map[string][]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != root && (name[0] == '.' || name == "testdata" || name == "vendor") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			folders[filepath.Dir(p)] = append(folders[filepath.Dir(p)], p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var packages []Package
	for folder, files := range folders {
		relative, err := filepath.Rel(root, folder)
		if err != nil {
			return nil, err
		}
		p := Package{Path: filepath.ToSlash(relative)}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			if err := p.add(file, source); err != nil {
				return nil, err
			}
		}
		packages = append(packages, p)
	}
	slices.SortFunc(packages, func(a, b Package) int { return strings.Compare(a.Path, b.Path) })
	return packages, nil
}

// add parses one file of the package.
func (p *Package) add(name string, source []byte) error {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, source, parser.ParseComments)
	if err != nil {
		return err
	}
	p.HasDoc = p.HasDoc || f.Doc != nil
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		p.Imports = append(p.Imports, imported)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if floatNames[n.Name] {
				p.FloatUses = append(p.FloatUses, files.Position(n.Pos()))
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT {
				p.FloatUses = append(p.FloatUses, files.Position(n.Pos()))
			}
		}
		return true
	})
	return nil
}

// floatNames are the identifiers through which a binary float comes into a
// program: the types, and the conversions of the packages we use.
var floatNames = map[string]bool{
	"float64": true, "float32": true, "ParseFloat": true, "Float64": true, "Float32": true,
	"SetFloat64": true, "SetFloat": true, "NewFloat": true, "NullFloat64": true,
}

// A Layer is a room of the house and the rooms it may use, as path patterns
// relative to the module ("store/*"). Packages outside the module are not its
// business.
type Layer struct {
	Room string
	May  []string
}

// CheckImports returns a complaint for every import inside the module that no
// layer allows, and for every package without a layer.
func CheckImports(packages []Package, layers []Layer) []string {
	var complaints []string
	for _, p := range packages {
		i := slices.IndexFunc(layers, func(l Layer) bool { return matches(l.Room, p.Path) })
		if i < 0 {
			complaints = append(complaints, fmt.Sprintf("%s: no layer; give it a room in archtest_test.go and ARCHITECTURE.md", p.Path))
			continue
		}
		for _, imported := range p.Imports {
			relative, ok := inModule(imported)
			if ok && !slices.ContainsFunc(layers[i].May, func(m string) bool { return matches(m, relative) }) {
				complaints = append(complaints, fmt.Sprintf("%s may not import %s", p.Path, imported))
			}
		}
	}
	return complaints
}

// CheckPermissions returns a complaint for every permission that no import needs: it would
// let in one day what nobody decided.
func CheckPermissions(packages []Package, layers []Layer) []string {
	var complaints []string
	for i, l := range layers {
		for _, may := range l.May {
			used := func(p Package) bool {
				first := slices.IndexFunc(layers, func(l Layer) bool { return matches(l.Room, p.Path) })
				return first == i && slices.ContainsFunc(p.Imports, func(imported string) bool {
					relative, ok := inModule(imported)
					return ok && matches(may, relative)
				})
			}
			if !slices.ContainsFunc(packages, used) {
				complaints = append(complaints, fmt.Sprintf("%s may import %s and does not", l.Room, may))
			}
		}
	}
	return complaints
}

// CheckPure returns a complaint for every import of a package that is not on the list, by
// the packages that match a room: those that compute, and know no clock, file or network.
func CheckPure(packages []Package, room string, allowed ...string) []string {
	var complaints []string
	for _, p := range packages {
		for _, imported := range p.Imports {
			if _, own := inModule(imported); matches(room, p.Path) && !own && !slices.Contains(allowed, imported) {
				complaints = append(complaints, fmt.Sprintf("%s may not import %s", p.Path, imported))
			}
		}
	}
	return complaints
}

// CheckForbidden returns a complaint for every package, other than those that
// match one of the exceptions, that imports the given path.
func CheckForbidden(packages []Package, forbidden string, exceptions ...string) []string {
	var complaints []string
	for _, p := range packages {
		if slices.ContainsFunc(exceptions, func(e string) bool { return matches(e, p.Path) }) {
			continue
		}
		if slices.Contains(p.Imports, forbidden) {
			complaints = append(complaints, fmt.Sprintf("%s may not import %s", p.Path, forbidden))
		}
	}
	return complaints
}

// CheckDoc returns a complaint for every package without a package comment.
func CheckDoc(packages []Package) []string {
	var complaints []string
	for _, p := range packages {
		if !p.HasDoc {
			complaints = append(complaints, p.Path+": no package comment")
		}
	}
	return complaints
}

// CheckFloats returns a complaint for every mention of a binary float in the
// packages that match one of the rooms.
func CheckFloats(packages []Package, rooms ...string) []string {
	var complaints []string
	for _, p := range packages {
		if !slices.ContainsFunc(rooms, func(r string) bool { return matches(r, p.Path) }) {
			continue
		}
		for _, position := range p.FloatUses {
			complaints = append(complaints, fmt.Sprintf("%s: a binary float in a path of money or usage", position))
		}
	}
	return complaints
}

// CheckDependencies returns a complaint for every directly required module that
// the document does not name, and for every one it names twice or that is not required.
// A module counts as named where it stands between backquotes at the beginning
// of a table row.
func CheckDependencies(required []string, document string) []string {
	var named, complaints []string
	for line := range strings.Lines(document) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ := strings.Cut(rest, "`")
			if slices.Contains(named, name) {
				complaints = append(complaints, name+" stands twice in docs/dependencies.md")
			}
			named = append(named, name)
		}
	}
	for _, module := range required {
		if !slices.Contains(named, module) {
			complaints = append(complaints, module+" has no reason in docs/dependencies.md")
		}
	}
	for _, module := range named {
		if !slices.Contains(required, module) {
			complaints = append(complaints, module+" stands in docs/dependencies.md but is not required by go.mod")
		}
	}
	return complaints
}

func inModule(imported string) (relative string, ok bool) {
	if imported == Module {
		return ".", true
	}
	return strings.CutPrefix(imported, Module+"/")
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
