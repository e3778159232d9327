package web

import (
	"net/http"
	"time"
)

// defaultStall is how long the reader of an answer may take nothing of it: longer
// than a lost packet or a busy laptop needs.
const defaultStall = 20 * time.Second

// maxAnswerTime is how long an answer may take from its first byte to its last: a
// large CSV over a slow line.
const maxAnswerTime = 5 * time.Minute

// pieceSize is how much of an answer a reader has to take within the stall time.
const pieceSize = 64 << 10

// recorder notes the status and the size of an answer, and gives up on readers that
// do not read. http.ResponseController reaches the writer under it by Unwrap.
type recorder struct {
	http.ResponseWriter
	status  int // 0 until the answer begins
	bytes   int64
	control *http.ResponseController
	stall   time.Duration
	end     time.Time // of the answer, at the latest; zero until it begins
}

func newRecorder(w http.ResponseWriter, stall time.Duration) *recorder {
	return &recorder{ResponseWriter: w, control: http.NewResponseController(w), stall: stall}
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // the 1xx come before the answer
		w.status = status
		w.expectReader()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (n int, err error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	for first := true; err == nil && (len(p) > 0 || first); first = false {
		piece := p[:min(len(p), pieceSize)]
		w.expectReader()
		var written int
		written, err = w.ResponseWriter.Write(piece)
		n, p = n+written, p[len(piece):]
	}
	w.bytes += int64(n)
	return n, err
}

// expectReader gives the reader the stall time for the next piece. A writer that is
// no connection has no deadlines and needs none.
func (w *recorder) expectReader() {
	now := time.Now()
	if w.end.IsZero() {
		w.end = now.Add(maxAnswerTime)
	}
	deadline := now.Add(w.stall)
	if w.end.Before(deadline) {
		deadline = w.end
	}
	_ = w.control.SetWriteDeadline(deadline)
}

// Status returns the status of the answer that a handler under Middleware wrote to
// w, 0 if it wrote none.
func Status(w http.ResponseWriter) int {
	for {
		switch known := w.(type) {
		case *recorder:
			return known.status
		case interface{ Unwrap() http.ResponseWriter }:
			w = known.Unwrap()
		default:
			return 0
		}
	}
}

// Unwrap returns the writer under w, for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
