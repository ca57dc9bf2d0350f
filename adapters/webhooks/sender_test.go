package webhooks

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
)

func sender(t *testing.T, private bool) *Sender {
	t.Helper()
	s := New()
	s.Private = private
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func listen(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	l := httptest.NewServer(h)
	t.Cleanup(l.Close)
	return l.URL
}

func message(url string) webhook.Message {
	return webhook.Message{URL: url, Delivery: id.Delivery{UUID: id.UUID{1}}, Signature: "t=1,v1=00", Body: []byte(`{"id":"x"}`)}
}

func TestSender_Send(t *testing.T) {
	t.Parallel()
	t.Run("TheMessageArrives", func(t *testing.T) {
		t.Parallel()
		var heard []string
		url := listen(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			heard = []string{r.Method, r.URL.RequestURI(), string(body), r.Header.Get("Content-Type"), r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Signature")}
			w.WriteHeader(http.StatusAccepted)
		})
		status, err := sender(t, true).Send(t.Context(), message(url+"/in?a=b"))
		want := `POST /in?a=b {"id":"x"} application/json 01000000-0000-0000-0000-000000000000 t=1,v1=00`
		if got := strings.Join(heard, " "); status != http.StatusAccepted || err != nil || got != want {
			t.Errorf("%d, %v, heard %s", status, err, got)
		}
	})
	t.Run("RedirectsAreAnswersLikeOthers", func(t *testing.T) {
		t.Parallel()
		var elsewhere atomic.Int32
		other := listen(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
		for _, code := range []int{301, 302, 307, 308, 500, 410} {
			url := listen(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", other)
				w.WriteHeader(code)
			})
			if status, err := sender(t, true).Send(t.Context(), message(url)); status != code || err != nil {
				t.Errorf("%d is %d, %v", code, status, err)
			}
		}
		if elsewhere.Load() != 0 {
			t.Error("a redirect was followed")
		}
	})
	t.Run("WhoDoesNotAnswerIsNotWaitedFor", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		defer close(release)
		url := listen(t, func(_ http.ResponseWriter, _ *http.Request) { <-release })
		s := sender(t, true)
		s.Timeout = 50 * time.Millisecond
		if _, err := s.Send(t.Context(), message(url)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("AnEndlessAnswerIsNotRead", func(t *testing.T) {
		t.Parallel()
		var written atomic.Int64
		url := listen(t, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				n, err := w.Write(make([]byte, 32<<10))
				if written.Add(int64(n)); err != nil {
					return
				}
			}
		})
		if status, err := sender(t, true).Send(t.Context(), message(url)); status != http.StatusOK || err != nil {
			t.Errorf("%d, %v", status, err)
		}
		if n := written.Load(); n > 64<<20 { // what buffers on the way hold
			t.Errorf("%d bytes were taken", n)
		}
	})
	t.Run("NobodyThereIsUnavailable", func(t *testing.T) {
		t.Parallel()
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		for _, url := range []string{gone.URL, "http://no-such-host.invalid/"} {
			if _, err := sender(t, true).Send(t.Context(), message(url)); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: %v", url, err)
			}
		}
	})
	t.Run("TheShopsOwnNetworkIsRefusedUnderAnyName", func(t *testing.T) {
		t.Parallel()
		var reached atomic.Int32
		url := listen(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
		port := url[strings.LastIndex(url, ":"):]
		for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"} {
			if _, err := sender(t, false).Send(t.Context(), message("http://"+host+port)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", host, err)
			}
		}
		if reached.Load() != 0 {
			t.Error("it was reached")
		}
	})
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "::ffff:93.184.216.34": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "198.18.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fd00::1": false, "ff02::1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false,
		"64:ff9b::a00:1": false, "2002:7f00:1::": false, "::7f00:1": false, "fd00:ec2::254": false, "fe80::1%eth0": false, "2606:2800:220:1::1%eth0": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %t", address, got)
		}
	}
}
