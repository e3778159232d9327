package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/ingest"
	"costd.dev/costd/server"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// operatorKeyFile is the file in the data folder that holds the first key.
const operatorKeyFile = duckdb.OperatorKeyFile

// What a key may do by default: far more than people and scripts ask for, and few
// enough that one of them cannot keep the server from the others.
const (
	defaultRateLimit = 200
	defaultRateBurst = 400
)

// serveOptions are the flags of `costd serve`.
type serveOptions struct {
	data        string
	listen      string
	memoryLimit string
	cacheMiB    int64
	logBytes    int64
	threads     int
	rateLimit   int
	rateBurst   int
	behindProxy bool
	connections int
	reports     reportBounds
	uuids       bool
	ingest      ingestOptions
	log         logOptions
}

// ingestOptions are the flags that bound usage under way; zeros are the defaults.
type ingestOptions struct {
	queueRecords int
	queueMiB     int64
	bodyMiB      int64
	decoders     int
}

func (o *ingestOptions) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&o.queueRecords, "queue-records", 0, "usage records that may wait to be written; what is over gets 503 (default 100000)")
	flags.Int64Var(&o.queueMiB, "queue-mib", 0, "memory of usage records that may wait, in MiB (default 128)")
	flags.Int64Var(&o.bodyMiB, "body-mib", 0, "memory of bodies of usage under way, in MiB (default 128)")
	flags.IntVar(&o.decoders, "decoders", 0, "bodies of usage decoded at the same time (default two per core)")
}

func (o *ingestOptions) limits() ingest.Limits {
	return ingest.Limits{QueueRecords: o.queueRecords, QueueBytes: o.queueMiB << 20, BodyBytes: o.bodyMiB << 20, Decoders: o.decoders}
}

// reportBounds are the flags that bound reports under way; zeros are the defaults.
type reportBounds struct {
	all     int
	perKey  int
	timeout time.Duration
}

func (o *reportBounds) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&o.all, "reports", 0, "reports under way at the same time; more wait, then get 503 (default 24)")
	flags.IntVar(&o.perKey, "reports-per-key", 0, "reports of one client, with all of its keys, under way at the same time; more wait, then get 429 (default 12)")
	flags.DurationVar(&o.timeout, "report-timeout", 0, "how long a report may take until its first byte, then it gets 503 (default 1m)")
}

func newServeCommand(t terminal) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve --data DIR",
		Short: "Serve reports and take usage, with all data in one folder",
		Long: `Serve the cost-report API and costd's own API, with all data in one folder.

The folder is created if needed. On the first start an operator key is written to
DIR/operator.key, readable by this user only. SIGTERM or Ctrl-C stops the server
after the requests under way are answered.

Each flag can be given as a variable, too: COSTD_LISTEN is --listen, and
COSTD_MEMORY_LIMIT is --memory-limit. A flag wins over its variable.`,
		Example: `  costd serve --data ./data --listen 127.0.0.1:8080
  COSTD_DATA=./data COSTD_LISTEN=127.0.0.1:8080 costd serve`,
		Args: cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd, t.getenv)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(checkNumbers(cmd.Flags()), checkThreads(o.threads)); err != nil {
				return err
			}
			return o.run(cmd.Context(), t.out, t.err)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.data, "data", "", "folder for all data (required)")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to listen on")
	flags.StringVar(&o.memoryLimit, "memory-limit", "", "how much memory the database may use, such as 2GB (default 512MB)")
	flags.Int64Var(&o.cacheMiB, "cache-mib", 0, "memory that reports are answered from, in MiB; -1 for none (default 256)")
	flags.Int64Var(&o.logBytes, "checkpoint-bytes", 0, "size of the write-ahead log at which it is moved into the database (default 33554432, 32 MiB)")
	flags.IntVar(&o.threads, "threads", 0, "threads of the database (default one per core)")
	flags.IntVar(&o.rateLimit, "rate-limit", defaultRateLimit, "report requests a second for each key; 0 for any number")
	flags.IntVar(&o.rateBurst, "rate-burst", defaultRateBurst, "report requests of a key that may come at once")
	flags.BoolVar(&o.behindProxy, "behind-proxy", false, "callers come through a proxy: log X-Forwarded-For, and do not limit wrong keys by address")
	flags.IntVar(&o.connections, "max-connections", 0, "connections open at the same time; beyond, those without a request are closed, then new ones get 503 (default 4096, or what the process has file descriptors for)")
	o.reports.addTo(cmd)
	flags.BoolVar(&o.uuids, "uuids", false, "answer ids that are no UUIDs as UUIDs made of them, for clients that take nothing else")
	o.ingest.addTo(cmd)
	o.log.addTo(cmd, "info")
	_ = cmd.MarkFlagRequired("data") // fails only for a flag that does not exist
	return cmd
}

// goMemory is the size, in bytes, from which on the server outside of the database
// would rather collect garbage than grow. GOMEMLIMIT says another one.
const goMemory = 640 << 20

func (o *serveOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(max(goMemory, o.cacheMiB<<20+goMemory/2))
	}
	logger, err := o.log.logger(stderr)
	if err != nil {
		return err
	}
	// An address that cannot be had must be known before the folder is made.
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	logger.InfoContext(ctx, "starting", "version", release(), "go", runtime.Version())
	return errors.Join(o.serve(ctx, listener, stdout, logger), closed(listener))
}

// closed closes a listener that the server may have closed already.
func closed(listener net.Listener) error {
	if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// serve opens the data folder and answers requests until ctx ends.
func (o *serveOptions) serve(ctx context.Context, listener net.Listener, stdout io.Writer, logger *slog.Logger) (err error) {
	db, err := embedded.Open(ctx, embedded.Options{
		Path: o.data, MemoryLimit: o.memoryLimit, CacheBytes: o.cacheMiB << 20, CheckpointBytes: o.logBytes,
		Threads: o.threads, Logger: logger,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := o.bootstrap(ctx, db, logger); err != nil {
		return err
	}
	warnOfListening(logger, listener.Addr(), o.behindProxy)
	if err := o.log.sayListening(stdout, "http://"+listener.Addr().String()); err != nil {
		return err
	}
	return server.New(server.Config{
		Usage: db, Catalog: db, Logger: logger, RateLimit: o.rateLimit, RateBurst: o.rateBurst, BehindProxy: o.behindProxy, Connections: o.connections,
		Reports: o.reports.all, ReportsPerKey: o.reports.perKey, ReportTimeout: o.reports.timeout, Ingest: o.ingest.limits(),
		UUIDs: o.uuids, Version: release(),
	}).Serve(ctx, listener)
}

// bootstrap makes the operator key of a new folder.
func (o *serveOptions) bootstrap(ctx context.Context, db *embedded.Store, logger *slog.Logger) error {
	keys := &access.Service{Catalog: db}
	path := filepath.Join(o.data, operatorKeyFile)
	ctx = costd.WithActor(ctx, costd.Actor{Name: costd.ActorServer})
	made, err := keys.Bootstrap(ctx, func(token string) error { return writeSecret(path, token) })
	if err == nil && made {
		logger.InfoContext(ctx, "operator key written", "file", path)
	}
	return err
}

// writeSecret writes a file that only this user can read, whole or not at all. The file
// and its name are on disk when it returns: a loss of power must not take the only copy.
func writeSecret(path, secret string) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), operatorKeyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	_, err = temporary.WriteString(secret + "\n")
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	if err = os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}
