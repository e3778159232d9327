package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// logOptions say how and how much a server logs.
type logOptions struct {
	format string
	level  string
}

func (o *logOptions) addTo(cmd *cobra.Command, level string) {
	flags := cmd.Flags()
	flags.StringVar(&o.format, "log-format", "text", "format of the log: text or json")
	flags.StringVar(&o.level, "log-level", level, "least level to log: debug, info, warn or error")
}

func (o *logOptions) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.level)); err != nil {
		return nil, fmt.Errorf("--log-level is %q; use debug, info, warn or error%s", o.level, suggestion(o.level, []string{"debug", "info", "warn", "error"}))
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: shortened}
	switch o.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log-format is %q; use text or json%s", o.format, suggestion(o.format, []string{"text", "json"}))
}

// sayListening says on standard output where the server listens, whatever the level of
// the log: scripts wait for it. It is a record when the log is JSON, so that whatever
// collects both streams finds records only.
func (o *logOptions) sayListening(stdout io.Writer, url string) error {
	if o.format == "json" {
		slog.New(slog.NewJSONHandler(stdout, nil)).Info("listening on", "url", url)
		return nil
	}
	_, err := fmt.Fprintf(stdout, "listening on %s\n", url)
	return err
}

// Bounds of one value in the log, in bytes. Callers choose paths and make the
// database say long things; a stack is ours and is worth more room.
const (
	maxLogValue = 1 << 10
	maxLogStack = 8 << 10
)

// shortened cuts a value of the log that is too long.
func shortened(_ []string, a slog.Attr) slog.Attr {
	limit := maxLogValue
	if a.Key == "stack" {
		limit = maxLogStack
	}
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny:
		if text := a.Value.String(); len(text) > limit {
			return slog.String(a.Key, strings.ToValidUTF8(text[:limit], "")+"...")
		}
	}
	return a
}
