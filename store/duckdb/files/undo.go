package files

import (
	"errors"
	"os"
	"path/filepath"
)

// Missing returns those of the folders of a path that do not exist, the deepest
// first: what will have been made when the path does.
func Missing(path string) (missing []string) {
	for path = filepath.Clean(path); ; path = filepath.Dir(path) {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			return missing
		}
		missing = append(missing, path)
	}
}

// RemoveEmpty removes folders, up to the first that is not empty: what somebody else
// has put there in between stays.
func RemoveEmpty(folders []string) {
	for _, folder := range folders {
		if os.Remove(folder) != nil {
			return
		}
	}
}
