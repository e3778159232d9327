package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// A Machine is what the figures were measured on.
type Machine struct {
	OS        string `json:"os"`
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	Memory    int64  `json:"memory_bytes"` // 0 if not known
	Go        string `json:"go"`
	DuckDB    string `json:"duckdb"`
}

func thisMachine(duckdb string) Machine {
	return Machine{
		OS: runtime.GOOS + "/" + runtime.GOARCH, Processor: processor(), Cores: runtime.NumCPU(),
		Memory: kilobytes("/proc/meminfo", "MemTotal:"), Go: runtime.Version(), DuckDB: duckdb,
	}
}

// String names the machine in a line.
func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %.0f GiB, %s; %s, DuckDB %s", m.Processor, m.Cores, float64(m.Memory)/(1<<30), m.OS, m.Go, m.DuckDB)
}

func processor() string {
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		return strings.TrimSpace(strings.TrimPrefix(name, ":"))
	}
	return "a processor of unknown name"
}

// field returns what follows a name in a file of lines, as Linux describes itself,
// or "".
func field(file, name string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return "" // another system
	}
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// kilobytes returns a size that a file gives in kB, in bytes.
func kilobytes(file, name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(field(file, name), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// Memory of a process, in bytes; 0 if the system does not tell.
func residentNow(pid int) int64  { return kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:") }
func residentPeak(pid int) int64 { return kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:") }

// sizeOf returns the bytes that the files below a folder take.
func sizeOf(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}
