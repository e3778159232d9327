// Package duckdb keeps usage, the catalog and keys in one folder, in an embedded
// DuckDB database, whose driver needs cgo. Besides this package only importer, which
// reads foreign files with it, and bench, which measures plain SQL, use it.
//
// Usage is one narrow table with one row for each part of a record, which is what
// the record consumed within one UTC day: times, units, and the numbers of the
// resource and of its state, all the texts that repeat, which have tables of their
// own. The view usage joins the three. No table has an index: a record is found by
// its identity within the rows of its client and day, which DuckDB finds by the
// minima and maxima it keeps of every column of every 122,880 rows. So the memory
// that is needed does not grow with the usage that is stored. Two things grow: the
// catalog, which is in memory as a whole, and revisions, which has one number for each
// client and month that was written to since the start.
//
// Reports about up to 13 months are answered from their aggregates: the sums by state and day,
// kept in memory within a number of bytes and told of each commit. Aggregates are made
// of roll-ups, the same sums on disk, and of the parts of days that have none. A
// client-month too large for an aggregate is asked of the database. The decision record
// docs/adr/0005 says what keeps all of that right.
//
// There is one writer at a time and many readers, each of which sees one snapshot
// for as long as it reads. A commit is in the write-ahead log, and the log on disk,
// before it is answered. The log is moved into the database after a commit that
// made it large, by a backup, and by Close; never as a part of a commit.
package duckdb
