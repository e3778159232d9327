package ingest

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner reads JSON from a string, strictly as RFC 8259 says. It is written by
// hand because the standard library neither notices a field that stands twice nor
// says which field is wrong, and because ingestion spends its time here. The
// strings it returns share the memory of the input where they can.
type scanner struct {
	s string
	i int // of the next byte
}

// A syntaxError says that the input is not JSON; nothing after it can be read.
type syntaxError struct {
	at      int
	message string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("at byte %d: %s", e.at, e.message) }

func (s *scanner) fail(message string) error { return &syntaxError{at: s.i, message: message} }

// peek skips white space and returns the next byte, which tells what kind of value
// follows, or 0 at the end.
func (s *scanner) peek() byte {
	for s.i < len(s.s) {
		switch c := s.s[s.i]; c {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// take reads the given byte, after white space.
func (s *scanner) take(c byte) error {
	if s.peek() != c {
		return s.fail(fmt.Sprintf("expected %q", c))
	}
	s.i++
	return nil
}

// more reports whether another element follows in an object or array, and reads
// the comma before it or the closing byte instead.
func (s *scanner) more(first bool, closing byte) (bool, error) {
	switch c := s.peek(); {
	case c == closing:
		s.i++
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, s.fail(fmt.Sprintf("expected ',' or %q", closing))
	}
	s.i++
	return true, nil
}

// key reads the name of a field and the colon after it.
func (s *scanner) key() (string, error) {
	if s.peek() != '"' {
		return "", s.fail("expected the name of a field in double quotes")
	}
	key, err := s.text()
	if err != nil {
		return "", err
	}
	return key, s.take(':')
}

// literal reads the given word.
func (s *scanner) literal(word string) error {
	if !strings.HasPrefix(s.s[s.i:], word) {
		return s.fail("expected " + word)
	}
	s.i += len(word)
	return nil
}

// text reads a string; peek has seen its quote.
func (s *scanner) text() (string, error) {
	start := s.i + 1
	for i := start; i < len(s.s); i++ {
		switch c := s.s[i]; {
		case c == '"':
			s.i = i + 1
			return s.s[start:i], nil
		case c == '\\':
			s.i = i
			return s.escapedText(s.s[start:i])
		case c < ' ':
			s.i = i
			return "", s.fail("a control character in a string; write it as an escape")
		}
	}
	s.i = len(s.s)
	return "", s.fail("a string does not end")
}

// escapedText reads on in a string from its first escape; head is what stands
// before it.
func (s *scanner) escapedText(head string) (string, error) {
	b := []byte(head)
	for s.i < len(s.s) {
		switch c := s.s[s.i]; {
		case c == '"':
			s.i++
			return string(b), nil
		case c < ' ':
			return "", s.fail("a control character in a string; write it as an escape")
		case c != '\\':
			b = append(b, c)
			s.i++
		default:
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
		}
	}
	return "", s.fail("a string does not end")
}

const (
	escapes  = `"\/bfnrt`
	escaped  = "\"\\/\b\f\n\r\t"
	hexWidth = len(`\u0000`)
)

// escape reads one escape, or the two that make a surrogate pair.
func (s *scanner) escape() (rune, error) {
	if s.i+1 >= len(s.s) {
		return 0, s.fail("a string does not end")
	}
	if k := strings.IndexByte(escapes, s.s[s.i+1]); k >= 0 {
		s.i += 2
		return rune(escaped[k]), nil
	}
	r, ok := s.hex(s.i)
	if !ok {
		return 0, s.fail("an escape that is none")
	}
	if !utf16.IsSurrogate(r) {
		s.i += hexWidth
		return r, nil
	}
	low, _ := s.hex(s.i + hexWidth)
	pair := utf16.DecodeRune(r, low)
	if pair == utf8.RuneError {
		return 0, s.fail("half a surrogate pair")
	}
	s.i += 2 * hexWidth
	return pair, nil
}

// hex returns the code that the escape at i stands for, \u and four digits.
func (s *scanner) hex(i int) (rune, bool) {
	if i+hexWidth > len(s.s) || s.s[i:i+2] != `\u` {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s.s[i+2 : i+hexWidth]) {
		k := strings.IndexByte("0123456789abcdef", c|0x20) // digits have that bit, capitals get it
		if k < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(k)
	}
	return r, true
}

// number reads a number and returns its text; peek has seen its first byte.
func (s *scanner) number() (string, error) {
	start := s.i
	if s.s[s.i] == '-' {
		s.i++
	}
	if !s.digits(true) {
		return "", s.fail("a number without digits, or with a leading zero")
	}
	if s.i < len(s.s) && s.s[s.i] == '.' {
		s.i++
		if !s.digits(false) {
			return "", s.fail("a number without digits after the point")
		}
	}
	if s.i < len(s.s) && s.s[s.i]|0x20 == 'e' {
		s.i++
		if s.i < len(s.s) && (s.s[s.i] == '+' || s.s[s.i] == '-') {
			s.i++
		}
		if !s.digits(false) {
			return "", s.fail("a number without digits in its exponent")
		}
	}
	return s.s[start:s.i], nil
}

// digits reads one digit or more, and reports whether they may stand there: an
// integer of several digits does not begin with 0.
func (s *scanner) digits(integer bool) bool {
	start := s.i
	for s.i < len(s.s) && '0' <= s.s[s.i] && s.s[s.i] <= '9' {
		s.i++
	}
	n := s.i - start
	return n == 1 || n > 1 && !(integer && s.s[start] == '0')
}

// skip reads any value without keeping it.
func (s *scanner) skip(depth int) (err error) {
	switch c := s.peek(); {
	case depth > maxNesting:
		return s.fail(fmt.Sprintf("nested deeper than %d", maxNesting))
	case c == '"':
		_, err = s.text()
	case c == '{':
		return s.skipObject(depth)
	case c == '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case c == '-', '0' <= c && c <= '9':
		_, err = s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	default:
		return s.fail("expected a value")
	}
	return err
}

func (s *scanner) skipObject(depth int) error {
	s.i++
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil || !more {
			return err
		}
		if _, err := s.key(); err != nil {
			return err
		}
		if err := s.skip(depth + 1); err != nil {
			return err
		}
	}
}

// array reads an array whose elements are read by element.
func (s *scanner) array(element func() error) error {
	s.i++
	for first := true; ; first = false {
		more, err := s.more(first, ']')
		if err != nil || !more {
			return err
		}
		if err := element(); err != nil {
			return err
		}
	}
}

// end returns an error unless only white space is left.
func (s *scanner) end() error {
	if s.peek() != 0 || s.i < len(s.s) {
		return s.fail("something follows")
	}
	return nil
}
