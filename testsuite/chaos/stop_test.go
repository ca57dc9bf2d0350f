package chaos

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// Ctrl-C while shoppers buy: whatever the server has begun to read it answers,
// it ends well, and the next start goes on with the same data.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	const begun = 20
	s := serve(t, t.TempDir(), "BODEGA_RESERVATION_TTL=8s")
	x := &storm{t: t, server: s, stock: map[string]int{"TEE": 1000, "PLENTY": 100_000, "SCARCE": 40}}
	for sku, units := range x.stock {
		s.sell(sku, units)
	}
	conns := make([]net.Conn, begun)
	for i := range conns {
		conns[i] = x.begin(x.arrive())
	}
	x.rage(func() {
		if code := s.interrupt(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}, func() {
		refusesConnections(t, s)
		for i, y := range x.tries[:begun] {
			x.finish(conns[i], y)
		}
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
	s.sell("TEE", 10)
	x := &storm{t: t, server: s}
	x.begin(x.arrive())
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
	s.sell("TEE", 10)
	x := &storm{t: t, server: s}
	x.begin(x.arrive())
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
	addr := strings.TrimPrefix(x.server.url, "http://")
	conn, err := net.DialTimeout("tcp", addr, requestTime)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = conn.Close() }) // finish has, if all went well
	body := y.checkout.body
	_, err = fmt.Fprintf(conn, "POST /v1/checkout HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Cart-Token: %s\r\n"+
		"Idempotency-Key: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", addr, y.shopper.header["X-Cart-Token"], y.checkout.key, len(body))
	const reads = "HTTP/1.1 100 Continue\r\n\r\n"
	said := make([]byte, len(reads))
	if err == nil {
		_, err = io.ReadFull(conn, said)
	}
	if err == nil {
		_, err = conn.Write(body[:len(body)-1])
	}
	if err != nil || string(said) != reads {
		x.t.Fatalf("%q, %v", said, err)
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

// refusesConnections waits until nobody new is let in.
func refusesConnections(t *testing.T, s *server) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(s.url, "http://"), time.Second)
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			t.Error("half a minute after Ctrl-C new connections are still accepted")
			return
		}
	}
}
