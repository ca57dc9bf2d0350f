package chaos

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/payment"
)

// listener is another program that the shop tells of orders.
type listener struct {
	*httptest.Server

	mu     sync.Mutex
	secret string
	heard  map[string][]message // by order
	wrong  []string
}

// message is what came once.
type message struct{ id, body string }

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{heard: map[string][]message{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

// subscribe lets a shop tell the listener of a type of events.
func (l *listener) subscribe(t *testing.T, c *client, event string) {
	t.Helper()
	var made struct{ Secret string }
	c.must(t, http.MethodPost, "/v1/admin/webhooks", map[string]any{"url": l.URL, "events": []string{event}}, &made)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secret = made.Secret
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var news struct {
		Data struct {
			Order string `json:"order_id"`
		}
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &news)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		err = payment.VerifySignature(r.Header.Get("Webhook-Signature"), body, []string{l.secret}, time.Now())
	}
	if err != nil {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %v", body, err))
	}
	l.heard[news.Data.Order] = append(l.heard[news.Data.Order], message{r.Header.Get("Webhook-Id"), string(body)})
}

// about returns what is wrong with what was heard about an order: nothing, if it
// is one event, however often it came.
func (l *listener) about(order string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	heard := l.heard[order]
	for _, m := range heard {
		if m != heard[0] || m.id == "" {
			return fmt.Sprintf("heard %v of one event", heard)
		}
	}
	switch {
	case len(heard) == 0:
		return "not heard a word of it"
	case len(l.wrong) > 0:
		return fmt.Sprint(l.wrong)
	}
	return ""
}
