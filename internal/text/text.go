// Package text checks the texts that come from outside.
package text

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Check returns nil if s may be kept and shown: valid UTF-8 of at most limit
// bytes without control characters, which would break logs, CSV files and
// terminals. Its error completes a sentence that begins with the field's name.
func Check(s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("has %d bytes; at most %d are kept", len(s), limit)
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return checkRunes(s, i)
		}
	}
	return nil
}

// checkRunes checks s from its first byte that is not plain ASCII.
func checkRunes(s string, from int) error {
	for i, r := range s[from:] {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[from+i:]); size <= 1 {
				return errors.New("is not valid UTF-8; encode it as UTF-8")
			}
		}
		if unicode.IsControl(r) {
			return fmt.Errorf("has the control character %U; remove it", r)
		}
	}
	return nil
}
