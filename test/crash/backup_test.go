package crash

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBackup copies a server amid the requests of all senders, and once more when
// they are done, and wants both copies to be good.
func TestBackup(t *testing.T) {
	v := newVictim(t, t.TempDir())
	for _, s := range v.senders {
		s.remember = true
	}
	v.start()
	amid := ""
	v.send(func() {
		time.Sleep(300 * time.Millisecond)
		amid = v.backup("amid")
		time.Sleep(200 * time.Millisecond)
	})
	v.start()
	v.settle()
	v.compareAll() // the backup did no harm
	after := v.backup("after")
	v.must(v.server.Stop())

	v.restored(after)
	v.compareAll()
	v.must(v.server.Stop())
	v.check()

	// What the first copy does not have, the senders bring, who repeat all they sent.
	v.restored(amid)
	v.repeat()
	v.compareAll()
	v.must(v.server.Stop())
	v.check()
}

// run runs costd and returns what it prints. It must succeed.
func (v *victim) run(arguments ...string) string {
	v.t.Helper()
	said, err := exec.Command(v.executable, arguments...).CombinedOutput()
	if err != nil {
		v.t.Fatalf("costd %s: %v\n%s", strings.Join(arguments, " "), err, said)
	}
	return string(said)
}

// backup copies the server into a folder of its own and returns the file.
func (v *victim) backup(name string) string {
	v.t.Helper()
	said := v.run("backup", "--to", filepath.Join(v.t.TempDir(), name), "--url", v.server.URL, "--api-key", v.server.Key)
	file, _, _ := strings.Cut(said, ", ")
	return file
}

// restored makes the victim one that was restored from the file.
func (v *victim) restored(file string) {
	v.t.Helper()
	data := filepath.Join(v.t.TempDir(), "restored")
	v.run("restore", "--from", file, "--data", data)
	key, err := os.ReadFile(filepath.Join(v.data, "operator.key"))
	v.must(err)
	v.must(os.WriteFile(filepath.Join(data, "operator.key"), key, 0o600))
	v.data = data
	v.start()
}

// repeat sends everything once more that any sender ever sent.
func (v *victim) repeat() {
	v.t.Helper()
	var group sync.WaitGroup
	for _, s := range v.senders {
		group.Go(func() {
			for _, body := range s.sent {
				if _, err := v.client().SendNDJSON(v.t.Context(), body); err != nil {
					v.tell("sender %d, repeating: %v", s.number, err)
					return
				}
			}
		})
	}
	group.Wait()
	_, err := v.client().ApplyCatalog(v.t.Context(), catalogFile(v.operator.version))
	v.must(err)
}

// check wants the roll-ups of the victim, which does not run, to be right.
func (v *victim) check() {
	v.t.Helper()
	v.run("check", "--data", v.data, "--kind", "rollup")
}
