package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A call is one request that may be made several times.
type call struct {
	method, path string
	body         []byte
	contentType  string
	encoding     string // of the body: "gzip" or ""
	accept       string
	once         bool // whether repeating it could do harm
}

// do makes the call and returns the body of its answer.
func (c *Client) do(ctx context.Context, call call) ([]byte, error) {
	return repeat(ctx, c, call, func() ([]byte, error) {
		resp, err := c.attempt(ctx, call)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return c.read(resp)
	})
}

// open makes the call and returns its answer, whose body the caller closes. It is
// not repeated once it has begun to arrive.
func (c *Client) open(ctx context.Context, call call) (*http.Response, error) {
	return repeat(ctx, c, call, func() (*http.Response, error) { return c.attempt(ctx, call) })
}

// attempt makes the call once. Statuses other than 2xx are an *Error.
func (c *Client) attempt(ctx context.Context, call call) (*http.Response, error) {
	req, err := c.request(ctx, call)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &connectionError{fmt.Errorf("cannot reach %s: %w", c.baseURL, err)}
	}
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return resp, nil
	}
	defer resp.Body.Close()
	answer, err := c.read(resp)
	if err != nil {
		return nil, err
	}
	return nil, newError(resp, answer)
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	if !strings.HasPrefix(c.baseURL, "http://") && !strings.HasPrefix(c.baseURL, "https://") {
		return nil, fmt.Errorf("the address %q must begin with http:// or https://", c.baseURL)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, c.baseURL+call.path, bytes.NewReader(call.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "APIKey "+c.apiKey)
	req.Header.Set("User-Agent", c.userAgent)
	for name, value := range map[string]string{
		"Content-Type": call.contentType, "Content-Encoding": call.encoding, "Accept": call.accept, "X-Client-ID": c.actingFor,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return req, nil
}

// read reads the whole body of an answer.
func (c *Client) read(resp *http.Response) ([]byte, error) {
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, &connectionError{fmt.Errorf("the answer of %s broke off: %w", c.baseURL, err)}
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("the answer of %s is larger than %d bytes", c.baseURL, maxAnswer)
	}
	return answer, nil
}

// decode reads an answer that is no error.
func decode[T any](answer []byte, err error) (T, error) {
	var v T
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(answer, &v); err != nil {
		return v, fmt.Errorf("the answer is not what was asked for; check the address: %w", err)
	}
	return v, nil
}
