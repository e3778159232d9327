package server

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"

	"costd.dev/costd/internal/web"
)

// plainHeaders is how net/http goes on after the status line when it refuses what is
// no HTTP, before any handler. No answer of a handler looks like it.
const plainHeaders = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// expectationFailed is how net/http begins to refuse an unknown Expect. No handler
// answers so.
const expectationFailed = "HTTP/1.1 417 "

// A jsonListener makes connections on which net/http's own refusals are JSON, as all
// others are.
type jsonListener struct {
	net.Listener
	logger *slog.Logger
}

// Accept implements net.Listener.
func (l jsonListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return jsonConn{conn, l.logger}, nil
}

type jsonConn struct {
	net.Conn
	logger *slog.Logger
}

// CloseWrite lets net/http end an answer before it closes the connection.
func (c jsonConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Write implements net.Conn. net/http writes a refusal of its own in one piece.
func (c jsonConn) Write(p []byte) (int, error) {
	status, reason := plainRefusal(p)
	if status == 0 {
		return c.Conn.Write(p)
	}
	id := rand.Text()
	c.logger.Info("request refused", "request_id", id, "status", status, "reason", reason, "from", c.RemoteAddr().String())
	if _, err := c.Conn.Write(jsonRefusal(status, "the request is not valid HTTP: "+reason, id, "")); err != nil {
		return 0, err
	}
	return len(p), nil
}

// plainRefusal returns the status and the reason of a refusal by net/http, or 0.
func plainRefusal(p []byte) (status int, reason string) {
	if bytes.HasPrefix(p, []byte(expectationFailed)) {
		return http.StatusExpectationFailed, "Expect may only be 100-continue"
	}
	line, rest, _ := bytes.Cut(p, []byte("\r\n"))
	text, ok := bytes.CutPrefix(rest, []byte(plainHeaders[2:]))
	if !ok || len(line) < len("HTTP/1.1 400") {
		return 0, ""
	}
	status, err := strconv.Atoi(string(line[len("HTTP/1.1 "):len("HTTP/1.1 400")]))
	if err != nil {
		return 0, ""
	}
	return status, string(bytes.TrimPrefix(text, fmt.Appendf(nil, "%d ", status)))
}

// jsonRefusal returns a whole answer, with a further header line, if any.
func jsonRefusal(status int, message, id, header string) []byte {
	body, err := json.Marshal(struct {
		Class     string `json:"exception_class"`
		Message   string `json:"message"`
		RequestID string `json:"request_id"`
	}{"HTTPError", message, id})
	if err != nil {
		panic(err) // of three texts: never
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nConnection: close\r\n%s%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), header, web.RequestIDHeader, id, len(body), body)
}
