package archtest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const root = "../.."

// layers is the house: ARCHITECTURE.md draws the same picture.
var layers = []Layer{
	{"decimal", nil},
	{".", []string{"decimal"}},
	{"rating", []string{".", "decimal"}},
	{"ledger", []string{"."}},
	{"internal/web", []string{"."}},
	{"internal/text", nil},
	{"internal/archtest", nil},
	{"ingest", []string{".", "decimal", "internal/text", "internal/turns"}},
	{"catalog", []string{".", "decimal", "internal/text"}},
	{"access", []string{".", "internal/text"}},
	{"report", []string{".", "decimal", "rating"}},
	{"gcore", []string{".", "decimal", "report", "access", "internal/web", "internal/text"}},
	{"api", []string{".", "decimal", "ingest", "catalog", "access", "report", "rating", "internal/web", "internal/text"}},
	{"usage/driver", []string{".", "decimal"}},
	{"usage", []string{".", "decimal", "usage/driver"}},
	{"store/duckdb/files", []string{"."}},
	{"store/duckdb", []string{".", "decimal", "ledger", "usage/driver", "store/duckdb/files"}},
	{"store/embedded", []string{".", "usage", "store/duckdb"}},
	{"store/storetest", []string{".", "decimal"}},
	{"client", []string{".", "decimal"}},
	{"importer", []string{"."}},
	{"demo", []string{".", "decimal"}},
	{"openapi", nil},
	{"server", []string{".", "report", "gcore", "api", "ingest", "catalog", "access", "openapi", "internal/turns", "internal/web"}},
	{"bench", []string{".", "decimal", "catalog", "client", "internal/spawn"}},
	{"cmd/costd-bench", []string{"bench"}},
	{"cmd/costd", []string{"*", "store/duckdb", "store/embedded"}},
	{"internal/openapitest", []string{"openapi"}},
	{"internal/fleettest", []string{".", "decimal"}},
	{"internal/*", nil},
}

// pure are the packages that a room may import which only computes.
var pure = []string{"cmp", "errors", "fmt", "hash/maphash", "iter", "maps", "math", "math/big", "slices", "sort", "strconv", "strings"}

// exactRooms are the packages through which usage and money pass.
var exactRooms = []string{".", "decimal", "rating", "usage", "usage/driver", "report", "ingest", "catalog", "gcore", "api", "store/*", "client", "importer", "demo", "cmd/costd"}

func load(t *testing.T) []Package {
	t.Helper()
	packages, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 5 {
		t.Fatalf("found only %d packages below %s", len(packages), root)
	}
	return packages
}

func TestTree(t *testing.T) {
	packages := load(t)
	for rule, complaints := range map[string][]string{
		"imports":       CheckImports(packages, layers),
		"permissions":   CheckPermissions(packages, layers),
		"pure":          CheckPure(packages, "rating", pure...),
		"cgo":           CheckForbidden(packages, "github.com/duckdb/duckdb-go/v2", "store/duckdb", "importer", "bench"), // bench measures it too
		"C interface":   CheckForbidden(packages, "github.com/duckdb/duckdb-go-bindings", "importer"),
		"no unsafe":     CheckForbidden(packages, "unsafe", "importer"), // reads vectors of DuckDB where they lie
		"no testing":    CheckForbidden(packages, "testing", "store/storetest"),
		"storetest":     CheckForbidden(packages, Module+"/store/storetest"),
		"no benchmark":  CheckForbidden(packages, Module+"/bench", "cmd/costd-bench"), // it measures the product, and is none of it
		"fleettest":     CheckForbidden(packages, Module+"/internal/fleettest"),
		"package docs":  CheckDoc(packages),
		"binary floats": CheckFloats(packages, exactRooms...),
	} {
		for _, complaint := range complaints {
			t.Errorf("%s: %s", rule, complaint)
		}
	}
}

func TestDependencies(t *testing.T) {
	source, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", source, nil)
	if err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, r := range mod.Require {
		if !r.Indirect {
			required = append(required, r.Mod.Path)
		}
	}
	document, err := os.ReadFile(root + "/docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, complaint := range CheckDependencies(required, string(document)) {
		t.Error(complaint)
	}
}

// TestRulesFire shows that each rule complains about what it forbids.
func TestRulesFire(t *testing.T) {
	parse := func(path, source string) Package {
		t.Helper()
		p := Package{Path: path}
		if err := p.add(path+"/x.go", []byte(source)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	one := func(p Package) []Package { return []Package{p} }
	for _, tt := range []struct {
		name       string
		complaints []string
		want       string
	}{
		{"upward import", CheckImports(one(parse("rating", `package rating; import "costd.dev/costd/report"`)), layers), "rating may not import costd.dev/costd/report"},
		{"dialects apart", CheckImports(one(parse("api", `package api; import "costd.dev/costd/gcore"`)), layers), "api may not import costd.dev/costd/gcore"},
		{"no store", CheckImports(one(parse("gcore", `package gcore; import "costd.dev/costd/store/duckdb"`)), layers), "gcore may not import"},
		{"unused", CheckPermissions(one(parse("rating", `package rating; import "costd.dev/costd/decimal"`)), []Layer{{"rating", []string{"decimal", "."}}}), "rating may import . and does not"},
		{"clock", CheckPure(one(parse("rating", `package rating; import "time"`)), "rating", pure...), "rating may not import time"},
		{"no room", CheckImports(one(parse("utils", `package utils`)), layers), "utils: no layer"},
		{"cgo", CheckForbidden(one(parse("report", `package report; import "x"`)), "x", "store/*"), "report may not import x"},
		{"doc", CheckDoc(one(parse("rating", "package rating"))), "rating: no package comment"},
		{"float type", CheckFloats(one(parse("rating", "package rating\nvar x float64")), "rating"), "rating/x.go:2:7"},
		{"float literal", CheckFloats(one(parse("rating", "package rating\nvar x = 0.5")), "rating"), "rating/x.go:2:9"},
		{"float conversion", CheckFloats(one(parse("rating", "package rating\nvar x = strconv.ParseFloat")), "rating"), "rating/x.go:2:17"},
		{"dependency without reason", CheckDependencies([]string{"a"}, "| `b` | why |\n"), "a has no reason"},
		{"two reasons", CheckDependencies([]string{"b"}, "| `b` | why |\n| `b` | why |\n"), "b stands twice"},
		{"reason without dependency", CheckDependencies(nil, "| `b` | why |\n"), "b stands in"},
	} {
		if !slices.ContainsFunc(tt.complaints, func(c string) bool { return strings.Contains(c, tt.want) }) {
			t.Errorf("%s: got %q, want a complaint with %q", tt.name, tt.complaints, tt.want)
		}
	}
	if got := CheckImports(one(parse("report", `package report; import ("costd.dev/costd/rating"; "fmt")`)), layers); len(got) > 0 {
		t.Errorf("allowed imports: %q", got)
	}
	if got := CheckFloats(one(parse("server", "package server\nvar x float64")), exactRooms...); len(got) > 0 {
		t.Errorf("floats outside the exact rooms: %q", got)
	}
}
