// Package report answers the questions people ask of costd: what did a client
// use, what does it cost, which resources cost it, what is reserved.
//
// Each method of Service is one use case. It takes typed arguments that say whose
// usage and which of it, reads the stores, lets package rating make the money, and
// returns exact numbers; rounding and spelling are the business of the dialects
// above. It does not judge who may ask: callers pass the client and the projects
// that their key allows. The rules are those of docs/semantics.md.
package report
