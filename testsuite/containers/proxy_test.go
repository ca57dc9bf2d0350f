package containers_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestProxy(t *testing.T) {
	t.Parallel()

	t.Run("KeepsTheRestOfAURL", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, "postgres://u:p@"+echo(t)+"/db?sslmode=disable")
		if want := "postgres://u:p@" + l.Address + "/db?sslmode=disable"; l.URL != want {
			t.Errorf("%s, not %s", l.URL, want)
		}
	})
	t.Run("CarriesBothWays", func(t *testing.T) {
		t.Parallel()
		if err := say(dial(t, containers.Proxy(t, echo(t)).Address), patient); err != nil {
			t.Error(err)
		}
	})
	t.Run("Latency", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, echo(t))
		c := dial(t, l.Address)
		l.Latency(t, 200*time.Millisecond)
		start := time.Now()
		if err := say(c, patient); err != nil || time.Since(start) < 200*time.Millisecond {
			t.Errorf("answered after %s, %v", time.Since(start), err)
		}
	})
	t.Run("HangAndHeal", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, echo(t))
		c := dial(t, l.Address)
		l.Hang(t)
		if err := say(c, brief); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a hanging link: %v", err)
		}
		l.Heal(t)
		if err := say(dial(t, l.Address), patient); err != nil {
			t.Errorf("healed: %v", err)
		}
	})
	t.Run("Throttle", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, echo(t))
		c := dial(t, l.Address)
		l.Throttle(t, 0)
		if err := say(c, brief); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("no bandwidth: %v", err)
		}
	})
	t.Run("Reset", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, echo(t))
		c := dial(t, l.Address)
		l.Reset(t)
		if err := say(c, patient); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
			t.Errorf("a reset link: %v", err)
		}
	})
	t.Run("LoseAnswers", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, echo(t))
		c := dial(t, l.Address)
		l.LoseAnswers(t)
		if err := say(c, patient); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a lost answer: %v", err)
		}
	})
	t.Run("DownAndHeal", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, echo(t))
		c := dial(t, l.Address)
		l.Down(t)
		if err := say(c, patient); err == nil {
			t.Error("a connection survived")
		}
		if _, err := net.DialTimeout("tcp", l.Address, patient); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("down: %v", err)
		}
		l.Heal(t)
		if err := say(dial(t, l.Address), patient); err != nil {
			t.Errorf("healed: %v", err)
		}
	})
	t.Run("Cut", func(t *testing.T) {
		t.Parallel()
		l := containers.Proxy(t, echo(t))
		c := dial(t, l.Address)
		l.Cut(t)
		if err := say(c, patient); err == nil {
			t.Error("a connection survived")
		}
		if err := say(dial(t, l.Address), patient); err != nil {
			t.Errorf("the next connection: %v", err)
		}
	})
}

// echo serves lines back until the test ends.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return listener.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

const (
	brief   = 300 * time.Millisecond // what never comes has not come by then
	patient = 30 * time.Second       // what comes comes by then
)

// say sends a line and waits for it to come back.
func say(c net.Conn, wait time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, "hello\n"); err != nil {
		return err
	}
	_, err := bufio.NewReader(c).ReadString('\n')
	return err
}
