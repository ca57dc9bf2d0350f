// Package deploy holds apps/deploy to what it says.
package deploy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

const folder = "../../apps/deploy"

func TestNginx(t *testing.T) {
	t.Parallel()
	var handler atomic.Pointer[http.HandlerFunc]
	one, two := backend(t, &handler), backend(t, &handler)
	front := containers.Nginx(t, os.DirFS(folder+"/nginx"), address(one), address(two)).URL
	answer := func(h http.HandlerFunc) { handler.Store(&h) }

	t.Run("NamesTheClientAndTheRequestItself", func(t *testing.T) {
		seen := make(chan *http.Request, 1)
		answer(func(_ http.ResponseWriter, r *http.Request) { seen <- r })
		send(t, http.MethodGet, front+"/v1/products", nil, "X-Forwarded-For", "203.0.113.9", "X-Request-ID", "forged")
		r := <-seen
		if got := r.Header.Get("X-Forwarded-For"); got != "127.0.0.1" {
			t.Errorf("X-Forwarded-For is %q", got)
		}
		if got := r.Header.Get("X-Request-ID"); len(got) != 32 {
			t.Errorf("X-Request-ID is %q", got)
		}
	})
	t.Run("BodiesHaveTheShopsLimits", func(t *testing.T) {
		answer(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
		for _, c := range []struct {
			path   string
			size   int
			status int
		}{
			{"/v1/carts", 1 << 20, 200},
			{"/v1/carts", 1<<20 + 1, 413},
			{"/v1/admin/images", 10<<20 + 4096, 200},
			{"/v1/admin/images", 13 << 20, 413},
			{"/v1/admin/import", 13 << 20, 200},
		} {
			if status := send(t, http.MethodPost, front+c.path, strings.NewReader(strings.Repeat("x", c.size))); status != c.status {
				t.Errorf("%d bytes to %s: %d", c.size, c.path, status)
			}
		}
	})
	t.Run("ALostGETIsAskedElsewhereALostPOSTIsNot", func(t *testing.T) {
		for method, tries := range map[string]int32{http.MethodGet: 2, http.MethodPost: 1} {
			var asked atomic.Int32
			answer(func(http.ResponseWriter, *http.Request) {
				if asked.Add(1) == 1 {
					panic(http.ErrAbortHandler) // the connection goes, without an answer
				}
			})
			status := send(t, method, front+"/v1/checkout", nil)
			if asked.Load() != tries || (status == 200) != (tries == 2) {
				t.Errorf("%s was asked %d times and answered %d", method, asked.Load(), status)
			}
		}
	})
	t.Run("AServerThatIsGoneIsPassedOver", func(t *testing.T) {
		answer(func(http.ResponseWriter, *http.Request) {})
		one.Close()
		for range 20 {
			if status := send(t, http.MethodPost, front+"/v1/carts", nil); status != 200 {
				t.Fatalf("with one server of two: %d", status)
			}
		}
	})
}

// backend is a server of the shop that does what the test says now.
func backend(t *testing.T, handler *atomic.Pointer[http.HandlerFunc]) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load())(w, r) }))
	t.Cleanup(s.Close)
	return s
}

func address(s *httptest.Server) string { return s.Listener.Addr().String() }

// send sends a request and returns the status; headers are name, value, ….
func send(t *testing.T, method, url string, body io.Reader, headers ...string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}
