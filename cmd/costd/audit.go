package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/ledger"
	"costd.dev/costd/report"
	"costd.dev/costd/store/embedded"
)

func newAuditCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who changed what, and verify that nobody changed the record of it",
		Example: `  costd audit list --since 2026-11-01
  costd audit verify`,
	}
	cmd.AddCommand(newAuditListCommand(t), newAuditVerifyCommand(t))
	return cmd
}

type auditListOptions struct {
	terminal
	connection
	since, actor, action string
}

func newAuditListCommand(t terminal) *cobra.Command {
	o := &auditListOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what people and keys changed",
		Long: `List shows the audit log: each catalog that was applied, each key that was created or
deleted, and each backup, with the time, the key it was done with and the request.`,
		Example: `  costd audit list
  costd audit list --since 2026-11-01 --action key.create`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.since, "since", "", "only entries of this time or later, such as 2026-11-01")
	cmd.Flags().StringVar(&o.actor, "actor", "", "only what was done with this key, by its id")
	cmd.Flags().StringVar(&o.action, "action", "", "only this: catalog.apply, key.create, key.delete or backup")
	o.connection.addFlags(cmd)
	return cmd
}

func (o *auditListOptions) run(ctx context.Context) error {
	request := client.AuditRequest{Actor: o.actor, Action: costd.AuditAction(o.action)}
	if o.since != "" {
		since, err := report.ParseTime(o.since)
		if err != nil {
			return fmt.Errorf("--since: %w", err)
		}
		request.Since = since
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	t := newTable(column{title: "NUMBER", right: true}, column{title: "TIME"}, column{title: "BY"}, column{title: "ACTION"}, column{title: "SUBJECT"}, column{title: "REQUEST"}, column{title: "DETAILS"})
	for e, err := range c.Audit(ctx, request) {
		if err != nil {
			return err
		}
		t.add(strconv.FormatInt(e.Number, 10), e.Time.Format(time.DateTime), e.Name, string(e.Action), e.Subject, e.RequestID, e.Details)
	}
	return t.write(o.out)
}

type auditVerifyOptions struct {
	terminal
	connection
	data string
	head string
}

func newAuditVerifyCommand(t terminal) *cobra.Command {
	o := &auditVerifyOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "verify [--data DIR] [--head NUMBER:HASH]",
		Short: "Look whether the audit log and the history of the catalog are as they were written",
		Long: `Verify reads the audit log, of a running server or in the data folder of a stopped one,
and computes the hash of each entry anew: an entry that was altered, is missing or was
inserted is named. So is a version in the history of the catalog that is not what its
entry says.

The log's own head, kept apart, tells that the last entries are missing. Whoever can write
the whole database can write the whole log anew, too; only a head that was noted elsewhere
tells that. Verify prints the head as NUMBER:HASH, and the server's log has one for each
entry. Give the one you kept by --head.

The exit code is 0 only if nothing was found.`,
		Example: `  costd audit verify
  costd audit verify --head 17:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9
  costd audit verify --data ./data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.data, "data", "", "folder of a server that is not running, to look into it directly")
	cmd.Flags().StringVar(&o.head, "head", "", "an entry that was noted, as NUMBER:HASH, to hold the log against")
	o.connection.addFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("data", "url")
	return cmd
}

func (o *auditVerifyOptions) run(ctx context.Context) error {
	heads, err := o.heads()
	if err != nil {
		return err
	}
	verify := o.remote
	if o.data != "" {
		verify = o.local
	}
	verdict, err := verify(ctx, heads)
	if err != nil {
		return err
	}
	return printVerdict(o.out, verdict)
}

// heads returns what --head says.
func (o *auditVerifyOptions) heads() ([]costd.AuditHead, error) {
	if o.head == "" {
		return nil, nil
	}
	number, hash, _ := strings.Cut(o.head, ":")
	var head costd.AuditHead
	var err error
	if head.Number, err = strconv.ParseInt(number, 10, 64); err == nil {
		err = head.Hash.UnmarshalText([]byte(hash))
	}
	if err != nil {
		return nil, fmt.Errorf("--head: %.120q is not NUMBER:HASH, as costd audit verify prints it", o.head)
	}
	return []costd.AuditHead{head}, nil
}

// remote verifies the log of a running server.
func (o *auditVerifyOptions) remote(ctx context.Context, heads []costd.AuditHead) (ledger.Verdict, error) {
	c, err := o.client(o.terminal)
	if err != nil {
		return ledger.Verdict{}, err
	}
	head := func() (costd.AuditHead, error) { return c.AuditHead(ctx) }
	return ledger.Verify(ledger.Log{Entries: c.Audit(ctx, client.AuditRequest{}), Versions: c.CatalogVersions(ctx, 0), Head: head, Noted: heads})
}

// local verifies the log in a folder.
func (o *auditVerifyOptions) local(ctx context.Context, heads []costd.AuditHead) (_ ledger.Verdict, err error) {
	if err := wantData(o.data); err != nil {
		return ledger.Verdict{}, err
	}
	logger, err := (&logOptions{format: "text", level: "warn"}).logger(o.err)
	if err != nil {
		return ledger.Verdict{}, err
	}
	db, err := embedded.Open(ctx, embedded.Options{Path: o.data, Logger: logger})
	if err != nil {
		return ledger.Verdict{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	head := func() (costd.AuditHead, error) { return db.AuditHead(ctx) }
	return ledger.Verify(ledger.Log{Entries: entriesOf(ctx, db), Versions: versionsOf(ctx, db), Head: head, Noted: heads})
}

// auditPage is how many entries of the log, or of versions, are read at a time.
const auditPage = 10_000

// entriesOf returns all entries of a log.
func entriesOf(ctx context.Context, log costd.AuditLog) iter.Seq2[costd.AuditEntry, error] {
	return func(yield func(costd.AuditEntry, error) bool) {
		for q := (costd.AuditQuery{After: math.MinInt64, Limit: auditPage}); ; {
			page, err := log.AuditEntries(ctx, q)
			if err != nil {
				yield(costd.AuditEntry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if len(page) < q.Limit {
				return
			}
			q.After = page[len(page)-1].Number
		}
	}
}

// versionsOf returns all versions of a history.
func versionsOf(ctx context.Context, history costd.History) iter.Seq2[costd.Version, error] {
	return func(yield func(costd.Version, error) bool) {
		for since := int64(-1); ; {
			page, err := history.Versions(ctx, since, auditPage)
			if err != nil {
				yield(costd.Version{}, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
			}
			since = page[len(page)-1].Number
		}
	}
}

// printVerdict prints what was found, and returns an error if anything was.
func printVerdict(w io.Writer, v ledger.Verdict) error {
	for _, f := range v.Faults {
		if _, err := fmt.Fprintf(w, "%-8s  %s\n", f.Kind, f.Message); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s of the audit log and %s of the catalog verified: %s\nhead %d:%s\n",
		entriesText(v.Entries), plural(v.Versions, "version"), plural(int64(len(v.Faults)), "fault"), v.Last.Number, v.Last.Hash)
	if err == nil && len(v.Faults) > 0 {
		err = fmt.Errorf("the audit log or the history of the catalog is not what was written: %s above; compare with a backup", plural(int64(len(v.Faults)), "fault"))
	}
	return err
}

func entriesText(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return count(n) + " entries"
}
