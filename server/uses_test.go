package server_test

import (
	"net/http"
	"testing"

	"costd.dev/costd/server"
)

// What keys were last used for outlives a stop, though no request wrote it.
func TestStopSavesLastUses(t *testing.T) {
	s := open(t)
	address, stop := s.listen(t, server.Config{})
	conn := transmit(t, address, "GET /api/v1/keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: APIKey "+s.tokens["operator"]+"\r\n\r\n")
	if resp, body := receive(t, conn); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	if n := len(savedUses(t, s)); n != 0 {
		t.Errorf("a request saved %d last uses", n)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if saved := savedUses(t, s); len(saved) != 1 || saved["operator"] != october().String() {
		t.Errorf("the store has the last uses %v", saved)
	}
}

// savedUses returns when keys were last used by their roles, as the store has it.
func savedUses(t *testing.T, s *site) map[string]string {
	t.Helper()
	keys, err := s.store.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]string{}
	for _, key := range keys {
		if !key.LastUsed.IsZero() {
			uses[string(key.Role)] = key.LastUsed.String()
		}
	}
	return uses
}
