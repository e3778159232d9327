//go:build linux

package crash

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"costd.dev/costd/client"
	"costd.dev/costd/internal/spawn"
)

// mount mounts an empty file system of so many bytes in memory, or skips the test
// where that is not allowed.
func mount(t *testing.T, size string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("cannot mount a file system to fill it: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// hog takes all space but so many bytes, and returns what gives it back.
func hog(t *testing.T, folder string, leave int64) (release func()) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp(folder, "hog")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	size := int64(disk.Bavail)*disk.Bsize - leave
	if size > 0 {
		if err := syscall.Fallocate(int(file.Fd()), 0, 0, size); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(file.Name()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk fills the disk under a running server. What it answers while the
// disk is full says so, what it had answered stays, and when there is space again
// it goes on by itself; all of that once while it runs on, and once with a kill.
func TestFullDisk(t *testing.T) {
	for _, killed := range []bool{false, true} {
		t.Run(map[bool]string{false: "and runs on", true: "and is killed"}[killed], func(t *testing.T) {
			v := newVictim(t, mount(t, "96m"))
			v.start()
			release := hog(t, filepath.Dir(v.data), 512<<10)
			refusals := v.untilRefused()
			release = both(release, hog(t, filepath.Dir(v.data), 0))
			v.untilNotReady()
			if status, _ := v.get("/healthz"); status != http.StatusOK {
				t.Errorf("on a full disk /healthz says %d", status)
			}
			for _, refusal := range refusals {
				if !strings.Contains(refusal.Message, "log") || refusal.RetryAfter == nil {
					t.Errorf("a request to a full disk is refused by %q, Retry-After %v", refusal.Message, refusal.RetryAfter)
				}
			}
			if killed {
				v.server.Kill()
			}
			release()
			if killed {
				v.start()
			}
			v.settle()
			if status, said := v.get("/readyz"); status != http.StatusOK {
				t.Errorf("with space again /readyz says %d %s", status, said)
			}
			v.compareAll()
			v.finish()
		})
	}
}

func both(f, g func()) func() {
	return func() { f(); g() }
}

// untilNotReady wants the server to say that it cannot do its work, while senders go
// on trying. The last block of a file may have room for some small writes.
func (v *victim) untilNotReady() {
	v.t.Helper()
	for range 200 {
		_, err := v.client().SendNDJSON(v.t.Context(), v.senders[0].pending.body)
		if err == nil {
			v.t.Fatal("the disk is full, and a request of many records was stored")
		}
		if status, _ := v.get("/readyz"); status == http.StatusServiceUnavailable {
			return
		}
	}
	v.t.Error("on a full disk /readyz says that all is well")
}

// untilRefused sends until every sender was refused once.
func (v *victim) untilRefused() (refusals []*client.Error) {
	v.t.Helper()
	for _, s := range v.senders {
		s.most = 500
		for range 1000 {
			if s.pending == nil {
				s.pending = s.compose()
			}
			result, err := v.client().SendNDJSON(v.t.Context(), s.pending.body)
			if refusal, ok := errors.AsType[*client.Error](err); ok && refusal.StatusCode == http.StatusServiceUnavailable {
				refusals = append(refusals, refusal)
				break
			}
			v.must(err)
			if first, _ := s.apply(); sum(result) != first {
				v.tell("sender %d: the server says %+v, the oracle %+v", s.number, result, first)
			}
			s.pending = nil
		}
	}
	if len(refusals) < len(v.senders) {
		v.t.Fatalf("only %d senders were refused; is the disk full?", len(refusals))
	}
	return refusals
}

// get returns what the server says at a path of its own.
func (v *victim) get(path string) (status int, said string) {
	v.t.Helper()
	resp, err := http.Get(v.server.URL + path)
	v.must(err)
	defer resp.Body.Close()
	said, err = readAll(resp.Body)
	v.must(err)
	return resp.StatusCode, said
}

// TestReadOnlyFolder starts the server on a folder that it cannot write to.
func TestReadOnlyFolder(t *testing.T) {
	disk := mount(t, "96m")
	v := newVictim(t, disk)
	v.start()
	v.must(v.server.Stop())
	readOnly := uintptr(syscall.MS_REMOUNT | syscall.MS_RDONLY)
	if err := syscall.Mount("tmpfs", disk, "tmpfs", readOnly, ""); err != nil {
		t.Skipf("cannot make the file system read-only: %v", err)
	}
	server, err := spawn.Start(v.executable, v.data, serveFlags...)
	if err == nil {
		server.Kill()
		t.Fatal("the server started on a read-only folder")
	}
	if !strings.Contains(err.Error(), v.data) || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("the server says neither the folder nor what is wrong with it: %v", err)
	}
	v.must(syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=96m"))
	v.start()
	v.compareAll()
	v.finish()
}
