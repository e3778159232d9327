//go:build linux

package disk

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// The files of a folder.
const (
	databaseFile = "costd.duckdb"
	logFile      = "costd.duckdb.wal"
	markFile     = "costd.mark"
	keyFile      = "operator.key"
)

// databaseHeaders is the size of the headers of a database, in bytes; blocks follow.
const databaseHeaders = 3 * 4096

// A damage is what a disk, or somebody, does to one file. Its function returns what it
// did, or "" if it could not.
type damage struct {
	name   string
	weight int
	do     func(files map[string][]byte, earlier []map[string][]byte, rng *rand.Rand) string
	// bytes says that a refusal has to name the byte.
	bytes bool
	// later says that the damage may show at the first read rather than at the start.
	later bool
}

// keyMovedAway is the one damage after which a server starts and its folder has no key.
const keyMovedAway = "key moved away"

type contents = map[string][]byte

var damages = [...]damage{
	{name: "bit flipped in the log", weight: 12, bytes: true, do: flip(logFile, 0, 1<<40)},
	{name: "bit flipped in the mark", weight: 4, bytes: true, do: flip(markFile, 0, 1<<40)},
	{name: "bit flipped in a header of the database", weight: 4, bytes: true, do: flip(databaseFile, 0, databaseHeaders)},
	{name: "bit flipped in a block of the database", weight: 12, bytes: true, later: true, do: flip(databaseFile, databaseHeaders, 1<<40)},
	{name: "zeros after the log", weight: 4, bytes: true, do: zeroTail(logFile)},
	{name: "zeros after the database", weight: 2, bytes: true, do: zeroTail(databaseFile)},
	{name: "zeros in the log", weight: 3, bytes: true, do: zeroPage(logFile)},
	{name: "zeros in the database", weight: 3, bytes: true, later: true, do: zeroPage(databaseFile)},
	{name: "log cut short", weight: 4, bytes: true, do: cutShort(logFile)},
	{name: "mark cut short", weight: 2, bytes: true, do: cutShort(markFile)},
	{name: "database cut short", weight: 3, bytes: true, later: true, do: cutShort(databaseFile)},
	{name: "log moved away", weight: 3, do: remove(logFile)},
	{name: "mark moved away", weight: 2, do: remove(markFile)},
	{name: "database moved away", weight: 2, do: remove(databaseFile)},
	{name: keyMovedAway, weight: 1, do: remove(keyFile)},
	{name: "older log", weight: 4, do: older(logFile)},
	{name: "older mark", weight: 2, do: older(markFile)},
	{name: "older database", weight: 4, do: older(databaseFile)},
}

// pickDamage returns the index of a damage, by their weights.
func pickDamage(rng *rand.Rand) int {
	sum := 0
	for i := range damages {
		sum += damages[i].weight
	}
	n := rng.IntN(sum)
	return slices.IndexFunc(damages[:], func(d damage) bool {
		n -= d.weight
		return n < 0
	})
}

// flip flips a bit of a file between two bytes.
func flip(name string, from, to int) func(contents, []contents, *rand.Rand) string {
	return func(files contents, _ []contents, rng *rand.Rand) string {
		content := files[name]
		if len(content) <= from {
			return ""
		}
		at, bit := from+rng.IntN(min(len(content), to)-from), rng.IntN(8)
		content[at] ^= 1 << bit
		return fmt.Sprintf("(bit %d of byte %d of %d of %s)", bit, at, len(content), name)
	}
}

// page is the size of what file systems write, in bytes.
const page = 4096

// zeroTail appends pages of zeros to a file.
func zeroTail(name string) func(contents, []contents, *rand.Rand) string {
	return func(files contents, _ []contents, rng *rand.Rand) string {
		content, ok := files[name]
		if !ok {
			return ""
		}
		size := (len(content)/page + 1 + rng.IntN(4)) * page
		files[name] = resize(content, size)
		return fmt.Sprintf("(%s has %d bytes, and had %d)", name, size, len(content))
	}
}

// zeroPage makes a page of a file zeros.
func zeroPage(name string) func(contents, []contents, *rand.Rand) string {
	return func(files contents, _ []contents, rng *rand.Rand) string {
		content := files[name]
		if len(content) == 0 {
			return ""
		}
		at := rng.IntN((len(content)+page-1)/page) * page
		clear(content[at:min(at+page, len(content))])
		return fmt.Sprintf("(%s from byte %d of %d)", name, at, len(content))
	}
}

// cutShort takes the end off a file.
func cutShort(name string) func(contents, []contents, *rand.Rand) string {
	return func(files contents, _ []contents, rng *rand.Rand) string {
		content := files[name]
		if len(content) == 0 {
			return ""
		}
		size := rng.IntN(len(content))
		files[name] = content[:size]
		return fmt.Sprintf("(%s to %d bytes of %d)", name, size, len(content))
	}
}

// remove takes a file away.
func remove(name string) func(contents, []contents, *rand.Rand) string {
	return func(files contents, _ []contents, _ *rand.Rand) string {
		if _, ok := files[name]; !ok {
			return ""
		}
		delete(files, name)
		return "(" + name + ")"
	}
}

// older puts a file back as it was at some time before.
func older(name string) func(contents, []contents, *rand.Rand) string {
	return func(files contents, earlier []contents, rng *rand.Rand) string {
		if len(earlier) == 0 {
			return ""
		}
		n := rng.IntN(len(earlier))
		content, ok := earlier[n][name]
		if !ok || slices.Equal(content, files[name]) {
			return ""
		}
		files[name] = slices.Clone(content)
		return fmt.Sprintf("(%s has %d bytes)", name, len(content))
	}
}
