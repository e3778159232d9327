package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestServeReadsFlagsFromTheEnvironment(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	variables := map[string]string{"COSTD_DATA": data, "COSTD_LISTEN": "127.0.0.1:0", "COSTD_LOG_FORMAT": "json", "COSTD_CACHE_MIB": ""}
	s, err := start(func(name string) string { return variables[name] })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, operatorKeyFile)); err != nil {
		t.Error(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if log := s.stderr.String(); !strings.HasPrefix(log, "{") {
		t.Errorf("COSTD_LOG_FORMAT=json does nothing: the log is\n%s", log)
	}
}

// Whoever collects both streams of a server that logs JSON finds records only. One of
// them tells the release, and one the address, whatever the level.
func TestJSONLogIsNothingButRecords(t *testing.T) {
	for level, version := range map[string]bool{"info": true, "error": false} {
		s, err := start(noEnvironment, "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", level)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		all, told := strings.Join(s.stdout, "\n")+"\n"+s.stderr.String(), map[any]map[string]any{}
		for line := range strings.Lines(strings.TrimSpace(all)) {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Errorf("%q is no record: %v", line, err)
			}
			told[record["msg"]] = record
		}
		if url := told["listening on"]["url"]; url != s.url || !strings.HasPrefix(s.url, "http://127.0.0.1:") {
			t.Errorf("the record tells the address %v, and it is %q:\n%s", url, s.url, all)
		}
		if got := told["starting"]["version"] == release(); got != version {
			t.Errorf("at level %s the log tells the release: %v, want %v:\n%s", level, got, version, all)
		}
	}
}

// Every flag has a variable: those that are added later, too.
func TestEveryFlagOfServeHasAVariable(t *testing.T) {
	for _, value := range []string{"", "-x"} {
		newServeCommand(terminal{}).Flags().VisitAll(func(f *pflag.Flag) {
			cmd := newServeCommand(terminal{})
			err := fromEnvironment(cmd, func(name string) string {
				if name == variableOf(f.Name) {
					return value
				}
				return ""
			})
			changed := cmd.Flags().Changed(f.Name)
			if value == "" && (err != nil || changed) {
				t.Errorf("an empty %s is not the same as none: %v", variableOf(f.Name), err)
			}
			if value != "" && !changed && (err == nil || !strings.Contains(err.Error(), variableOf(f.Name))) {
				t.Errorf("%s is not read: %v", variableOf(f.Name), err)
			}
		})
	}
}

func TestFlagWinsOverVariable(t *testing.T) {
	cmd := newServeCommand(terminal{})
	if err := cmd.ParseFlags([]string{"--threads", "3"}); err != nil {
		t.Fatal(err)
	}
	if err := fromEnvironment(cmd, func(name string) string {
		return map[string]string{"COSTD_THREADS": "7", "COSTD_REPORTS": "5"}[name]
	}); err != nil {
		t.Fatal(err)
	}
	threads, reports := cmd.Flag("threads").Value.String(), cmd.Flag("reports").Value.String()
	if threads != "3" || reports != "5" {
		t.Errorf("threads %s, reports %s; want 3 of the flag and 5 of the variable", threads, reports)
	}
}

// What is refused is refused before the folder is made.
func TestServeRefusesBeforeItMakesTheFolder(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct{ flag, value, want string }{
		{"listen", taken.Addr().String(), "--listen: "},
		{"listen", "nonsense", "--listen: "},
		{"threads", "999999", "--threads is 999999; use at most 1024, or leave it out"},
		{"threads", "-1", "--threads is -1; it cannot be negative"},
		{"rate-limit", "-5", "--rate-limit is -5; "},
		{"rate-burst", "-5", "--rate-burst is -5; "},
		{"queue-mib", "-5", "--queue-mib is -5; "},
		{"decoders", "-5", "--decoders is -5; "},
		{"checkpoint-bytes", "-5", "--checkpoint-bytes is -5; "},
		{"report-timeout", "-5s", "--report-timeout is -5s; "},
		{"reports-per-key", "-5", "--reports-per-key is -5; "},
		{"cache-mib", "-2", "--cache-mib is -2; use -1 for none"},
	} {
		data := filepath.Join(t.TempDir(), "data")
		_, stderr, code := user{t: t}.try("serve", "--data", data, "--"+tt.flag, tt.value)
		if code != 1 || !strings.HasPrefix(stderr, "costd: "+tt.want) {
			t.Errorf("--%s %s: exit code %d, %q; want 1, %q", tt.flag, tt.value, code, stderr, tt.want)
		}
		if _, err := os.Stat(data); !os.IsNotExist(err) {
			t.Errorf("--%s %s: the folder was made", tt.flag, tt.value)
		}
	}
}

func TestServeWarnsOfAnOpenAddress(t *testing.T) {
	for _, tt := range []struct {
		address     string
		behindProxy bool
		want        bool
	}{
		{"0.0.0.0:8080", false, true}, {"[::]:8080", false, true}, {"192.0.2.7:8080", false, true},
		{"0.0.0.0:8080", true, false}, {"127.0.0.1:8080", false, false}, {"[::1]:8080", false, false},
	} {
		var log bytes.Buffer
		address, err := net.ResolveTCPAddr("tcp", tt.address)
		if err != nil {
			t.Fatal(err)
		}
		warnOfListening(slog.New(slog.NewTextHandler(&log, nil)), address, tt.behindProxy)
		if got := strings.Contains(log.String(), "--behind-proxy"); got != tt.want {
			t.Errorf("%s, behind a proxy %v: logged %q", tt.address, tt.behindProxy, log.String())
		}
	}
}
