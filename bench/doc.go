// Package bench measures costd beside what a user would do instead: plain SQL over
// the same records in DuckDB, and a bare HTTP handler that sends the same bytes.
//
// It makes up a fleet of any size, the same for the same seed, loads it into a
// server process over HTTP as a metering agent would, and measures the table of
// docs/benchmarks.md. It is the one package in which floats are at home: they are
// times and ratios, never usage or money.
package bench
