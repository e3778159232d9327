package client

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"mime"
)

// A responseFormat asks for a report in a format other than JSON.
type responseFormat struct {
	Format string `json:"response_format"`
}

var (
	csvTotals  = responseFormat{"csv_totals"}
	csvRecords = responseFormat{"csv_records"}
)

// A CSV is a report as a file: RFC 4180, UTF-8, a header line first. It is read
// while the server writes it; a report that breaks off ends in an error, not in
// io.EOF. Texts that a spreadsheet would take for a formula begin with a "'".
type CSV struct {
	io.ReadCloser
	Name string // the server's name for the file, "" if it has none
}

// Records yields the lines of the file, the header first, and closes it. An error
// ends the sequence.
func (f *CSV) Records() iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		defer f.Close()
		for r := csv.NewReader(f); ; {
			record, err := r.Read()
			if err == io.EOF || !yield(record, err) || err != nil {
				return
			}
		}
	}
}

func (c *Client) csv(ctx context.Context, path string, request any) (*CSV, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	return c.file(ctx, call{method: "POST", path: path, body: body, contentType: "application/json", accept: "*/*"})
}

// file makes a call that is answered by a CSV.
func (c *Client) file(ctx context.Context, call call) (*CSV, error) {
	resp, err := c.open(ctx, call)
	if err != nil {
		return nil, err
	}
	f := &CSV{ReadCloser: resp.Body}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		f.Name = params["filename"]
	}
	return f, nil
}
