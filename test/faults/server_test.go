package faults

import (
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/internal/spawn"
)

var program = flag.String("costd", "", "the costd to harm; built from the sources if not given")

// built finds the costd to run, or builds it once for all tests in a folder that the last of
// them removes.
var built = sync.OnceValues(func() (string, error) { return spawn.Executable(*program, buildFolder) })

// executable returns the costd to run.
func executable(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// checkpointBytes lets a small log be moved into the database, so that a test sees it.
const checkpointBytes = 200_000

// serveFlags let reports come as fast as they can, and ask the database: from memory,
// they would not need its connections.
var serveFlags = []string{"--rate-limit", "0", "--cache-mib", "-1", "--log-level", "warn", "--checkpoint-bytes", strconv.Itoa(checkpointBytes)}

// sickClient is the client whose usage the sick server keeps.
const sickClient = 1001

// A sick server is one that a test does harm to.
type sick struct {
	t        *testing.T
	costd    string // the executable
	data     string // the folder
	flags    []string
	server   *spawn.Server
	keys     []string      // of administrators of sickClient
	hours    int           // of usage that were answered
	patience time.Duration // with one report, or the checkpoint
	reports  time.Duration // that all reports of the last check of health took
}

// newSick starts a server that has a catalog and some usage, with further flags.
func newSick(t *testing.T, flags ...string) *sick {
	t.Helper()
	return newSickOf(t, executable(t), flags...)
}

// newSickOf is newSick with an executable.
func newSickOf(t *testing.T, path string, flags ...string) *sick {
	t.Helper()
	s := &sick{t: t, patience: healthPatience, costd: path, data: filepath.Join(t.TempDir(), "data"), flags: append(serveFlags[:len(serveFlags):len(serveFlags)], flags...)}
	s.start()
	_, err := s.client().ApplyCatalog(t.Context(), []byte(catalogFile))
	s.must(err)
	for range healthKeys {
		s.keys = append(s.keys, s.newKey(costd.RoleAdministrator, sickClient))
	}
	s.ingest(6000) // until October 3
	return s
}

const catalogFile = `
clients:
  - {id: 1001, name: Acme, currency: EUR, show_prices: true}
  - {id: 1002, name: Crowd, currency: EUR}
  - {id: 1003, name: Waste, currency: EUR}
  - {id: 2001, name: Ada, currency: EUR}
  - {id: 2002, name: Ben, currency: EUR}
  - {id: 2003, name: Cleo, currency: EUR}
  - {id: 2004, name: Dan, currency: EUR}
regions: [{id: 76, name: Luxembourg-2}]
prices:
  - {type: instance, metric: instance_min, currency: EUR, feature: "VM {region}", unit: H, unit_size: 60, unit_price: "1", effective_from: 2026-01-01}
`

// start starts the server on the folder as it is.
func (s *sick) start() {
	s.t.Helper()
	var err error
	if s.server, err = spawn.Start(s.costd, s.data, s.flags...); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.server.Kill)
}

// client returns a client with the operator's key that tries everything once.
func (s *sick) client() *client.Client {
	return client.New(s.server.URL, s.server.Key, client.WithMaxRetries(0))
}

// reader returns a client with a key of an administrator.
func (s *sick) reader() *client.Client {
	return client.New(s.server.URL, s.keys[0], client.WithMaxRetries(0))
}

// fleetSize is how many machines use the metric by turns.
const fleetSize = 20

// firstHour is such that the hours of a fleet lie in two months.
var firstHour = time.Date(2026, 9, 21, 0, 0, 0, 0, time.UTC)

// ingest sends the next n hours of usage, which the server must take.
func (s *sick) ingest(n int) {
	s.t.Helper()
	s.must(s.tryIngest(n))
}

// tryIngest sends the next n hours of usage, and counts them if they are answered.
func (s *sick) tryIngest(n int) error {
	records := make([]costd.Usage, n)
	for i := range records {
		hour := s.hours + i
		start := firstHour.Add(time.Duration(hour/fleetSize) * time.Hour)
		records[i] = costd.Usage{
			ClientID: sickClient, ProjectID: 501, RegionID: 76, Type: costd.Instance, Metric: "instance_min", Flavor: "f-" + strconv.Itoa(hour%5),
			ResourceID: fmt.Sprintf("vm-%d", hour%fleetSize), Start: start, End: start.Add(time.Hour),
		}
	}
	result, err := s.client().SendUsage(s.t.Context(), records)
	if err != nil {
		return err
	}
	if result.Accepted != n {
		return fmt.Errorf("of %d new records the server says %+v", n, result)
	}
	s.hours += n
	return nil
}

// must ends the test for an error, with the server's last words.
func (s *sick) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\nthe server said:\n%s", err, s.server.Log())
	}
}
