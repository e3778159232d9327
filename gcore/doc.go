// Package gcore speaks the dialect of the Gcore Cloud cost-report API, so that
// its official clients work against costd unchanged: the same paths, request
// fields, answers, key order, errors and CSV.
//
// It translates and does nothing else: it decodes a request strictly, asks package
// report, and writes the answer from exact numbers. Where it knows or suspects
// that it differs from the hosted service, DIVERGENCES.md says so and why.
package gcore
