package costd

import (
	"math/big"
	"time"

	"costd.dev/costd/decimal"
)

// A Usage says that one resource of one client consumed something from Start to
// End (half open). It is what senders send; package ingest makes a Record of it.
//
// Empty strings mean that a field was not given.
type Usage struct {
	// ID names the record within the client and the UTC day of Start. Without it
	// a record is known by (ResourceID, Metric, Start).
	ID         string    `json:"id,omitempty"`
	ClientID   int64     `json:"client_id"`
	ProjectID  int64     `json:"project_id"`
	RegionID   int64     `json:"region_id"`
	Type       Type      `json:"type"`
	ResourceID string    `json:"resource_id"`
	Metric     string    `json:"metric"` // the billing metric name
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	// Quantity is in the type's unit; nil where it follows from time.
	Quantity *decimal.Decimal `json:"quantity,omitempty"`
	// Size is in GiB, at least where the quantity follows from it; nil if not given.
	Size *decimal.Decimal `json:"size,omitempty"`
	// Count multiplies a quantity that follows from time: 8 GPUs for an hour are
	// 480 minutes. Nil means 1.
	Count      *decimal.Decimal  `json:"count,omitempty"`
	Flavor     string            `json:"flavor,omitempty"`
	Name       string            `json:"name,omitempty"`
	Attributes Attributes        `json:"attributes,omitzero"`
	Tags       map[string]string `json:"tags,omitempty"`
	// Deleted asks to remove the record known by the same identity.
	Deleted bool `json:"deleted,omitempty"`
}

// Attributes are the further properties of a resource that reports show or
// filter by.
type Attributes struct {
	VolumeType       string `json:"volume_type,omitempty"`
	FileShareType    string `json:"file_share_type,omitempty"`
	InstanceType     string `json:"instance_type,omitempty"`
	IPAddress        string `json:"ip_address,omitempty"`
	AttachedToVM     string `json:"attached_to_vm,omitempty"`
	PortID           string `json:"port_id,omitempty"`
	NetworkID        string `json:"network_id,omitempty"`
	SubnetID         string `json:"subnet_id,omitempty"`
	VMID             string `json:"vm_id,omitempty"`
	InstanceName     string `json:"instance_name,omitempty"`
	SourceVolumeUUID string `json:"source_volume_uuid,omitempty"`
	ScheduleID       string `json:"schedule_id,omitempty"`
	SizeUnit         string `json:"size_unit,omitempty"`
}

// An Attribute is one of the Attributes by its name.
type Attribute struct {
	Field Field // also the name of its column and of its key in JSON
	Value *string
}

// Fields returns all attributes, always in the same order. What handles each of them alike
// goes through this list.
func (a *Attributes) Fields() [13]Attribute {
	return [...]Attribute{
		{FieldVolumeType, &a.VolumeType}, {FieldFileShareType, &a.FileShareType}, {FieldInstanceType, &a.InstanceType},
		{FieldIPAddress, &a.IPAddress}, {FieldAttachedToVM, &a.AttachedToVM}, {FieldPortID, &a.PortID},
		{FieldNetworkID, &a.NetworkID}, {FieldSubnetID, &a.SubnetID}, {FieldVMID, &a.VMID},
		{FieldInstanceName, &a.InstanceName}, {FieldSourceVolumeUUID, &a.SourceVolumeUUID},
		{FieldScheduleID, &a.ScheduleID}, {FieldSizeUnit, &a.SizeUnit},
	}
}

// Dimension returns the value of the given dimension field, "" for no field.
func (u *Usage) Dimension(f Field) string {
	switch f {
	case FieldFlavor:
		return u.Flavor
	case FieldVolumeType:
		return u.Attributes.VolumeType
	case FieldFileShareType:
		return u.Attributes.FileShareType
	case FieldInstanceType:
		return u.Attributes.InstanceType
	}
	return ""
}

// SetDimension sets the value of the given dimension field; no field is no change.
func (u *Usage) SetDimension(f Field, value string) {
	switch f {
	case FieldFlavor:
		u.Flavor = value
	case FieldVolumeType:
		u.Attributes.VolumeType = value
	case FieldFileShareType:
		u.Attributes.FileShareType = value
	case FieldInstanceType:
		u.Attributes.InstanceType = value
	}
}

