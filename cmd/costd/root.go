package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// A terminal is the surroundings of a command: what it may read and write.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
}

// Main runs the command line and returns the exit code: 0 only if everything that
// was asked for was done, 3 for a report that lacks costs. The reason for anything else is one sentence on stderr.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	root := newRootCommand(terminal{in: stdin, out: stdout, err: stderr, getenv: getenv})
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "costd: "+sentence(err))
		return exitCode(err)
	}
	return 0
}

// exitCode returns what an error means to a script.
func exitCode(err error) int {
	if _, ok := errors.AsType[*incompleteError](err); ok {
		return exitIncomplete
	}
	return 1
}

// sentence returns an error in words for the person at the terminal.
func sentence(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	if e, ok := errors.AsType[*catalogError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*client.Error](err); ok && e.ExceptionClass == "ValidationError" && len(e.InvalidFields) > 0 {
		return mistakes(e.InvalidFields)
	}
	e, ok := errors.AsType[*costd.Error](err)
	switch {
	case !ok:
		return err.Error()
	case e.Code == costd.Internal && e.Err != nil: // a fault in this very process: nothing to hide
		return e.Error()
	}
	return e.Message
}

// mistakes says what is wrong with the fields of a request; the message of such an
// error says the same for programs.
func mistakes(fields map[string][]string) string {
	var all []string
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, field+": "+strings.Join(fields[field], "; "))
	}
	return strings.Join(all, "; ")
}

func newRootCommand(t terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "costd",
		Short: "Meter, price and report what each customer of a cloud used",
		Long: `costd is a server that takes in usage, prices it exactly, and answers the cost
reports that clients of the Gcore Cloud API ask for. The same program starts the
server, fills it and shows its reports.`,
		Example: `  costd demo                                        # try it with sample data
  costd serve --data ./data                         # start a server
  export COSTD_API_KEY=$(cat ./data/operator.key)
  costd apply -f catalog.yaml                       # clients, prices, commitments
  costd import usage.csv                            # usage
  costd keys create --client 1001 --role administrator
  COSTD_API_KEY=... costd report totals --month 2026-10`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newServeCommand(t),
		newDemoCommand(t),
		newApplyCommand(t),
		newCatalogCommand(t),
		newKeysCommand(t),
		newImportCommand(t),
		newReportCommand(t),
		newBackupCommand(t),
		newRestoreCommand(t),
		newCheckCommand(t),
		newAuditCommand(t),
		newVersionCommand(t),
	)
	root.Version = version()
	root.SetVersionTemplate("costd {{.Version}}\n")
	requireSubcommands(root)
	root.SetFlagErrorFunc(suggestFlag)
	return root
}

// requireSubcommands makes commands that only hold others show their help, and
// refuse words that are none of those: cobra would accept them and do nothing.
func requireSubcommands(c *cobra.Command) {
	for _, sub := range c.Commands() {
		requireSubcommands(sub)
	}
	if c.Runnable() {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fmt.Errorf("unknown command %q; see %s --help%s", args[0], c.CommandPath(), suggestion(args[0], commandNames(c)))
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
}

// Where the server is and who asks: variables, and the default address.
const (
	urlVariable = "COSTD_URL"
	keyVariable = "COSTD_API_KEY"
	defaultURL  = "http://127.0.0.1:8080"
)

// A connection is the flags that say which server to talk to.
type connection struct {
	url, key, keyFile string
}

func (c *connection) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.url, "url", "", "address of the server (default $"+urlVariable+", else "+defaultURL+")")
	cmd.Flags().StringVar(&c.key, "api-key", "", "key to use (default $"+keyVariable+")")
	cmd.Flags().StringVar(&c.keyFile, "api-key-file", "", "file that holds the key, such as the server's operator.key")
	cmd.MarkFlagsMutuallyExclusive("api-key", "api-key-file")
}

// client returns a client of the server.
func (c *connection) client(t terminal, options ...client.Option) (*client.Client, error) {
	key, err := c.apiKey(t)
	if err != nil {
		return nil, err
	}
	options = append(options, client.WithUserAgent("costd/"+release()))
	return client.New(firstOf(c.url, t.getenv(urlVariable), defaultURL), key, options...), nil
}

func (c *connection) apiKey(t terminal) (string, error) {
	if c.keyFile != "" {
		content, err := os.ReadFile(c.keyFile)
		if err != nil {
			return "", fmt.Errorf("cannot read the key: %w", err)
		}
		return strings.TrimSpace(string(content)), nil
	}
	key := firstOf(c.key, t.getenv(keyVariable))
	if key == "" {
		return "", fmt.Errorf("no API key; set %s, or name one by --api-key or --api-key-file (a server's first key is in operator.key in its data folder)", keyVariable)
	}
	return key, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// isTerminal reports whether w writes to a terminal, on which lines can be redrawn.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width returns the number of characters in a line of the terminal that w writes
// to, or 0 if it is none or does not say.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}

// A format is a flag that takes one of a few words, the first by default.
type format struct {
	allowed []string
	value   string
}

func newFormat(allowed ...string) format { return format{allowed: allowed, value: allowed[0]} }

// String, Set and Type implement pflag.Value.
func (f *format) String() string { return f.value }
func (f *format) Type() string   { return strings.Join(f.allowed, "|") }
func (f *format) Set(value string) error {
	for _, word := range f.allowed {
		if word == value {
			f.value = value
			return nil
		}
	}
	return fmt.Errorf("must be %s%s", strings.Join(f.allowed, ", "), suggestion(value, f.allowed))
}
