// Package server puts the handlers of costd behind one address: the Gcore
// dialect, our own API, health and metrics, with time-outs, request ids, an
// access log and a graceful stop around them.
package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/web"
)

// Time-outs of a connection. A slow sender may take minutes over a large body of
// usage, and a slow reader over a large CSV; an idle or silent one may not hold a
// connection.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 5 * time.Minute
	writeTimeout      = 5 * time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// stopTimeout is how long a stop waits for requests under way, and then for usage
// that waits to be written.
const stopTimeout = 30 * time.Second

// defaultStopGrace is how long a stop waits for the rest of bodies: a sender that is
// alive sends it in a moment, and one that hangs must not hold the stop up.
const defaultStopGrace = 3 * time.Second

// Config is what a Server needs. Usage, Catalog and Logger are required; all else may be
// left out.
type Config struct {
	Usage   costd.UsageStore
	Catalog costd.Catalog
	Logger  *slog.Logger
	// Now is the clock; the current month of reports comes from it.
	Now func() time.Time
	// Static are tokens accepted beside the keys of the catalog, for the demo.
	Static map[string]access.Principal
	// RateLimit is how many requests of the dialect, under /cloud and /iam, each key may
	// make in a second, after a burst of RateBurst. RateLimit 0 is any number, whereas the
	// flag of costd serve has a default of its own; RateBurst 0 is 1.
	RateLimit int
	RateBurst int
	// Reports and ReportsPerKey bound the reports under way at the same time, in all
	// and for each client, or key that belongs to none, which leaves one to others; one more waits for ReportWait. ReportTimeout is how long a
	// report may take until its first byte. Zeros are the defaults.
	Reports, ReportsPerKey    int
	ReportWait, ReportTimeout time.Duration
	// ReaderPatience is how long the reader of a report may let it wait, all in all, before
	// the report gives up its turn; 0 is the default.
	ReaderPatience time.Duration
	// WriteStall is how long the reader of an answer may take nothing of it before the
	// connection is cut; 0 is the default.
	WriteStall time.Duration
	// StopGrace is how long a stop waits for the rest of bodies that are being sent; 0
	// is the default.
	StopGrace time.Duration
	// Ingest bounds what usage under way may take; zeros are the defaults.
	Ingest ingest.Limits
	// BehindProxy says that callers come through a proxy, so that their addresses
	// tell nothing: wrong keys are not limited by address then, and the access log has
	// what X-Forwarded-For says.
	BehindProxy bool
	// Connections bounds those that are open at the same time; 0 is as many as the process
	// has descriptors for, 4096 at most.
	Connections int
	// Version is the release of the server, for its figures; "" is told as unknown.
	Version string
	// UUIDs says that ids of usage which are no UUIDs are answered as UUIDs made of
	// them.
	UUIDs bool
}

// A Server answers HTTP requests until it is stopped.
type Server struct {
	config   Config
	handler  http.Handler
	usage    *ingest.Service
	access   *access.Service
	prober   *prober
	bodies   bodies
	figures  http.Handler // of the registry
	stopping atomic.Bool
}

// New returns a server that is ready to Serve.
func New(config Config) *Server {
	config.setDefaults()
	registry := prometheus.NewRegistry()
	s := &Server{config: config, bodies: bodies{open: map[*body]bool{}}}
	s.access = &access.Service{Catalog: config.Catalog, Static: config.Static, Now: config.Now}
	s.usage = &ingest.Service{
		Store: config.Usage, Limits: config.Ingest, Observer: newIngestMetrics(registry), Catalog: config.Catalog, Now: config.Now,
	}
	s.prober = &prober{check: config.Usage.Check, timeout: probeTimeout, report: func(err error) {
		config.Logger.Error("not ready", "error", err)
	}}
	registry.MustRegister(buildInfo(config.Version))
	gaugeIngest(registry, s.usage)
	if store, ok := config.Usage.(storeWithStats); ok {
		registry.MustRegister(newStoreMetrics(store, config.Logger))
	}
	s.handler = web.Middleware(config.Logger, s.onPanic, web.WriteStall(config.WriteStall), web.BehindProxy(config.BehindProxy))(s.drain(newMetrics(registry).measure(s.routes(registry))))
	return s
}

func (c *Config) setDefaults() {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Version = cmp.Or(c.Version, "unknown")
	c.Reports = cmp.Or(c.Reports, defaultReports)
	c.ReportsPerKey = min(cmp.Or(c.ReportsPerKey, defaultReportsPerKey), max(1, c.Reports-1)) // one is left to others
	c.ReaderPatience = cmp.Or(c.ReaderPatience, defaultReaderPatience)
	c.ReportWait = cmp.Or(c.ReportWait, defaultReportWait)
	c.StopGrace = cmp.Or(c.StopGrace, defaultStopGrace)
	c.ReportTimeout = cmp.Or(c.ReportTimeout, defaultReportTimeout)
}

// ServeHTTP answers one request, so that tests can call a Server without a
// connection of its own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers requests on the listener until ctx is done, then lets the ones
// under way finish, for stopTimeout at most, and then their usage be written, for as long
// again. It returns nil after such a stop, unless usage that was taken could not be written.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	most := mostConnections(s.config.Connections, descriptors())
	if most < s.config.Connections {
		s.config.Logger.Warn("the process has too few file descriptors for so many connections; raise its limit (ulimit -n)", "wanted", s.config.Connections, "most", most)
	}
	all := newConnections(most, s.config.Logger, s.config.Now)
	server := &http.Server{
		ConnState:         all.changed,
		Handler:           s,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// OPTIONS * is answered like everything else: with a request id, and in the log.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.config.Logger.Handler(), slog.LevelWarn),
	}
	keeping := s.startKeepingUses()
	defer keeping.stop()
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { stopped <- s.stop(server) })
	err := server.Serve(boundListener{jsonListener{listener, s.config.Logger}, all})
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err // the listener failed before anyone asked to stop
	}
	return <-stopped
}

// stop ends a server. What is still under way after the time for it is cut off, which
// its caller notices and which loses nothing that was answered.
func (s *Server) stop(server *http.Server) error {
	s.stopping.Store(true)
	grace := time.AfterFunc(s.config.StopGrace, s.bodies.end)
	defer grace.Stop()
	timeout, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := server.Shutdown(timeout); err != nil {
		s.config.Logger.Warn("requests are cut off", "error", err)
		_ = server.Close() // of connections that end with the process anyway
	}
	writing, done := context.WithTimeout(context.Background(), stopTimeout)
	defer done()
	defer s.saveUses(writing)
	return s.usage.Close(writing)
}
