package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// A line of the log is short, whatever a caller sends.
func TestLogLinesAreBounded(t *testing.T) {
	long := strings.Repeat("é", 50_000)
	for _, format := range []string{"text", "json"} {
		var log bytes.Buffer
		logger, err := (&logOptions{format: format, level: "info"}).logger(&log)
		if err != nil {
			t.Fatal(err)
		}
		logger.Error(long, "path", long, "error", errors.New(long))
		if log.Len() > 4000 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "ééé...") {
			t.Errorf("%s: a line of %d bytes: %.300s", format, log.Len(), log.String())
		}
		log.Reset()
		logger.Info("short", "error", errors.New("it is"), "n", 7)
		if got := log.String(); !strings.Contains(got, "it is") || strings.Contains(got, "...") {
			t.Errorf("%s: %s", format, got)
		}
	}
}
