// Package usage says what a query on usage means: filters, which record was seen last,
// dimensions, order, pages and sums. It answers from aggregates, which hold what one client
// used in a month by day and attribute set, and needs no database for that.
package usage
