package bench

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"costd.dev/costd"
)

// A form is how records are written: one line for each.
type form uint8

const (
	asNDJSON form = iota
	asCSV
)

// A stream writes the records of a plan in the order in which a metering agent
// sends them: hour by hour, all resources of each. It holds one line for each
// resource and no records.
type stream struct {
	plan  *plan
	form  form
	name  string // what is added to the names of resources
	hour  int    // from the beginning of the plan
	until int    // the hour that is not written any more
	next  int    // index of the slot
	slots []slot
	// times of the hour, as lines spell them
	start, end []byte
}

// A slot is a place in the fleet for one resource at a time: in some, another one
// takes over after hours or days.
type slot struct {
	client int64
	number int // within the client
	kind   *kind
	age    int // how many resources were there before
	from   int // the hour in which the resource comes
	until  int // the hour in which it goes; 0: never
	late   int // seconds into its first hour at which it comes
	seed   uint64
	line   []byte // its line up to the times
}

// newStream writes the hours from and before to of the clients listed, all if
// none are.
func (p *plan) newStream(f form, from, to int, clients ...int64) *stream {
	s := &stream{plan: p, form: f, hour: from, until: to}
	s.fill(clients)
	return s
}

// fill puts the resources of the clients into their slots.
func (s *stream) fill(clients []int64) {
	p, from := s.plan, s.hour
	if len(clients) == 0 {
		for i := range p.Clients {
			clients = append(clients, firstClient+int64(i))
		}
	}
	for _, client := range clients {
		for number := range p.resources {
			s.slots = append(s.slots, slot{client: client, number: number, kind: kindOf(client, number)})
		}
	}
	for i := range s.slots {
		for s.settle(&s.slots[i]); s.slots[i].until != 0 && s.slots[i].until <= from; {
			s.replace(&s.slots[i])
		}
		s.write(&s.slots[i])
	}
	s.tell()
}

// loaded returns the stream of everything that is loaded before reports are
// measured.
func (p *plan) loaded(f form) *stream { return p.newStream(f, 0, p.hours) }

// fresh returns the stream of the day that arrives later.
func (p *plan) fresh(f form, clients ...int64) *stream {
	return p.newStream(f, p.hours, p.hours+freshHours, clients...)
}

// corrected returns the stream of what is loaded with other names of resources:
// every record replaces the one that is there.
func (p *plan) corrected() *stream { return p.renamed("-renamed") }

// renamed returns the stream of what is loaded of the clients listed, all if none are,
// with something added to the names of resources.
func (p *plan) renamed(name string, clients ...int64) *stream {
	s := &stream{plan: p, form: asNDJSON, until: p.hours, name: name}
	s.fill(clients)
	return s
}

// settle decides how long the slot's resource stays.
func (s *stream) settle(sl *slot) {
	rng := s.rng(sl)
	sl.seed = rng.Uint64()
	if sl.kind.short && sl.number%4 == 3 {
		sl.until = sl.from + 12 + rng.IntN(200)
		sl.late = rng.IntN(3600)
	}
}

// replace puts the next resource into the slot.
func (s *stream) replace(sl *slot) {
	sl.age++
	sl.from = sl.until
	s.settle(sl)
}

// rng returns the source of all that is random about the slot's resource.
func (s *stream) rng(sl *slot) *rand.Rand {
	return rand.New(rand.NewPCG(s.plan.Seed, uint64(sl.client)<<40|uint64(sl.number)<<20|uint64(sl.age)))
}

// Columns are the columns of a CSV file; the last ones differ from record to
// record.
const columns = "client_id,project_id,region_id,type,resource_id,metric,size,flavor,name,volume_type,file_share_type,instance_type," +
	"ip_address,attached_to_vm,port_id,network_id,subnet_id,vm_id,instance_name,source_volume_uuid,schedule_id,tags,start,end,quantity\n"

