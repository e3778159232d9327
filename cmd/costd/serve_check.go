package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"github.com/spf13/pflag"
)

// maxThreads is how many threads the database may have: more than the cores of any
// machine of today. Each takes memory, and many thousands make the start fail.
const maxThreads = 1024

// negativeAllowed names the flags for which -1 means something.
var negativeAllowed = map[string]bool{"cache-mib": true}

// checkNumbers returns an error that names the first flag whose number cannot be meant.
func checkNumbers(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		if e := checkNumber(f); err == nil {
			err = e
		}
	})
	return err
}

// checkNumber looks at flags that are numbers or durations; others never begin with
// a minus and a digit.
func checkNumber(f *pflag.Flag) error {
	value := f.Value.String()
	negative := len(value) > 1 && value[0] == '-' && value[1] >= '0' && value[1] <= '9'
	switch {
	case !negative || negativeAllowed[f.Name] && value == "-1":
		return nil
	case negativeAllowed[f.Name]:
		return fmt.Errorf("--%s is %s; use -1 for none, 0 for the default, or a number above", f.Name, value)
	}
	return fmt.Errorf("--%s is %s; it cannot be negative, leave it out for the default", f.Name, value)
}

// checkThreads refuses what the database would fail with only after the folder is made.
func checkThreads(n int) error {
	if n > maxThreads {
		return fmt.Errorf("--threads is %d; use at most %d, or leave it out for one per core", n, maxThreads)
	}
	return nil
}

// warnOfListening logs that other machines reach the server without TLS, unless a
// proxy is said to stand in front of it.
func warnOfListening(logger *slog.Logger, address net.Addr, behindProxy bool) {
	bound, err := netip.ParseAddrPort(address.String())
	if behindProxy || err != nil || bound.Addr().Unmap().IsLoopback() {
		return
	}
	logger.Warn("other machines reach this address, and keys cross the network unencrypted; "+
		"listen on 127.0.0.1, or put a proxy with TLS in front and say --behind-proxy", "address", address.String())
}
