package catalog_test

import (
	"reflect"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
)

// A file beyond the limit becomes files within it that, applied one after the other,
// are the same catalog.
func TestSplit(t *testing.T) {
	large := sample + "# " + strings.Repeat("x", catalog.MaxFileSize)
	if _, err := catalog.Parse([]byte(large)); costd.ErrorCode(err) != costd.TooLarge {
		t.Fatalf("the whole: %v", err)
	}
	files, err := catalog.Split([]byte(large))
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	whole, parts := &catalog.Service{Store: openStore(t)}, &catalog.Service{Store: openStore(t)}
	apply(t, whole, sample)
	for _, file := range files {
		apply(t, parts, string(file))
	}
	want, _, err := whole.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := parts.Entries(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, got\n%+v\nwant\n%+v", err, got, want)
	}
	if _, err := catalog.Split([]byte(large + "\nregions: 7\n")); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("a mistake: %v", err)
	}
	if small, err := catalog.Split([]byte(sample)); err != nil || len(small) != 1 || string(small[0]) != sample {
		t.Errorf("a small file became %d, %v", len(small), err)
	}
}
