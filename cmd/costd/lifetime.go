package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// A lifetime is a flag that says how long something lasts: days, as in 90d, or what
// time.ParseDuration takes. Zero is for ever.
type lifetime time.Duration

// maxDays is more than anyone plans, and far from what a duration cannot hold.
const maxDays = 36_500

// String, Set and Type implement pflag.Value.
func (l *lifetime) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}
func (l *lifetime) Type() string { return "duration" }
func (l *lifetime) Set(value string) error {
	length, err := time.ParseDuration(value)
	if days, ok := strings.CutSuffix(value, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		if n > maxDays {
			n = 0
		}
		length = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || length <= 0 {
		return errors.New("use days such as 90d, at most 36500d, or hours such as 12h")
	}
	*l = lifetime(length)
	return nil
}

// end returns when something ends that begins now; zero: never.
func (l lifetime) end(now time.Time) time.Time {
	if l == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(l))
}
