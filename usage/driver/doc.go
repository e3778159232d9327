// Package driver has the terms in which a usage database and the engine in package usage
// speak with each other: attribute sets (State), and sums of what they used by day (Sum).
// It knows neither SQL nor what a query means.
package driver
