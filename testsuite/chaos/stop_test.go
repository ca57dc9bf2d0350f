package chaos

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C while shoppers buy: whatever the server has begun to read it answers,
// it ends well, and the next start goes on with the same data.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "BODEGA_RESERVATION_TTL=8s")
	x := &storm{t: t, server: s, stock: map[string]int{"TEE": 1000, "PLENTY": 100_000, "SCARCE": 40}}
	for sku, units := range x.stock {
		s.sell(sku, units)
	}
	for range 20 {
		x.arrive()
	}
	waiting := slices.Clone(x.tries)
	begun := make(chan []net.Conn, 1)
	x.rage(func() {
		defer close(begun)
		conns := make([]net.Conn, len(waiting))
		for i, y := range waiting { // as late as can be: a body has five seconds
			conns[i] = x.begin(y)
		}
		begun <- conns
		if code := s.interrupt(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}, func() {
		conns, ok := <-begun
		if !ok {
			return
		}
		refusesConnections(t, s)
		var all sync.WaitGroup
		for i, y := range waiting {
			all.Go(func() { x.finish(conns[i], y) })
		}
		all.Wait()
	})
	x.restart()
	x.comeBack(x.tries)
	x.act()
	x.server.settle(time.Minute)
	x.verify()
}

// A client that never finishes its request does not keep the server from ending.
func TestInterrupt_CutsOffWhatHangs(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "BODEGA_SHUTDOWN_TIMEOUT=300ms")
	s.hang()
	began := time.Now()
	if code := s.interrupt(); code != 1 || !strings.Contains(s.said.String(), "requests were still under way") {
		t.Errorf("exit code %d, %s", code, s.said)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	s.again().mustBeSound()
}

// A second Ctrl-C is for people who cannot wait.
func TestInterrupt_Twice(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "BODEGA_SHUTDOWN_TIMEOUT=1h")
	s.hang()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	refusesConnections(t, s)
	if code := s.interrupt(); code != -1 { // by the signal
		t.Errorf("exit code %d", code)
	}
	s.again().mustBeSound()
}

// begin sends a checkout but for the last byte, once the server has begun to
// read it.
func (x *storm) begin(y *try) net.Conn {
	x.t.Helper()
	body := y.checkout.body
	conn := x.server.begin("/v1/checkout", len(body),
		"Content-Type: application/json", "X-Cart-Token: "+y.shopper.header["X-Cart-Token"], "Idempotency-Key: "+y.checkout.key)
	if _, err := conn.Write(body[:len(body)-1]); err != nil {
		x.t.Fatal(err)
	}
	return conn
}

// hang begins a feed, for whose first bytes the server waits longer than for
// anything else, and never sends them.
func (s *server) hang() {
	s.t.Helper()
	s.begin("/v1/admin/import", 100, "Content-Type: application/x-ndjson", "Authorization: Bearer "+s.key)
}

// begin sends the header of a request, and returns when the server has begun to
// read its body.
func (s *server) begin(path string, length int, header ...string) net.Conn {
	s.t.Helper()
	addr := strings.TrimPrefix(s.url, "http://")
	conn, err := net.DialTimeout("tcp", addr, requestTime)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() }) // who has its answer has closed it
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n%s\r\n\r\n",
		path, addr, length, strings.Join(header, "\r\n"))
	const reads = "HTTP/1.1 100 Continue\r\n\r\n"
	said := make([]byte, len(reads))
	if err == nil {
		_, err = io.ReadFull(conn, said)
	}
	if err != nil || string(said) != reads {
		s.t.Fatalf("%q, %v", said, err)
	}
	return conn
}

// finish sends the last byte and reads the answer.
func (x *storm) finish(conn net.Conn, y *try) {
	x.t.Helper()
	defer conn.Close()
	body := y.checkout.body
	if _, err := conn.Write(body[len(body)-1:]); err != nil {
		x.t.Errorf("%s: %v", y.email, err)
		return
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		x.t.Errorf("%s was not answered: %v", y.email, err)
		return
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if a := (answer{resp.StatusCode, resp.Header, content}); err != nil || a.status != http.StatusCreated {
		x.t.Errorf("%s: %s, %v", y.email, a, err)
	} else {
		y.told = append(y.told, a)
	}
}

// refusesConnections waits until nobody new is let in. That nobody answers for a
// second is no refusal.
func refusesConnections(t *testing.T, s *server) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(s.url, "http://"), time.Second)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			_ = conn.Close()
		}
		if time.Now().After(deadline) {
			t.Error("half a minute after Ctrl-C new connections are still accepted")
			return
		}
	}
}
