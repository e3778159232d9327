package duckdb_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"

	driver "github.com/duckdb/duckdb-go/v2"
)

// childVariable tells the test binary, when it is started by startChild, to be one
// of the children instead of running tests.
const childVariable = "COSTD_TEST_CHILD"

func TestMain(m *testing.M) {
	switch kind, folder, _ := strings.Cut(os.Getenv(childVariable), " "); kind {
	case "write":
		writeForEver(folder)
	case "hold":
		holdForEver(folder)
	}
	os.Exit(m.Run())
}

// A child is a process of the test binary that does one thing until it is killed.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	output *bufio.Reader
}

func startChild(t *testing.T, kind, folder string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+kind+" "+folder)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: cmd, output: bufio.NewReader(output)}
	t.Cleanup(func() { c.cmd.Process.Kill() })
	return c
}

// readLine returns the next line of output, "" at its end.
func (c *child) readLine() string {
	line, err := c.output.ReadString('\n')
	if err != nil && err != io.EOF {
		c.t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// kill ends the child as a power failure would, and returns the rest of its output.
func (c *child) kill() (rest []string) {
	c.cmd.Process.Kill()
	for line := c.readLine(); line != ""; line = c.readLine() {
		rest = append(rest, line)
	}
	c.cmd.Wait()
	return rest
}

// killBatch is the number of records of a batch; a dozen of them make DuckDB move
// its log into the database, so that kills fall into that too.
const killBatch = 5000

// writeForEver writes batch after batch, each for a client of its own, and prints
// the number of each when it has been acknowledged. It goes on after the last that
// is there.
func writeForEver(folder string) {
	db, err := embedded.Open(context.Background(), embedded.Options{Path: folder})
	for n, _ := strconv.Atoi(os.Getenv("COSTD_TEST_FIRST")); err == nil; n++ {
		if _, err = db.Write(context.Background(), fleet(int64(n), killBatch/50, 50)); err == nil {
			fmt.Println(n)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// holdForEver opens the database without the lock of this package.
func holdForEver(folder string) {
	connector, err := driver.NewConnector(filepath.Join(folder, duckdb.DatabaseFile), nil)
	if err == nil {
		err = sql.OpenDB(connector).Ping()
	}
	fmt.Println(err)
	time.Sleep(time.Hour)
}

// TestKill kills a process amid its writing, again and again. Every batch that was
// acknowledged is there, once and whole; the one that was not is there as a whole
// or not at all; and the store opens and goes on.
func TestKill(t *testing.T) {
	const kills = 6
	folder := t.TempDir()
	next, known := 0, map[int]int64{} // the hours of each batch
	for range kills {
		t.Setenv("COSTD_TEST_FIRST", strconv.Itoa(next))
		writer := startChild(t, "write", folder)
		first := writer.readLine()
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		acknowledged := append([]string{first}, writer.kill()...)
		last, err := strconv.Atoi(acknowledged[len(acknowledged)-1])
		if err != nil {
			t.Fatal(err)
		}
		db := open(t, folder)
		for n := next; n <= last; n++ {
			if got := hours(t, db, int64(n)); got != killBatch {
				t.Fatalf("batch %d of %d: %d hours, want %d", n, last, got, killBatch)
			}
			known[n] = killBatch
		}
		known[last+1] = hours(t, db, int64(last+1))
		if got := known[last+1]; got != 0 && got != killBatch {
			t.Fatalf("batch %d, which was not acknowledged: %d hours, want none or %d", last+1, got, killBatch)
		}
		next = last + 2 // so that what was not acknowledged is not written again
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db := open(t, folder)
	for n, want := range known {
		if got := hours(t, db, int64(n)); got != want {
			t.Errorf("in the end batch %d has %d hours, want %d", n, got, want)
		}
	}
}
