// Package faults does harm to the real server, stops, and wants full health: no
// restart, and everything works at full width.
//
//	make faults
//	make hour MINUTES=60
//
// Each test starts `costd serve` as a sick server that has a catalog and usage. It
// does one kind of harm and then calls healthy, which asks for many reports at once,
// copies the server, lets it move its log into the database, and sends usage. A fault
// of the folder itself, such as a log that was damaged, ends in a refusal to start or
// in a server that has all it answered.
//
// TestHour does all kinds of harm at once, beside honest senders and readers, for as
// long as one wants.
package faults
