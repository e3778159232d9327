package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"costd.dev/costd"
)

// Backup writes a copy of everything the server keeps to w, as it was at one
// instant, and returns its size in bytes. After an error, what was written is of no
// use.
func (c *Client) Backup(ctx context.Context, w io.Writer) (int64, error) {
	resp, err := c.open(ctx, call{method: "POST", path: "/api/v1/backup"})
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(w, resp.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = &connectionError{fmt.Errorf("the copy from %s broke off; see the server's log: %w", c.baseURL, err)}
	}
	return n, err
}

// Checked counts what a check looked at and found.
type Checked struct {
	costd.Audited
	Months   int64 `json:"months"` // of all clients, looked through for prices
	Findings int64 `json:"findings"`
}

// Check lets the server look through everything it keeps for the kinds of findings
// listed, all if none are, and calls found with each. An error of found ends it and
// is returned.
func (c *Client) Check(ctx context.Context, kinds []costd.FindingKind, found func(costd.Finding) error) (Checked, error) {
	query := url.Values{}
	for _, kind := range kinds {
		query.Add("kind", string(kind))
	}
	resp, err := c.open(ctx, call{method: "POST", path: "/api/v1/check?" + query.Encode(), once: true})
	if err != nil {
		return Checked{}, err
	}
	defer resp.Body.Close()
	for dec := json.NewDecoder(resp.Body); ; {
		var line struct {
			Finding *costd.Finding
			Checked *Checked
			Error   *struct {
				Code, Message string
				RequestID     string `json:"request_id"`
			}
		}
		if err := dec.Decode(&line); err != nil {
			return Checked{}, &connectionError{fmt.Errorf("the answer of %s broke off; see the server's log: %w", c.baseURL, err)}
		}
		switch {
		case line.Checked != nil:
			return *line.Checked, nil
		case line.Error != nil:
			return Checked{}, &Error{StatusCode: resp.StatusCode, ExceptionClass: line.Error.Code, Message: line.Error.Message, RequestID: line.Error.RequestID}
		case line.Finding != nil:
			if err := found(*line.Finding); err != nil {
				return Checked{}, err
			}
		}
	}
}
