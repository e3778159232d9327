package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Words that differ in a third of their letters are most likely slips of each other; in
// more, they are other words. Two letters in the wrong order are two slips, and happen in
// short words, too.
const (
	lettersPerSlip = 3
	leastSlips     = 2
)

// nearest returns the known word that a misspelt one most likely is, or which it is the
// beginning of; "" if there is none. Upper and lower case are the same.
func nearest(word string, known []string) string {
	word = strings.ToLower(word)
	best, slips := "", max(leastSlips, len(word)/lettersPerSlip)+1
	for _, k := range known {
		if d := levenshtein.ComputeDistance(word, strings.ToLower(k)); d < slips {
			best, slips = k, d
		}
	}
	if best != "" || word == "" {
		return best
	}
	for _, k := range known {
		if strings.HasPrefix(strings.ToLower(k), word) {
			return k
		}
	}
	return ""
}

// suggestion is the end of a message about an unknown word; "" if no known one is near.
func suggestion(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// checkWords refuses words that are misspelt. A word that is like none of those known is
// left to the server, which may be newer than this program.
func checkWords(flag string, words, known []string) error {
	for _, word := range words {
		if slices.Contains(known, word) {
			continue
		}
		if s := suggestion(word, known); s != "" {
			return fmt.Errorf("--%s: %q is not known%s", flag, word, s)
		}
	}
	return nil
}

// suggestFlag adds the flag that was perhaps meant to the error about an unknown one.
func suggestFlag(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	if s := suggestion("--"+unknown.GetSpecifiedName(), known); s != "" && len(unknown.GetSpecifiedName()) > 1 {
		return fmt.Errorf("%w%s", err, s)
	}
	return err
}

// commandNames returns the names of the commands of c.
func commandNames(c *cobra.Command) (names []string) {
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return names
}
