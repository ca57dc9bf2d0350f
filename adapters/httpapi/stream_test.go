package httpapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStream_HalfAnAnswerDoesNotLookWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	s := httptest.NewServer(d.edge)
	defer s.Close()
	d.err = errors.New("disk on fire")
	r, err := http.Get(s.URL + "/export?break=true") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); err == nil {
		t.Errorf("a broken download ended well: %q", b)
	}
	d.do("GET", "/export", "").problem(500, "internal")
	if strings.Count(d.log.String(), "disk on fire") != 2 {
		t.Errorf("log: %s", d.log)
	}
}

// pipes accepts connections within the process, whose deadlines keep to the clock
// of a bubble.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
}

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours, nil
}

func (p *pipes) Accept() (net.Conn, error) {
	if conn, open := <-p.conns; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.conns) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// piped serves within the process until the test ends, and returns the way there.
func piped(t *testing.T, s *http.Server) *http.Transport {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn)}
	go func() { _ = s.Serve(l) }()
	client := &http.Transport{DialContext: l.dial}
	t.Cleanup(func() {
		_ = s.Close()
		client.CloseIdleConnections()
	})
	return client
}

func TestStream_MayTakeLongerThanTheServersLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Options{})
		registerStream(d.edge, operation{ID: "copy", Method: "POST", Path: "/copy", Summary: "Send back", Produces: "text/plain", Deadline: -1},
			func(_ context.Context, _ *struct{}, w http.ResponseWriter, r *http.Request) error {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					return err
				}
				time.Sleep(4 * time.Second)
				_, err = w.Write(b)
				return err
			})
		client := piped(t, &http.Server{Handler: d.edge, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second})
		body, w := io.Pipe()
		var sender sync.WaitGroup
		defer sender.Wait()
		defer func() { _ = body.Close() }()
		sender.Go(func() {
			for range 4 {
				time.Sleep(4 * time.Second)
				_, _ = io.WriteString(w, "piece")
			}
			_ = w.Close()
		})
		ask, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://shop/copy", body)
		if err != nil {
			t.Fatal(err)
		}
		ask.Header.Set("Content-Type", "text/plain")
		r, err := client.RoundTrip(ask)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		if b, err := io.ReadAll(r.Body); err != nil || len(b) != 20 {
			t.Errorf("%d %q, %v", r.StatusCode, b, err)
		}
	})
}

func TestStream_DemandsAMinimumRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var due time.Time
		p := pacer{set: func(t time.Time) error { due = t; return nil }}
		move := func(n int, takes time.Duration) time.Duration {
			began := time.Now()
			_, _ = p.move(func([]byte) (int, error) { time.Sleep(takes); return n, nil }, nil)
			return due.Sub(began)
		}
		if left := move(10*paceRate, 20*time.Second); left != paceGrace {
			t.Errorf("the first bytes have %v", left)
		}
		if left := move(0, 0); left != paceGrace+10*time.Second-20*time.Second {
			t.Errorf("after ten seconds' worth in twenty there are %v", left)
		}
		time.Sleep(time.Hour) // the shop's own slowness is not the client's
		if left := move(1, 20*time.Second); left != 20*time.Second {
			t.Errorf("after an hour of silence there are %v", left)
		}
		if left := move(1, 0); left > time.Millisecond {
			t.Errorf("a trickle has %v more", left)
		}
	})
}

func TestStream_OfAStoreThatSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Options{})
		registerStream(d.edge, operation{ID: "read", Method: "GET", Path: "/read", Summary: "Send what there is", Produces: "text/plain", Deadline: -1, Silence: time.Minute},
			func(ctx context.Context, in *struct {
				Lines int `query:"lines"`
			}, w http.ResponseWriter, _ *http.Request,
			) error {
				for range in.Lines {
					w.Header().Set("Content-Type", "text/plain")
					time.Sleep(59 * time.Second)
					if _, err := io.WriteString(w, "line\n"); err != nil {
						return err
					}
				}
				if in.Lines > 1 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			})
		if got := d.do("GET", "/read?lines=3", "").ok(200); got.body != "line\nline\nline\n" {
			t.Errorf("got %q", got.body)
		}
		began := time.Now()
		d.do("GET", "/read", "").problem(503, "unavailable")
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("that took %v", waited)
		}
		if n := strings.Count(d.log.String(), errSilent.Error()); n != 1 {
			t.Errorf("it is told %d times: %s", n, d.log)
		}
	})
}
