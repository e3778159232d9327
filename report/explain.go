package report

import (
	"context"
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/rating"
)

// An ExplainRequest asks how one line of a client's monthly report comes about, or what
// one resource has of it.
type ExplainRequest struct {
	ClientID int64
	Month    costd.Month
	Type     costd.Type
	Metric   string
	RegionID int64
	// Dimension is the flavor, volume type, ... of the line. Nil leaves it open, which is
	// enough if there is only one such line.
	Dimension  *string
	ResourceID string // "": all resources
	// Reveal shows costs also if they are hidden from the client.
	Reveal bool
}

// An Explanation is one line of a client's month taken apart.
type Explanation struct {
	rating.Explanation
	Client     costd.Client
	Month      costd.Month
	State      MonthState
	Line       costd.Line
	ResourceID string
	Catalog    int64         // the version that it is made from
	Prices     []costd.Price // those of the price book that are used, ordered by key
}

// Explain takes one line of the monthly report apart. With a resource, it is the line of
// the report that selects this resource. It returns NotFound if the report has no such
// line, Invalid if it has several, which differ in the dimension, and Forbidden if its
// costs are hidden from the client.
func (s *Service) Explain(ctx context.Context, r ExplainRequest) (_ Explanation, err error) {
	defer costd.Wrap(&err, "report.Explain")
	v, client, err := s.client(ctx, r.ClientID)
	if err != nil {
		return Explanation{}, err
	}
	if !client.ShowPrices && !r.Reveal {
		return Explanation{}, costd.Errorf(costd.Forbidden, "prices are hidden from this client, and an explanation is made of prices; ask the operator")
	}
	lines, err := s.Usage.Lines(ctx, r.query())
	if err != nil {
		return Explanation{}, err
	}
	usage, err := r.pick(lines, v.book.CommittedLines(r.ClientID, r.Month))
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{
		Explanation: v.book.Explain(r.ClientID, r.Month, usage, r.ResourceID != ""),
		Client:      client, Month: r.Month, State: MonthOpen, Line: usage.Line, ResourceID: r.ResourceID, Catalog: v.version,
	}
	e.Prices = v.pricesOf(&e)
	return e, nil
}

// query asks for the usage of the line, and of the resource on it.
func (r *ExplainRequest) query() costd.Query {
	q := costd.Query{ClientID: r.ClientID, Period: r.Month.Period(), Regions: []int64{r.RegionID}, Types: []costd.Type{r.Type}}
	if r.ResourceID != "" {
		q.Filter = &costd.Filter{Type: r.Type, Field: costd.FieldUUID, Values: []string{r.ResourceID}}
	}
	return q
}

// asks reports whether the line is one that the request may mean.
func (r *ExplainRequest) asks(line costd.Line) bool {
	return line.Type == r.Type && line.RegionID == r.RegionID && line.Metric == r.Metric && (r.Dimension == nil || *r.Dimension == line.Dimension)
}

// pick returns the usage of the only line that the request means: one with usage, or,
// unless a resource is asked for, one that is reserved.
func (r *ExplainRequest) pick(used []costd.LineUsage, reserved []costd.Line) (costd.LineUsage, error) {
	used = slices.DeleteFunc(slices.Clone(used), func(u costd.LineUsage) bool { return !r.asks(u.Line) })
	for _, line := range reserved {
		known := slices.ContainsFunc(used, func(u costd.LineUsage) bool { return u.Line == line })
		if r.ResourceID == "" && r.asks(line) && !known {
			used = append(used, costd.LineUsage{Line: line})
		}
	}
	switch len(used) {
	case 0:
		return costd.LineUsage{}, r.missing()
	case 1:
		return used[0], nil
	}
	var names []string
	for _, u := range used {
		names = append(names, u.Line.Dimension)
	}
	slices.Sort(names)
	return costd.LineUsage{}, costd.InvalidField("dimension", "is needed, for there are several such lines; use one of %s", strings.Join(names[:min(len(names), 20)], ", "))
}

// missing says that the report has no such line.
func (r *ExplainRequest) missing() error {
	if r.ResourceID != "" {
		return costd.Errorf(costd.NotFound, "the resource %.64q has no usage of %.64q in region %d in %s; look at the report of resources of the month", r.ResourceID, r.Metric, r.RegionID, r.Month)
	}
	return costd.Errorf(costd.NotFound, "client %d has neither usage of %.64q nor a commitment for it in region %d in %s; look at the monthly report for what it has", r.ClientID, r.Metric, r.RegionID, r.Month)
}

// pricesOf returns the prices of the price book that an explanation uses, ordered by key.
func (v *view) pricesOf(e *Explanation) (prices []costd.Price) {
	type key struct {
		regionID, clientID int64
		from               costd.Day
	}
	used := map[key]bool{}
	for i := range e.Days {
		if p := e.Days[i].Price; p != nil && p.CommitmentID == "" {
			used[key{p.RegionID, p.ClientID, p.EffectiveFrom}] = true
		}
	}
	for i := range v.entries.Prices {
		p := &v.entries.Prices[i]
		ours := p.Type == e.Line.Type && p.Metric == e.Line.Metric && p.Currency == e.Client.Currency
		if ours && used[key{p.RegionID, p.ClientID, p.EffectiveFrom}] {
			prices = append(prices, *p)
		}
	}
	return prices
}
