// Package catalog reads, checks, applies and writes catalog files: the clients,
// regions, projects, prices and commitments that operators decide.
//
// A catalog file is YAML or JSON, as docs/catalog.md describes it. Numbers are
// taken from their digits, quoted or not. What is wrong with a file is said all at
// once, each mistake with its entry and its field, and nothing changes then.
package catalog
