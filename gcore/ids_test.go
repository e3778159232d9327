package gcore_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"costd.dev/costd"
	"costd.dev/costd/gcore"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// idKeys are the fields of rows that the published contract calls UUIDs.
var idKeys = []string{"uuid", "vm_id", "port_id", "network_id", "subnet_id", "schedule_id", "source_volume_uuid"}

const nilUUID = "00000000-0000-0000-0000-000000000000"

// idsUsage is usage with ids that are texts, UUIDs and missing.
func idsUsage() string {
	var b strings.Builder
	for _, u := range []string{
		`"type":"backup","resource_id":"backup-1","metric":"b","size":1,"attributes":{"schedule_id":"nightly","source_volume_uuid":"disk-1"}`,
		`"type":"backup","resource_id":"6f1c2c5e-9a3e-4b8e-8f0a-1d2c3b4a5f60","metric":"b","size":1`,
		`"type":"egress_traffic","resource_id":"web-1","metric":"e","quantity":1,"attributes":{"instance_type":"vm"}`,
		`"type":"egress_traffic","resource_id":"sent-2","metric":"e","quantity":2,"attributes":{"instance_type":"vm","vm_id":"web-2","port_id":"p-2"}`,
		`"type":"egress_traffic","resource_id":"sent-3","metric":"e","quantity":4,"attributes":{"instance_type":"vm","vm_id":"web-1","port_id":"p-3"}`,
		`"type":"external_ip","resource_id":"ip-1","metric":"i","attributes":{"network_id":"n-1"}`,
	} {
		fmt.Fprintf(&b, `{"client_id":1001,"project_id":501,"region_id":76,"start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z",%s}`+"\n", u)
	}
	return b.String()
}

// newIDs starts a server with idsUsage that answers UUIDs, or ids as they are.
func newIDs(t *testing.T, uuids bool) (*server, string) {
	s := newServer(t)
	s.Config.Handler = web.Middleware(slog.New(slog.DiscardHandler), nil)(&gcore.Handler{
		Reports: &report.Service{Usage: s.db, Catalog: s.db}, Access: s.access, UUIDs: uuids,
	})
	s.apply(t, twoClients)
	s.send(t, idsUsage())
	return s, s.key(t, costd.RoleAdministrator, 1001)
}

// idRows returns the rows of a report by resource as they were answered.
func (s *server) idRows(t *testing.T, key, filter string) []map[string]any {
	t.Helper()
	var answer struct{ Resources []map[string]any }
	parse(t, s.post(t, usagePath, key, `{"limit":1000,`+period+filter+`}`), &answer)
	return answer.Resources
}

// A missing id is never empty text, and a text stays as it is.
func TestMissingIDs(t *testing.T) {
	s, key := newIDs(t, false)
	got := map[string]string{}
	for _, r := range s.idRows(t, key, "") {
		for _, k := range idKeys {
			if r[k] != nil {
				got[fmt.Sprint(r["type"], " ", r["billing_value"], " ", k)] += fmt.Sprint(" ", r[k])
			}
		}
	}
	for at, want := range map[string]string{
		"backup 60 uuid":               " 6f1c2c5e-9a3e-4b8e-8f0a-1d2c3b4a5f60 backup-1",
		"backup 60 schedule_id":        " " + nilUUID + " nightly",
		"backup 60 source_volume_uuid": " " + nilUUID + " disk-1",
		"egress_traffic 1 vm_id":       " web-1",
		"egress_traffic 1 port_id":     " " + nilUUID,
		"egress_traffic 2 vm_id":       " web-2",
		"external_ip 60 port_id":       " " + nilUUID,
		"external_ip 60 subnet_id":     " " + nilUUID,
		"external_ip 60 network_id":    " n-1",
	} {
		if got[at] != want {
			t.Errorf("%s is%s, want%s", at, got[at], want)
		}
	}
	csv := s.post(t, resourcesPath, key, `{`+period+`,"response_format":"csv_records"}`)
	if strings.Contains(csv, nilUUID) || !strings.Contains(csv, ",p-2\r\n") {
		t.Errorf("got %s", csv)
	}
}

// With the setting every id is a UUID, the same for the same text wherever it stands.
func TestIDsAsUUIDs(t *testing.T) {
	s, key := newIDs(t, true)
	made := func(id string) string {
		return uuid.NewSHA1(uuid.NewSHA1(uuid.NameSpaceDNS, []byte("costd.dev")), []byte(id)).String()
	}
	var all []string
	for _, r := range s.idRows(t, key, "") {
		for _, k := range idKeys {
			if r[k] == nil {
				continue
			}
			if id := fmt.Sprint(r[k]); len(id) != 36 || uuid.Validate(id) != nil {
				t.Errorf("%s %s is %s", r["type"], k, id)
			}
			all = append(all, fmt.Sprint(r[k]))
		}
	}
	for _, want := range []string{made("backup-1"), made("nightly"), made("web-1"), made("n-1"), nilUUID, "6f1c2c5e-9a3e-4b8e-8f0a-1d2c3b4a5f60"} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is missing in %v", want, all)
		}
	}
	csv := s.post(t, resourcesPath, key, `{`+period+`,"response_format":"csv_records"}`)
	for _, want := range []string{"\r\nbackup," + made("backup-1") + ",", "," + made("p-2") + "\r\n"} {
		if !strings.Contains(csv, want) {
			t.Errorf("%q is missing in %s", want, csv)
		}
	}
}

// Each id can be filtered by as it is stored and as it is answered.
func TestFiltersTakeBothIDs(t *testing.T) {
	for _, uuids := range []bool{false, true} {
		s, key := newIDs(t, uuids)
		made := func(id string) string { return id }
		if uuids {
			made = func(id string) string {
				return uuid.NewSHA1(uuid.NewSHA1(uuid.NameSpaceDNS, []byte("costd.dev")), []byte(id)).String()
			}
		}
		for _, tt := range []struct {
			kind, field, value string
			rows               int
		}{
			{"backup", "uuid", "backup-1", 1},
			{"backup", "uuid", made("backup-1"), 1},
			{"backup", "uuid", "6f1c2c5e-9a3e-4b8e-8f0a-1d2c3b4a5f60", 1},
			{"backup", "schedule_id", "nightly", 1},
			{"backup", "schedule_id", made("nightly"), 1},
			{"backup", "schedule_id", nilUUID, 1},
			{"backup", "source_volume_uuid", made("disk-1"), 1},
			{"egress_traffic", "vm_id", "web-1", 2},
			{"egress_traffic", "vm_id", made("web-1"), 2},
			{"egress_traffic", "vm_id", made("web-2"), 1},
			{"egress_traffic", "vm_id", made("sent-2"), 0},
			{"egress_traffic", "port_id", nilUUID, 1},
			{"egress_traffic", "port_id", made("p-2"), 1},
			{"external_ip", "network_id", made("n-1"), 1},
			{"external_ip", "subnet_id", nilUUID, 1},
			{"external_ip", "port_id", uuid.NewString(), 0},
			{"external_ip", "port_id", made("unknown"), 0},
		} {
			filter := fmt.Sprintf(`,"schema_filter":{"type":%q,"field":%q,"values":[%q]}`, tt.kind, tt.field, tt.value)
			if rows := s.idRows(t, key, filter); len(rows) != tt.rows {
				t.Errorf("UUIDs %v: %s %s %s gives %v, want %d rows", uuids, tt.kind, tt.field, tt.value, rows, tt.rows)
			}
		}
	}
}
