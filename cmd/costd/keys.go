package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/client"
	"costd.dev/costd/store/embedded"
)

func newKeysCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Create, list and delete API keys",
		Example: `  costd keys create --client 1001 --role administrator
  costd keys list
  costd keys delete 1234`,
	}
	cmd.AddCommand(newKeysCreateCommand(t), newKeysListCommand(t), newKeysDeleteCommand(t))
	return cmd
}

type keysCreateOptions struct {
	terminal
	connection
	clientID int64
	role     string
	projects []int64
	name     string
	expires  lifetime
	data     string // folder of a stopped server; "": ask the server
}

func newKeysCreateCommand(t terminal) *cobra.Command {
	o := &keysCreateOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "create --role ROLE",
		Short: "Create a key and print its token",
		Long: `Create makes a key and prints its token, alone on standard output, so that it can
be kept: the server keeps only a hash of it and cannot show it again.

An operator may do everything; ingest sends usage of any client; an administrator
reads all reports of one client; project reads the cost and usage of some of its
projects.

With --data the key is made in the data folder of a server that is stopped, and no key
is needed for that: so an operator's key that was lost is replaced.`,
		Example: `  costd keys create --client 1001 --role administrator
  costd keys create --client 1001 --role project --project 501 --project 502
  costd keys create --role ingest --name meters --expires 90d > ingest.key
  (umask 077 && costd keys create --data ./data --role operator > new.key)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringVar(&o.role, "role", "", "operator, ingest, administrator or project")
	cmd.Flags().Int64Var(&o.clientID, "client", 0, "id of the client, for administrator and project")
	cmd.Flags().Int64SliceVar(&o.projects, "project", nil, "id of a project, for project; may be repeated")
	cmd.Flags().StringVar(&o.name, "name", "", "what the key is for")
	cmd.Flags().Var(&o.expires, "expires", "how long the key is accepted, such as 90d or 12h (default for ever)")
	cmd.Flags().StringVar(&o.data, "data", "", "data folder of a stopped server, to make the key in")
	cmd.MarkFlagRequired("role")
	o.connection.addFlags(cmd)
	for _, other := range []string{"url", "api-key", "api-key-file"} {
		cmd.MarkFlagsMutuallyExclusive("data", other)
	}
	return cmd
}

// roles are those of keys that this program knows.
var roles = []string{string(costd.RoleOperator), string(costd.RoleIngest), string(costd.RoleAdministrator), string(costd.RoleProject)}

func (o *keysCreateOptions) run(cmd *cobra.Command) error {
	if err := checkWords("role", []string{o.role}, roles); err != nil {
		return err
	}
	create := o.ask
	if o.data != "" {
		create = o.createInFolder
	}
	id, token, err := create(cmd.Context())
	if err != nil {
		return err
	}
	fmt.Fprintf(o.err, "key %s was created; its token is shown this once:\n", id)
	_, err = fmt.Fprintln(o.out, token)
	return err
}

// ask has the server make the key.
func (o *keysCreateOptions) ask(ctx context.Context) (id, token string, err error) {
	c, err := o.client(o.terminal)
	if err != nil {
		return "", "", err
	}
	return c.CreateKey(ctx, costd.Role(o.role), o.clientID, o.projects, client.KeyName(o.name), client.KeyExpires(o.expires.end(time.Now())))
}

// createInFolder makes the key where a server that is stopped will find it. It makes no
// folder: a mistyped one must not look like success.
func (o *keysCreateOptions) createInFolder(ctx context.Context) (id, token string, err error) {
	if err := wantData(o.data); err != nil {
		return "", "", err
	}
	logger, err := (&logOptions{format: "text", level: "warn"}).logger(o.err)
	if err != nil {
		return "", "", err
	}
	db, err := embedded.Open(ctx, embedded.Options{Path: o.data, Logger: logger})
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	options := []access.Option{access.Name(o.name)}
	if o.expires != 0 {
		options = append(options, access.Expires(o.expires.end(time.Now())))
	}
	key, token, err := (&access.Service{Catalog: db}).Create(ctx, costd.Role(o.role), o.clientID, o.projects, options...)
	return key.ID, token, err
}

type keysListOptions struct {
	terminal
	connection
}

func newKeysListCommand(t terminal) *cobra.Command {
	o := &keysListOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the keys, without their tokens",
		Long: `List shows every key, without its token, which the server does not keep. The
key with a * in the column IN USE is the one that this command used.`,
		Example: "  costd keys list",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.connection.addFlags(cmd)
	return cmd
}

func (o *keysListOptions) run(cmd *cobra.Command) error {
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	keys, err := c.Keys(cmd.Context())
	if err != nil {
		return err
	}
	mine, err := o.keyID(o.terminal)
	if err != nil {
		return err
	}
	return printKeys(o.out, keys, mine)
}

// printKeys writes a table of the keys, in which the one with the id mine is marked.
func printKeys(w io.Writer, keys []client.Key, mine string) error {
	table := newTable(column{title: "ID"}, column{title: "IN USE"}, column{title: "ROLE"}, column{title: "CLIENT", right: true}, column{title: "PROJECTS"}, column{title: "CREATED"}, column{title: "EXPIRES"}, column{title: "LAST USED"}, column{title: "NAME"})
	for _, k := range keys {
		client := ""
		if k.ClientID != 0 {
			client = strconv.FormatInt(k.ClientID, 10)
		}
		inUse := ""
		if k.ID == mine {
			inUse = "*"
		}
		table.add(k.ID, inUse, string(k.Role), client, joinIDs(k.Projects), k.Created.UTC().Format(time.DateTime), orNever(k.Expires), orNever(k.LastUsed), k.Name)
	}
	return table.write(w)
}

// keyID returns the id of the key that this connection uses, or "" if the key is no
// token of the server's own, such as the demo's.
func (c *connection) keyID(t terminal) (string, error) {
	token, err := c.apiKey(t)
	return access.KeyID(token), err
}

// orNever returns a time as tables show it; the zero time is never.
func orNever(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.DateTime)
}

func joinIDs(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ",")
}

type keysDeleteOptions struct {
	terminal
	connection
	force bool
}

func newKeysDeleteCommand(t terminal) *cobra.Command {
	o := &keysDeleteOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "Delete a key; its token is refused from then on",
		Long: `Delete removes a key; the server refuses its token from then on. The key that this
command itself uses is deleted only with --force, and the last operator key, or the last
one that does not expire, never.`,
		Example: "  costd keys delete 1234",
		Args:    exactly("the ID of one key, as keys list shows it"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cmd.Flags().BoolVar(&o.force, "force", false, "delete the key even if this command uses it")
	o.connection.addFlags(cmd)
	return cmd
}

func (o *keysDeleteOptions) run(cmd *cobra.Command, id string) error {
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	mine, err := o.keyID(o.terminal)
	if err != nil {
		return err
	}
	if id == mine && !o.force {
		return fmt.Errorf("%s is the key that this command uses, and its token would be refused from then on; use another operator key, or say --force", id)
	}
	if err := c.DeleteKey(cmd.Context(), id); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "key %s was deleted\n", id)
	return err
}

// exactly makes a command insist on one argument for each of the names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return fmt.Errorf("%s needs %s, not %d arguments; see %s --help", cmd.CommandPath(), strings.Join(names, " and "), len(args), cmd.CommandPath())
	}
}
