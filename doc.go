// Package costd is the vocabulary of costd, a server that meters, prices and
// reports what each customer of a cloud used in a month.
//
// It defines the nouns (Usage, Price, Commitment, Line, Charge), the errors, and
// the two contracts a database has to fulfil: UsageStore and Catalog. It does
// nothing by itself: package rating turns usage into money, package report
// answers questions, packages under store keep the data.
package costd
