package stack_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// listener is another program that is told what happens.
type listener struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	secret  string
	heard   []note
	answers []int // to the first messages of each id; 200 after that
	tries   map[string]int
}

type note struct {
	id   string
	Type string
	Data struct {
		Order  string `json:"order_id"`
		Status string
	}
}

func newListener(t *testing.T, answers ...int) *listener {
	t.Helper()
	l := &listener{t: t, answers: answers, tries: map[string]int{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	n := note{id: r.Header.Get("Webhook-Id")}
	if err := errors.Join(err, json.Unmarshal(body, &n)); err != nil || !l.signed(r.Header.Get("Webhook-Signature"), body) {
		l.t.Errorf("told %s, signed %s: %v", body, r.Header.Get("Webhook-Signature"), err)
	}
	l.heard = append(l.heard, n)
	if l.tries[n.id]++; l.tries[n.id] <= len(l.answers) {
		w.WriteHeader(l.answers[l.tries[n.id]-1])
	}
}

// signed verifies a signature as the documents tell receivers to.
func (l *listener) signed(header string, body []byte) bool {
	stamp, signature, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, []byte(l.secret))
	_, _ = io.WriteString(mac, stamp+"."+string(body))
	return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(signature))
}

// notes returns what was heard of a type.
func (l *listener) notes(typ string) (found []note) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.heard {
		if n.Type == typ {
			found = append(found, n)
		}
	}
	return found
}

type created struct{ ID, Secret string }

func subscribe(t *testing.T, shop *stack.Shop, url string, l *listener) created {
	t.Helper()
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
	}
	made := expect.JSON[created](t, shop.Admin(t, "POST", "/v1/admin/webhooks", map[string]any{"url": url, "events": []string{"order.*"}}), 201)
	if l != nil {
		l.secret = made.Secret
	}
	return made
}

func within(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]stack.Option{"Embedded": stack.Env("BODEGA_DEMO", "false"), "Production": stack.Production()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newListener(t, 500, 500)
			shop := stack.Start(t, where, stack.Env("BODEGA_WEBHOOK_PRIVATE", "true"), stack.Env("BODEGA_WEBHOOK_RETRY_DELAYS", "100ms,200ms,1s"))
			silent, release := make(chan struct{}), make(chan struct{})
			never := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				select {
				case silent <- struct{}{}:
				case <-release:
				}
				<-release
			}))
			t.Cleanup(func() { close(release); never.Close() })
			subscribe(t, shop, never.URL, nil)
			hook := subscribe(t, shop, l.URL, l)

			order := buy(t, shop, fixture.Product(t, shop.Shop, 3).Variants[0].SKU, 1, 1999).ID
			<-silent // from here on somebody waits for who never answers
			within(t, 30*time.Second, "all attempts", func() bool { return len(l.notes("order.confirmed")) >= 3 && len(l.notes("order.placed")) >= 3 })
			for _, typ := range []string{"order.placed", "order.confirmed"} {
				heard := l.notes(typ)
				for _, n := range heard {
					if n.id != heard[0].id || n.id == "" || n.Data.Order != order || n.Data.Status == "" {
						t.Errorf("heard %+v after %+v", n, heard[0])
					}
				}
			}
			type deliveries struct {
				Items []struct {
					Status   string
					Attempts int
				}
			}
			within(t, 30*time.Second, "they are delivered", func() bool {
				return len(expect.JSON[deliveries](t, shop.Admin(t, "GET", "/v1/admin/webhooks/"+hook.ID+"/deliveries?status=delivered", nil), 200).Items) >= 2
			})
			for _, d := range expect.JSON[deliveries](t, shop.Admin(t, "GET", "/v1/admin/webhooks/"+hook.ID+"/deliveries?status=delivered", nil), 200).Items {
				if d.Attempts != 3 {
					t.Errorf("after %d attempts", d.Attempts)
				}
			}
		})
	}
}

// lostQueue loses what was sent, as a process does that dies before it is written
// down.
type lostQueue struct{ ports.WebhookQueue }

func (lostQueue) SettleDeliveries(context.Context, webhook.Work, time.Time) error {
	return errors.New("died")
}

func TestWebhooks_AfterADeathUnderTheSameID(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	dir := stack.DataDir(t.TempDir())
	private := stack.Env("BODEGA_WEBHOOK_PRIVATE", "true")
	first := stack.Start(t, dir, private, stack.Wrap(func(d *core.Deps) { d.Orders.Queue = lostQueue{d.Orders.Queue} }))
	subscribe(t, first, l.URL, l)
	buy(t, first, fixture.Product(t, first.Shop, 3).Variants[0].SKU, 1, 1999)
	within(t, 30*time.Second, "it is sent", func() bool { return len(l.notes("order.placed")) == 1 })
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	stack.Start(t, dir, private, stack.Wrap(func(d *core.Deps) {
		d.Now = func() time.Time { return time.Now().Add(2 * time.Minute) } // when nobody can be at it any more
	}))
	within(t, 30*time.Second, "it is sent again", func() bool { return len(l.notes("order.placed")) == 2 })
	if heard := l.notes("order.placed"); heard[0].id != heard[1].id {
		t.Errorf("heard %+v", heard)
	}
}

func TestWebhooks_TheOwnNetworkIsNotReached(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t)
	expect.Problem(t, shop.Admin(t, "POST", "/v1/admin/webhooks", `{"url":"http://127.0.0.1:1/","events":["*"]}`), 422, "validation_failed")
	l := newListener(t)
	hook := subscribe(t, shop, strings.Replace(l.URL, "http://127.0.0.1", "https://localhost", 1), l)
	buy(t, shop, fixture.Product(t, shop.Shop, 3).Variants[0].SKU, 1, 1999)
	type deliveries struct {
		Items []struct {
			Attempts int
			Problem  *string
		}
	}
	within(t, 30*time.Second, "it is refused", func() bool {
		for _, d := range expect.JSON[deliveries](t, shop.Admin(t, "GET", "/v1/admin/webhooks/"+hook.ID+"/deliveries", nil), 200).Items {
			if d.Problem != nil && strings.Contains(*d.Problem, "own network") {
				return true
			}
		}
		return false
	})
}