// write makes the line of the slot's resource.
func (s *stream) write(sl *slot) {
	rng := s.rng(sl)
	rng.Uint64() // the seed
	u := sl.kind.usage(sl.client, sl.number, rng)
	u.Name += s.name
	if s.form == asCSV {
		sl.line = csvLine(&u)
	} else {
		sl.line = jsonLine(&u)
	}
}

// absentTimes is how JSON spells that the times are not known yet.
const absentTimes = `"start":"0001-01-01T00:00:00Z","end":"0001-01-01T00:00:00Z",`

func jsonLine(u *costd.Usage) []byte {
	line, err := json.Marshal(u)
	if err != nil {
		panic(fmt.Sprintf("%+v: %v", u, err)) // it holds nothing but texts and numbers
	}
	line = bytes.Replace(line, []byte(absentTimes), nil, 1)
	return append(line[:len(line)-1], `,"start":"`...)
}

func csvLine(u *costd.Usage) []byte {
	tags, size := "", ""
	if len(u.Tags) > 0 {
		text, err := json.Marshal(u.Tags)
		if err != nil {
			panic(fmt.Sprintf("%v: %v", u.Tags, err))
		}
		tags = string(text)
	}
	if u.Size != nil {
		size = u.Size.String()
	}
	a := &u.Attributes
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	_ = w.Write([]string{strconv.FormatInt(u.ClientID, 10), strconv.FormatInt(u.ProjectID, 10), strconv.FormatInt(u.RegionID, 10),
		string(u.Type), u.ResourceID, u.Metric, size, u.Flavor, u.Name, a.VolumeType, a.FileShareType, a.InstanceType, a.IPAddress,
		a.AttachedToVM, a.PortID, a.NetworkID, a.SubnetID, a.VMID, a.InstanceName, a.SourceVolumeUUID, a.ScheduleID, tags})
	w.Flush() // a Buffer takes everything
	line.Truncate(line.Len() - 1)
	line.WriteByte(',')
	return line.Bytes()
}

// tell spells the times of the hour.
func (s *stream) tell() {
	begin := s.plan.begin.Add(time.Duration(s.hour) * time.Hour)
	s.start = begin.AppendFormat(s.start[:0], time.RFC3339)
	s.end = begin.Add(time.Hour).AppendFormat(s.end[:0], time.RFC3339)
}

// batch appends at most n lines to dst and returns how many there were, 0 at the
// end.
func (s *stream) batch(dst []byte, n int) ([]byte, int) {
	for i := range n {
		if s.next == len(s.slots) {
			s.hour, s.next = s.hour+1, 0
			s.tell()
		}
		if s.hour >= s.until {
			return dst, i
		}
		dst = s.append(dst, &s.slots[s.next])
		s.next++
	}
	return dst, n
}

// append appends the slot's record of the hour.
func (s *stream) append(dst []byte, sl *slot) []byte {
	if sl.until == s.hour && sl.until != 0 {
		s.replace(sl)
		s.write(sl)
	}
	dst = append(dst, sl.line...)
	if sl.from == s.hour && sl.late > 0 {
		begin := s.plan.begin.Add(time.Duration(s.hour)*time.Hour + time.Duration(sl.late)*time.Second)
		dst = begin.AppendFormat(dst, time.RFC3339)
	} else {
		dst = append(dst, s.start...)
	}
	if s.form == asCSV {
		dst = append(append(append(dst, ','), s.end...), ',')
		return append(s.quantity(dst, sl, ""), '\n')
	}
	dst = append(append(append(dst, `","end":"`...), s.end...), '"')
	return append(s.quantity(dst, sl, `,"quantity":`), "}\n"...)
}

// quantity appends what was consumed in the hour, for types that state it. It
// depends on the resource and the hour alone.
func (s *stream) quantity(dst []byte, sl *slot, label string) []byte {
	if sl.kind.most == 0 {
		return dst
	}
	x := (sl.seed ^ uint64(s.hour)) * 0x9e3779b97f4a7c15
	x = (x ^ x>>29) * 0xbf58476d1ce4e5b9
	dst = append(dst, label...)
	return strconv.AppendInt(dst, 1+int64((x^x>>32)%uint64(sl.kind.most)), 10)
}
