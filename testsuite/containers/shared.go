package containers

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is what this process has started. Tests of one binary know nothing of
// each other and share its servers: there is no other place to keep them.
var process running

type running struct {
	connecting sync.Once
	engine     engine
	err        error // why there is no engine

	mu     sync.Mutex
	shared map[string]*start
}

// start is a server being started once, by the first who asks.
type start struct {
	once   sync.Once
	server *Server
	err    error
}

// wanted is what BODEGA_TEST_SERVICES says.
type wanted string

const (
	ifThere  wanted = ""        // a test without its server is skipped
	required wanted = "require" // it fails; what takes minutes is allowed
	unwanted wanted = "off"     // it is skipped at once
)

func want() (wanted, error) {
	switch w := wanted(os.Getenv("BODEGA_TEST_SERVICES")); w {
	case ifThere, required, unwanted:
		return w, nil
	default:
		return "", fmt.Errorf("BODEGA_TEST_SERVICES is %q: it is require, off or not set", w)
	}
}

// shared returns the server that all tests share, or ends the test.
func shared(t testing.TB, s service) *Server {
	t.Helper()
	if url := s.given(); url != "" {
		return &Server{URL: url, service: s}
	}
	e := forTest(t, s)
	process.mu.Lock()
	if process.shared == nil {
		process.shared = map[string]*start{}
	}
	first := process.shared[s.name]
	if first == nil {
		first = &start{}
		process.shared[s.name] = first
	}
	process.mu.Unlock()
	// The server is not this test's alone: its context does not end it.
	first.once.Do(func() { first.server, first.err = e.start(context.WithoutCancel(t.Context()), s) })
	if first.err != nil {
		missing(t, s, first.err)
	}
	return first.server
}

// forTest returns the engine of this process, or ends the test.
func forTest(t testing.TB, s service) *engine {
	t.Helper()
	w, err := want()
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	if w == unwanted {
		t.Skipf("needs %s: BODEGA_TEST_SERVICES is off", s.title)
	}
	process.connecting.Do(func() {
		process.engine.log, process.engine.slow = discard, w == required
		process.err = process.engine.connect(context.WithoutCancel(t.Context()))
	})
	if process.err != nil {
		missing(t, s, process.err)
	}
	return &process.engine
}

// missing ends a test that has no server, with one line that says why and what
// to do.
func missing(t testing.TB, s service, why error) {
	t.Helper()
	line := fmt.Sprintf("needs %s: %v; run `make test`, or set %s", s.title, why, s.variable())
	if w, _ := want(); w == required {
		t.Fatal(line)
	}
	t.Skip(line)
}

// unique is a name for a test's own piece of a server. All servers take it.
func unique(t testing.TB) string {
	word := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, t.Name())
	word = word[:min(len(word), 30)] // a database's name holds 63 bytes
	return word + "_" + strings.ToLower(rand.Text()[:10])
}

// after cleans up when a test has ended, also when its context has.
func after(t testing.TB, clean func(context.Context) error) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := clean(ctx); err != nil {
			t.Errorf("containers: cleaning up: %v", err)
		}
	})
}
