package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// A caller asks one question again and again on one connection.
type caller struct {
	http   *http.Client
	url    string
	header http.Header
	answer bytes.Buffer // the last one
}

func newCaller(url, key string) *caller {
	return &caller{
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}, url: url,
		header: http.Header{"Authorization": {"APIKey " + key}, "Content-Type": {"application/json"}},
	}
}

// ask sends the body to the path and returns the time until the last byte of the
// answer, which must be 200.
func (c *caller) ask(ctx context.Context, path string, body []byte) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header = c.header
	begin := time.Now()
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	c.answer.Reset()
	_, err = io.Copy(&c.answer, resp.Body)
	elapsed := time.Since(begin)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %.300s", path, resp.Status, c.answer.String())
	}
	return elapsed, err
}

// times calls f n times and returns how long each call took, in order of length.
func times(n int, f func() (time.Duration, error)) ([]time.Duration, error) {
	all := make([]time.Duration, n)
	for i := range all {
		elapsed, err := f()
		if err != nil {
			return nil, err
		}
		all[i] = elapsed
	}
	slices.Sort(all)
	return all, nil
}

// quantile returns the time that the given share of sorted times do not exceed, in
// milliseconds.
func quantile(sorted []time.Duration, share float64) float64 {
	i := min(int(share*float64(len(sorted))), len(sorted)-1)
	return milliseconds(sorted[i])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median returns the middle one of some values, which it sorts.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}
