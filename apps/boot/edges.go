package boot

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

// server returns an HTTP server with the limits of every listener of ours:
// slow or endless headers, bodies and readers are cut off.
func server(log *slog.Logger) *http.Server {
	return &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second, // operations with large bodies set their own
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func listen(name, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		if e, ok := errors.AsType[*os.SyscallError](err); ok {
			err = e.Err
		}
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", name, addr, err)
	}
	return l, nil
}

// localURL returns how this machine reaches a listener, never by what a
// client's Host header says.
func localURL(l net.Listener) string {
	addr, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil || addr.Addr().IsUnspecified() || addr.Addr().IsLoopback() {
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return "http://localhost:" + port
	}
	return "http://" + addr.String()
}

func (c Config) publicURL(own string) string {
	return strings.TrimRight(cmp.Or(c.PublicURL, own), "/")
}

func (c Config) storefrontURL(own string) string {
	return strings.TrimRight(cmp.Or(c.Storefront, c.publicURL(own)), "/")
}

func (c Config) mediaURL(own string) string {
	return strings.TrimRight(cmp.Or(c.MediaURL, c.publicURL(own)+"/media"), "/")
}

func (c Config) proxies() []netip.Prefix {
	list := make([]netip.Prefix, len(c.TrustedProxies))
	for i, p := range c.TrustedProxies {
		list[i] = p.Prefix
	}
	return list
}

// logger writes to standard error: text for a person at a terminal, JSON for a machine.
func (c Config) logger() *slog.Logger {
	if c.Log != nil {
		return c.Log
	}
	format := c.LogFormat
	if format == "" {
		format = "json"
		if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			format = "text"
		}
	}
	options := &slog.HandlerOptions{Level: slog.Level(c.LogLevel), ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			a.Key = "ts"
		}
		return a
	}}
	if format == "text" {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}

// equalSecret compares without telling by its time how much was right.
func equalSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
