package ingest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"costd.dev/costd"
)

// ahead is how far in the future a record may start without a warning. A sender that sends
// its local time as UTC is 14 hours ahead at most.
const ahead = 24 * time.Hour

// A Catalog knows regions and projects. A costd.Catalog is one; its rules for errors
// and for the lists that Entries returns hold here, too.
type Catalog interface {
	Version(ctx context.Context) (int64, error)
	Entries(ctx context.Context) (costd.Entries, int64, error)
}

// places are the regions and projects of one version of the catalog.
type places struct {
	version int64
	regions map[int64]struct{}
	owners  map[int64]int64 // the client of each project
}

// known keeps the places of the latest version that was asked for, because to make
// them takes far longer than to decode a request.
type known struct {
	latest atomic.Pointer[places]
	making sync.Mutex // so that one of the requests after a change makes them for all
}

func (k *known) places(ctx context.Context, c Catalog) (*places, error) {
	version, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	if p := k.latest.Load(); p != nil && p.version >= version {
		return p, nil
	}
	k.making.Lock()
	defer k.making.Unlock()
	if p := k.latest.Load(); p != nil && p.version >= version {
		return p, nil
	}
	entries, version, err := c.Entries(ctx)
	if err != nil {
		return nil, err
	}
	p := newPlaces(entries, version)
	k.latest.Store(p)
	return p, nil
}

func newPlaces(entries costd.Entries, version int64) *places {
	p := &places{version, make(map[int64]struct{}, len(entries.Regions)), make(map[int64]int64, len(entries.Projects))}
	for i := range entries.Regions {
		p.regions[entries.Regions[i].ID] = struct{}{}
	}
	for i := range entries.Projects {
		p.owners[entries.Projects[i].ID] = entries.Projects[i].ClientID
	}
	return p
}

// A warner notes what is most likely a mistake in the valid records of one request.
// A nil one notes nothing.
type warner struct {
	*places
	latest time.Time // a start after it is noted
	found  []costd.Warning
}

// warner returns one for a request, or nil if there is no catalog.
func (s *Service) warner(ctx context.Context) (*warner, error) {
	if s.Catalog == nil {
		return nil, nil
	}
	p, err := s.known.places(ctx, s.Catalog)
	if err != nil {
		return nil, err
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	return &warner{places: p, latest: now().Add(ahead), found: make([]costd.Warning, len(doubts))}, nil
}

// warnings returns what was noted, in the order of doubts.
func (w *warner) warnings() []costd.Warning {
	if w == nil {
		return nil
	}
	return slices.DeleteFunc(w.found, func(found costd.Warning) bool { return found.Count == 0 })
}

// look notes what is most likely a mistake in the record at the given place of the
// request. A deletion takes mistakes away.
func (w *warner) look(index int, u *costd.Usage) {
	if w == nil || u.Deleted {
		return
	}
	for i := range doubts {
		if d := &doubts[i]; d.holds(w, u) {
			found := &w.found[i]
			if found.Count++; found.Count == 1 { // all of a request may have the same mistake
				*found = costd.Warning{Kind: d.kind, Count: 1, Example: costd.Example{Index: index, ID: u.ID}, Message: d.message(w, u)}
			}
		}
	}
}

// A doubt is a reason to think that a valid record is not what its sender meant.
type doubt struct {
	kind    costd.WarningKind
	holds   func(*warner, *costd.Usage) bool
	message func(*warner, *costd.Usage) string // of a record for which it holds
}

var doubts = [...]doubt{
	{costd.WarningDimension, func(_ *warner, u *costd.Usage) bool {
		info, _ := u.Type.Info()
		return info.Dimension != "" && u.Dimension(info.Dimension) == ""
	}, func(_ *warner, u *costd.Usage) string {
		info, _ := u.Type.Info()
		return fmt.Sprintf("%s: is missing; reports show %s usage without it on a line of its own, which no commitment covers", fieldName(info.Dimension), u.Type)
	}},
	{costd.WarningRegion, func(w *warner, u *costd.Usage) bool {
		_, known := w.regions[u.RegionID]
		return !known
	}, func(_ *warner, u *costd.Usage) string {
		return fmt.Sprintf("region_id: the catalog has no region %d; add it, or correct the record", u.RegionID)
	}},
	{costd.WarningProject, func(w *warner, u *costd.Usage) bool {
		_, known := w.owners[u.ProjectID]
		return !known
	}, func(_ *warner, u *costd.Usage) string {
		return fmt.Sprintf("project_id: the catalog has no project %d; add it, or correct the record", u.ProjectID)
	}},
	{costd.WarningForeignProject, func(w *warner, u *costd.Usage) bool {
		owner, known := w.owners[u.ProjectID]
		return known && owner != u.ClientID
	}, func(_ *warner, u *costd.Usage) string {
		// Whose it is the operator's check says: a key that sends usage need not know.
		return fmt.Sprintf("project_id: project %d belongs to another client than %d, which pays for the record; correct one of them", u.ProjectID, u.ClientID)
	}},
	{costd.WarningFuture, func(w *warner, u *costd.Usage) bool {
		return u.Start.After(w.latest)
	}, func(_ *warner, u *costd.Usage) string {
		return fmt.Sprintf("start: %s is more than a day in the future; check the clock of the sender", u.Start.Format(time.RFC3339))
	}},
}

// fieldName returns where a record has the dimension of its line.
func fieldName(f costd.Field) string {
	if f == costd.FieldFlavor {
		return string(f)
	}
	return "attributes." + string(f)
}
