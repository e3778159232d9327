// Package rating turns usage into money: quantities by day, times a price book,
// against commitments, make charges. It is the only package that does.
//
// It is pure: the same arguments always give the same charges. It knows no
// context, clock, database or HTTP. It never rounds; every cost is the exact
// rational number, and a cost that cannot be known is absent with the reason,
// never a partial sum. The rules are those of docs/semantics.md.
package rating