// A Record is a valid Usage together with what it means: its parts, one for each
// UTC day it touches, whose quantities add up exactly to the whole. The parts of
// a deletion are empty.
type Record struct {
	Usage
	Parts []Part
}

// MaxRecordDays is how many days of 24 hours a record spans at most: no longer than any
// month, and few enough parts. A record so has parts on the day of its Start and on the
// MaxRecordDays days after it, and on no other. Stores rely on that: of a record that is
// replaced or deleted they know the Start, and which days may have changed follows from
// it. A longer one would leave a remembered report standing that is no longer right.
const MaxRecordDays = 31

// A Part is what a record consumed within one UTC day. Start and End lie within
// that day, End at most at its end.
type Part struct {
	Day        Day
	Start, End time.Time
	Quantity   Quantity
}

// A Quantity is Units / Grid.Denominator() of the type's unit. All quantities that costd
// keeps stand on one of the four grids below, so that a database can add up whole numbers
// and the sum is exact.
type Quantity struct {
	Units *big.Int // not negative, at most decimal.MaxDigits digits
	Grid  Grid
}

// A Grid is an index into the denominators of stored quantities: 0 to 3.
type Grid uint8

// The grids, from coarse to fine, each a billion times as fine as the one before: a
// second of a minute; a nanosecond of it; the next for fractional sizes; and the
// last for fractional sizes times fractional counts.
const (
	GridSecond Grid = iota
	GridNano
	GridAtto
	GridFinest
	grids
)

// Denominator returns how many grid units make one unit of the type: 60, 6e10, 6e19 or
// 6e28.
func (g Grid) Denominator() *big.Int {
	const secondsPerMinute = 60
	d := big.NewInt(secondsPerMinute)
	for range g {
		d.Mul(d, big.NewInt(1_000_000_000))
	}
	return d
}

var quantityLimit = new(big.Int).Exp(big.NewInt(10), big.NewInt(decimal.MaxDigits), nil)

// NewQuantity puts q on the coarsest grid that holds it exactly. It returns an
// Overflow error if none does, or if it needs more than 38 digits there.
func NewQuantity(q decimal.Rational) (Quantity, error) {
	for g := GridSecond; g < grids; g++ {
		units, ok := q.Scaled(g.Denominator())
		if !ok {
			continue
		}
		if units.CmpAbs(quantityLimit) >= 0 {
			break
		}
		return Quantity{Units: units, Grid: g}, nil
	}
	return Quantity{}, Errorf(Overflow, "the quantity cannot be kept exactly in %d digits", decimal.MaxDigits)
}

// Rational returns the quantity in the type's unit.
func (q Quantity) Rational() decimal.Rational {
	if q.Units == nil {
		return decimal.Rational{}
	}
	return gridUnits[q.Grid].Times(q.Units)
}

// gridUnits[g] is one grid unit in units of the type, 1/Denominator. Quantities share
// these denominators, so that adding them is adding integers.
var gridUnits = func() (units [grids]decimal.Rational) {
	for g := range units {
		unit, err := decimal.NewRational(big.NewInt(1), Grid(g).Denominator())
		if err != nil {
			panic(err) // no denominator is zero
		}
		units[g] = unit
	}
	return units
}()

// An Outcome is what became of one record of a batch.
type Outcome uint8

// The outcomes.
const (
	Accepted  Outcome = iota // new
	Replaced                 // known before, with other content
	Unchanged                // known before with this content, or nothing to delete
	Deleted                  // known before, now gone
)

// An IngestResult says what became of the records of one request. What is not
// rejected is durable.
type IngestResult struct {
	Accepted  int         `json:"accepted"`
	Replaced  int         `json:"replaced"`
	Unchanged int         `json:"unchanged"`
	Deleted   int         `json:"deleted"`
	Rejected  []Rejection `json:"rejected"` // never null
	// Warnings say what was taken and is most likely a mistake, each kind once.
	Warnings []Warning `json:"warnings,omitempty"`
}

// A Rejection says why one record was not taken and what to do about it.
type Rejection struct {
	Index int    `json:"index"` // of the record in the request, from 0
	ID    string `json:"id"`
	Error string `json:"error"` // names the field and the remedy
}
