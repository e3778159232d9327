package catalog

import (
	"fmt"
	"slices"

	"github.com/agnivade/levenshtein"
)

// maxTypos is how many letters may be wrong, missing or too many in a word for which
// another is proposed; in short words fewer, as every word is near to those.
const maxTypos = 3

// orMeant asks whether the word that is most like one was meant, or says otherwise if
// there is none like it. It sorts the list of known words.
func orMeant(word string, known []string, otherwise string) string {
	best, typos := "", min(maxTypos, len(word)/3)+1
	slices.Sort(known) // of several that are equally near always the same
	for _, k := range known {
		if len(word) > len(k)+maxTypos {
			continue // long words cost much and are not near
		}
		if d := levenshtein.ComputeDistance(word, k); d < typos {
			best, typos = k, d
		}
	}
	if best == "" {
		return otherwise
	}
	return fmt.Sprintf("did you mean %s?", best)
}
