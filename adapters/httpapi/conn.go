package httpapi

import (
	"context"
	"net"
	"net/http"
)

// Join makes a server send each answer in one piece: net/http writes the
// headers with the first 4 kB of a body, and then the rest, which costs the
// server another system call and wakes the client twice. It returns the listener
// to serve in place of l.
func Join(s *http.Server, l net.Listener) net.Listener {
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if c, ok := c.(*conn); ok {
			ctx = context.WithValue(ctx, connKey{}, c)
		}
		return ctx
	}
	return listener{l}
}

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &conn{TCPConn: tcp}, nil
	}
	return c, err
}

// conn is a client's connection that can keep a piece back until the next. Only
// the goroutine that answers writes to it.
type conn struct {
	*net.TCPConn
	joining bool
	kept    []byte
	both    [2][]byte
}

type connKey struct{}

// join keeps the next piece back; it goes out with the one that follows, or at
// the latest by part.
func (c *conn) join() { c.joining = true }

// part sends what is kept back.
func (c *conn) part() {
	c.joining = false
	if len(c.kept) > 0 {
		_, _ = c.Write(nil) // the client is gone; net/http finds out by its next write
	}
}

func (c *conn) Write(b []byte) (int, error) {
	switch {
	case c.joining:
		c.joining = false
		c.kept = append(c.kept[:0], b...) // b is a buffer that will be used again
		return len(b), nil
	case len(c.kept) == 0:
		return c.TCPConn.Write(b)
	}
	c.both = [2][]byte{c.kept, b}
	pieces := net.Buffers(c.both[:])
	n, err := pieces.WriteTo(c.TCPConn)
	n -= int64(len(c.kept))
	c.kept, c.both = c.kept[:0], [2][]byte{}
	return int(max(0, n)), err
}
