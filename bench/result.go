package bench

import (
	"fmt"
	"time"
)

// A Result is everything that a run found out.
type Result struct {
	Machine Machine   `json:"machine"`
	Fleet   Facts     `json:"fleet"`
	Figures []Figure  `json:"figures"`
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"` // that the run took
}

// Facts are the numbers of the fleet that was measured.
type Facts struct {
	Records     int64  `json:"records"`
	Clients     int    `json:"clients"`
	Resources   int    `json:"resources_of_a_client"`
	Months      int    `json:"months"`
	Commitments int    `json:"percent_with_commitments"`
	Seed        uint64 `json:"seed"`
	Measured    int64  `json:"records_in_the_measured_month"`
	Answer      int    `json:"bytes_of_the_measured_report"`
}

// String says in a sentence what was measured.
func (f Facts) String() string {
	return fmt.Sprintf("%s records of %s clients over %d months; the reports are on a month of %s records",
		count(f.Records), count(int64(f.Clients)), f.Months, count(f.Measured))
}

// A Figure is a row of the table: what costd does, what stands beside it, and how
// they compare.
type Figure struct {
	Group string   `json:"group"`
	What  string   `json:"what"`
	Costd Measure  `json:"costd"`
	Peer  *Measure `json:"beside,omitempty"`
	// Ratio compares the two, as Reach does; 0 if there is nothing to compare.
	Ratio float64 `json:"ratio,omitempty"`
	// Reach is what the project wants of Ratio or Costd, "" if it only wants to know.
	Reach   string `json:"reach,omitempty"`
	Reached bool   `json:"reached"`
}

// A Measure is a median of several values.
type Measure struct {
	Name   string    `json:"name,omitempty"` // of what was measured, if it is not costd
	Value  float64   `json:"value"`
	Unit   string    `json:"unit"`
	Values []float64 `json:"values,omitempty"` // of which Value is the median
}

func newMeasure(name, unit string, values ...float64) Measure {
	m := Measure{Name: name, Value: median(values), Unit: unit}
	if len(values) > 1 {
		m.Values = values
	}
	return m
}

// A reach is a bound on a number.
type reach struct {
	least, most float64 // 0: no bound
	unit        string  // "x" for ratios
}

func atLeast(n float64, unit string) reach { return reach{least: n, unit: unit} }
func atMost(n float64, unit string) reach  { return reach{most: n, unit: unit} }

var anything reach

func (r reach) holds(n float64) bool { return n >= r.least && (r.most == 0 || n <= r.most) }

func (r reach) String() string {
	switch {
	case r.most > 0:
		return "≤ " + quantity(r.most, r.unit)
	case r.least > 0:
		return "≥ " + quantity(r.least, r.unit)
	}
	return ""
}

// quantity writes a number with its unit, with as many digits as mean something.
func quantity(n float64, unit string) string {
	if unit != "x" {
		unit = " " + unit
	}
	switch {
	case n >= 1000:
		return count(int64(n+0.5)) + unit
	case n >= 100:
		return fmt.Sprintf("%.0f%s", n, unit)
	case n >= 1:
		return fmt.Sprintf("%.3g%s", n, unit)
	}
	return fmt.Sprintf("%.2g%s", n, unit)
}

// Cells returns the figure as texts: what, costd, beside it, ratio, reach, and
// whether it is reached.
func (f Figure) Cells() []string {
	cells := []string{f.What, quantity(f.Costd.Value, f.Costd.Unit), "", "", f.Reach, ""}
	if f.Peer != nil {
		cells[2] = quantity(f.Peer.Value, f.Peer.Unit) + " " + f.Peer.Name
	}
	if f.Ratio != 0 {
		cells[3] = quantity(f.Ratio, "x")
	}
	switch {
	case f.Reach == "":
	case f.Reached:
		cells[5] = "yes"
	default:
		cells[5] = "no"
	}
	return cells
}

// alone is a figure with nothing beside it: the reach is of costd's own value.
func alone(group, what string, m Measure, r reach) Figure {
	return Figure{Group: group, What: what, Costd: m, Reach: r.String(), Reached: r.holds(m.Value)}
}

// slower compares times of which costd's may be longer: the ratio says how much.
func slower(group, what string, ours, peer Measure, r reach) Figure {
	return compared(group, what, ours, peer, ours.Value/peer.Value, r)
}

// faster compares times of which costd's is to be shorter: the ratio says how much.
func faster(group, what string, ours, peer Measure, r reach) Figure {
	return compared(group, what, ours, peer, peer.Value/ours.Value, r)
}

func compared(group, what string, ours, peer Measure, ratio float64, r reach) Figure {
	return Figure{Group: group, What: what, Costd: ours, Peer: &peer, Ratio: ratio, Reach: r.String(), Reached: r.holds(ratio)}
}
