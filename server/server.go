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

// stopTimeout is how long a stop waits for requests under way.
const stopTimeout = 30 * time.Second

// Config is what a Server needs. Now and Static may be left out.
type Config struct {
	Usage   costd.UsageStore
	Catalog costd.Catalog
	Logger  *slog.Logger
	// Now is the clock; the current month of reports comes from it.
	Now func() time.Time
	// Static are tokens accepted beside the keys of the catalog, for the demo.
	Static map[string]access.Principal
	// RateLimit is how many reports a second each key may ask for, after a burst of
	// RateBurst; 0 is any number.
	RateLimit int
	RateBurst int
	// Reports and ReportsPerKey bound the reports under way at the same time, in all
	// and for each key; one more waits for ReportWait. ReportTimeout is how long a
	// report may take until its first byte. Zeros are the defaults.
	Reports, ReportsPerKey    int
	ReportWait, ReportTimeout time.Duration
	// WriteStall is how long the reader of an answer may take nothing of it before the
	// connection is cut; 0 is the default.
	WriteStall time.Duration
	// Ingest bounds what usage under way may take; zeros are the defaults.
	Ingest ingest.Limits
	// BehindProxy says that callers come through a proxy, so that their addresses
	// tell nothing: wrong keys are not limited by address then.
	BehindProxy bool
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
	figures  http.Handler // of the registry
	stopping atomic.Bool
}

// New returns a server that is ready to Serve.
func New(config Config) *Server {
	config.setDefaults()
	registry := prometheus.NewRegistry()
	s := &Server{config: config}
	s.access = &access.Service{Catalog: config.Catalog, Static: config.Static, Now: config.Now}
	s.usage = &ingest.Service{Store: config.Usage, Limits: config.Ingest, Observer: newIngestMetrics(registry)}
	s.prober = &prober{check: config.Usage.Check, timeout: probeTimeout, report: func(err error) {
		config.Logger.Error("not ready", "error", err)
	}}
	gaugeIngest(registry, s.usage)
	if store, ok := config.Usage.(storeWithStats); ok {
		registry.MustRegister(newStoreMetrics(store, config.Logger))
	}
	s.handler = web.Middleware(config.Logger, s.onPanic, web.WriteStall(config.WriteStall))(newMetrics(registry).measure(s.routes(registry)))
	return s
}

func (c *Config) setDefaults() {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Reports = cmp.Or(c.Reports, defaultReports)
	c.ReportsPerKey = cmp.Or(c.ReportsPerKey, defaultReportsPerKey)
	c.ReportWait = cmp.Or(c.ReportWait, defaultReportWait)
	c.ReportTimeout = cmp.Or(c.ReportTimeout, defaultReportTimeout)
}

// ServeHTTP answers one request, so that tests can call a Server without a
// connection of its own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers requests on the listener until ctx is done, then lets the ones
// under way finish and their usage be written, for half a minute at most. It
// returns nil after such a stop.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Logger.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		s.stopping.Store(true)
		timeout, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(timeout), s.usage.Close(timeout))
	})
	err := server.Serve(listener)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err // the listener failed before anyone asked to stop
	}
	return <-stopped
}
