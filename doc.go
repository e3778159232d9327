// Package costd is the vocabulary of costd, a server that meters, prices and
// reports what each customer of a cloud used in a month.
//
// It defines the nouns (Usage, Price, Commitment, Line, Charge), the errors, and the
// contracts a database has to fulfil: UsageStore and Catalog. A database may be a
// Maintainer too, which backs up and audits itself, and may have the method Stats that
// StoreStats describes. Package rating turns usage into money, package report answers
// questions, packages under store keep the data. This package reads and writes nothing;
// it computes what follows from the nouns alone, such as the days of a period and whether
// a commitment is most likely a mistake (Doubts).
package costd
