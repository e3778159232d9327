// Package gcore speaks the dialect of the Gcore Cloud cost-report API, so that
// its official clients work against costd unchanged: the same paths, request
// fields, answers, key order, errors and CSV.
//
// It decodes a request strictly, works out its period, decides which projects the key may
// see, asks package report, and writes the answer from exact numbers. For a schema_filter by
// an id as answers show it, it asks up to two times more, to find the ids as usage has them
// (ids.go). It keeps answers, 64 MiB at most, and sends one again as long as nothing
// that it is made of has changed (remember.go). Where it knows or suspects that it differs
// from the hosted service, DIVERGENCES.md says so and why.
package gcore
