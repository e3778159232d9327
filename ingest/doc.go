// Package ingest takes usage in: it decodes what senders send, strictly, judges
// every field, works out the quantity that follows from time, splits each record
// by UTC day, and hands whole batches to a store.
//
// What is wrong with a record is said of that record, with the field and the
// remedy; the other records go on. Only what makes it unclear where records begin
// and end (a broken array, a body that breaks off) refuses a whole request.
package ingest
