package main

import (
	"errors"
	"strconv"

	"costd.dev/costd/client"
)

// A clientID is a flag that names a client by its id; 0 is nobody.
type clientID int64

// String, Set and Type implement pflag.Value.
func (c *clientID) Type() string { return "id" }
func (c *clientID) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*c), 10)
}
func (c *clientID) Set(value string) error {
	id, err := strconv.ParseInt(value, 10, 64)
	if err != nil || id <= 0 {
		return errors.New("must be the id of a client, such as 1001")
	}
	*c = clientID(id)
	return nil
}

// client returns a client of the server: as whom the key is, or, for an operator's key,
// as an administrator of the client that --client names.
func (o *reportOptions) client(t terminal) (*client.Client, error) {
	if o.actingFor == 0 {
		return o.connection.client(t)
	}
	return o.connection.client(t, client.WithClientID(int64(o.actingFor)))
}
