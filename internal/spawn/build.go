package spawn

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Executable returns the absolute path of the costd that a flag names, or, if it names
// none, of one that is built from the sources into the folder.
func Executable(named, folder string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	path := filepath.Join(folder, "costd")
	if said, err := exec.Command("go", "build", "-o", path, "costd.dev/costd/cmd/costd").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building costd: %w\n%s", err, said)
	}
	return path, nil
}
