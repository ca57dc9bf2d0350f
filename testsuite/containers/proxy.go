package containers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// Link is a network between a program under test and a server, good until a
// test makes it bad. It runs in the test's process.
type Link struct {
	URL     string // the target's, by way of the link; empty for a host:port
	Address string // host:port of the link

	proxy *toxiproxy.Proxy
}

// Proxy makes a link to a target, which is a server's URL or its host:port.
// It ends with the test.
func Proxy(t testing.TB, target string) *Link {
	t.Helper()
	l, upstream := &Link{}, target
	u, err := url.Parse(target)
	if isURL := err == nil && strings.Contains(target, "://"); isURL {
		upstream = u.Host
	} else {
		u = nil
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for tries := 1; ; tries++ {
		l.Address = Address(t)
		l.proxy = toxiproxy.NewProxy(server, t.Name(), l.Address, upstream)
		err := l.proxy.Start()
		if err == nil {
			break
		}
		if tries == 10 || !errors.Is(err, syscall.EADDRINUSE) { // somebody was faster
			t.Fatalf("containers: a link to %s: %v", upstream, err)
		}
	}
	if u != nil {
		u.Host = l.Address
		l.URL = u.String()
	}
	t.Cleanup(func() {
		l.proxy.Toxics.ResetToxics(context.Background()) // a held connection ends only when it is let go
		l.proxy.Stop()
	})
	return l
}

// Torn has goleak pass over what a link may leave behind: where a connection
// breaks while something is on its way, toxiproxy hands that on to nobody, for
// ever.
func Torn() goleak.Option {
	return goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run")
}

// Latency delays every answer.
func (l *Link) Latency(t testing.TB, delay time.Duration) {
	t.Helper()
	l.Toxic(t, "latency", "downstream", map[string]any{"latency": delay.Milliseconds()})
}

// Hang lets connections stand and carries nothing, in either direction.
func (l *Link) Hang(t testing.TB) {
	t.Helper()
	for _, way := range []string{"upstream", "downstream"} {
		l.Toxic(t, "timeout", way, map[string]any{"timeout": 0})
	}
}

// Throttle carries so many kilobytes of answers a second; zero is none.
func (l *Link) Throttle(t testing.TB, kilobytes int) {
	t.Helper()
	l.Toxic(t, "bandwidth", "downstream", map[string]any{"rate": kilobytes})
}

// Reset resets each connection when the client next sends something.
func (l *Link) Reset(t testing.TB) {
	t.Helper()
	l.Toxic(t, "reset_peer", "upstream", map[string]any{"timeout": 0})
}

// LoseAnswers closes each connection when the server next answers on it: what
// was asked is done, and nobody is told.
func (l *Link) LoseAnswers(t testing.TB) {
	t.Helper()
	l.Toxic(t, "limit_data", "downstream", map[string]any{"bytes": 0})
}

// Down closes all connections and refuses new ones.
func (l *Link) Down(testing.TB) { l.proxy.Stop() }

// Heal makes the link good again, whatever it was.
func (l *Link) Heal(t testing.TB) {
	t.Helper()
	l.proxy.Toxics.ResetToxics(t.Context())
	if l.proxy.Enabled {
		return
	}
	if err := l.proxy.Start(); err != nil {
		t.Fatalf("containers: %v", err)
	}
}

// Cut closes all connections; new ones are good.
func (l *Link) Cut(t testing.TB) {
	t.Helper()
	l.Down(t)
	l.Heal(t)
}

// Toxic adds any kind that toxiproxy knows, for data that flows upstream (to
// the server) or downstream (to the client).
func (l *Link) Toxic(t testing.TB, kind, stream string, attributes map[string]any) {
	t.Helper()
	toxic, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "attributes": attributes})
	if err == nil {
		_, err = l.proxy.Toxics.AddToxicJson(bytes.NewReader(toxic))
	}
	if err != nil {
		t.Fatalf("containers: %s: %v", kind, err)
	}
}
