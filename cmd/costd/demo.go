package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/demo"
	"costd.dev/costd/ingest"
	"costd.dev/costd/server"
	"costd.dev/costd/store/embedded"
)

// sampleKey is the key of the API reference's snippets, which the demo accepts so
// that they run as they are printed.
const sampleKey = "My API Key"

// demoBatch is how many records the demo stores at once.
const demoBatch = 20_000

// demoOptions are the flags of `costd demo`.
type demoOptions struct {
	listen string
	log    logOptions
}

func newDemoCommand(t terminal) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve three months of a sample GPU cloud",
		Long: `Serve three months of a sample GPU cloud from a temporary folder, print how to
call it and a first report, and keep serving until Ctrl-C.

The demo accepts the API reference's sample key, "` + sampleKey + `", and therefore
listens on loopback addresses only.`,
		Example: "  costd demo --listen 127.0.0.1:9090",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), t)
		},
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "loopback address to listen on")
	o.log.addTo(cmd, "warn") // a demo shows reports, not requests
	return cmd
}

func (o *demoOptions) run(ctx context.Context, t terminal) (err error) {
	logger, err := o.log.logger(t.err)
	if err != nil {
		return err
	}
	listener, err := listenLoopback(o.listen)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "costd-demo-")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	db, err := embedded.Open(ctx, embedded.Options{Path: folder, Logger: logger})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	now := time.Now()
	if err := fill(ctx, db, now, t.out); err != nil {
		return errors.Join(err, listener.Close())
	}
	operator, err := operatorKey(ctx, db)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s := server.New(server.Config{
		Usage: db, Catalog: db, Logger: logger,
		Static: map[string]access.Principal{
			sampleKey: {KeyID: "sample", Role: costd.RoleAdministrator, ClientID: demo.ClientID},
		},
	})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	if err := introduce(ctx, t, "http://"+listener.Addr().String(), operator, now); err != nil {
		stop()
		return errors.Join(err, <-served)
	}
	return <-served
}

// operatorKey makes the operator's key of the demo, and returns its token.
func operatorKey(ctx context.Context, db *embedded.Store) (token string, err error) {
	keys := &access.Service{Catalog: db}
	_, err = keys.Bootstrap(ctx, func(made string) error {
		token = made
		return nil
	})
	return token, err
}

// listenLoopback listens on an address that no other machine can reach.
func listenLoopback(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address by --listen", err)
	}
	bound, err := netip.ParseAddrPort(listener.Addr().String())
	if err == nil && bound.Addr().Unmap().IsLoopback() {
		return listener, nil
	}
	return nil, errors.Join(fmt.Errorf("the demo accepts a key that everybody knows, so it listens on loopback only; %s is not", address), listener.Close())
}

// fill puts the sample into an empty store.
func fill(ctx context.Context, db *embedded.Store, now time.Time, stdout io.Writer) error {
	if _, err := (&catalog.Service{Store: db}).Apply(ctx, demo.Entries(now)); err != nil {
		return err
	}
	sink := &ingest.Service{Store: db}
	batch := make([]costd.Usage, 0, demoBatch)
	total := 0
	flush := func() error {
		result, err := sink.Write(ctx, batch)
		if err == nil && len(result.Rejected) > 0 {
			err = fmt.Errorf("the sample is not valid: %s", result.Rejected[0].Error)
		}
		total += result.Accepted
		batch = batch[:0]
		return err
	}
	for u := range demo.Usage(now) {
		batch = append(batch, u)
		if len(batch) == cap(batch) {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "A sample GPU cloud: %d usage records over three months.\n\n", total)
	return nil
}

// introduce shows the report of last month, which is whole, and how to get it.
func introduce(ctx context.Context, t terminal, url, operator string, now time.Time) error {
	month := (costd.MonthOf(costd.DayOf(now)) - 1).String()
	report := newRootCommand(t)
	report.SetArgs([]string{"report", "totals", "--url", url, "--api-key", sampleKey, "--month", month})
	if err := report.ExecuteContext(ctx); err != nil {
		return err
	}
	fmt.Fprintf(t.out, `
Serving on %[1]s with the key %[2]q. Try:

  curl -s %[1]s/cloud/v1/reservation_cost_report/totals \
    -H 'Authorization: APIKey %[2]s' -H 'Content-Type: application/json' \
    -d '{"year_month": "%[3]s"}'

  bin/costd report totals --url %[1]s --api-key '%[2]s' --month %[3]s

  pip install gcore && GCORE_BASE_URL=%[1]s python3 - <<'END'
  from gcore import Gcore
  client = Gcore(api_key="%[2]s")
  report = client.cloud.cost_reports.get_aggregated_monthly()
  print(report.count, "rows;", report.results[0].billing_feature_name)
  END

That key sees the reports of one client. The catalog, usage and keys are the operator's:

  export COSTD_URL=%[1]s COSTD_API_KEY='%[4]s'
  bin/costd keys list
  bin/costd check

The check exits 1: it finds usage without a price, which the sample has on purpose.
Ctrl-C stops the demo; its data is gone then.
`, url, sampleKey, month, operator)
	return nil
}
