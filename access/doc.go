// Package access knows who may do what: keys, their roles, and the principals
// they stand for.
//
// A token is a public id, a separator and a secret, "1234$abcdef"; "_" is read as
// the separator too. The secret has 260 random bits, so a plain SHA-256 of it is
// all that is kept: there is nothing to guess, and no need to make guessing slow.
package access
