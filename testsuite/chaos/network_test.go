package chaos

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

const (
	readTime     = 10 * time.Second // within which the API answers
	checkoutTime = 12 * time.Second
	uploadTime   = 30 * time.Second
	graceTime    = 10 * time.Second // for a machine that runs all tests at once
)

// TestNetworks makes the network between a shop and each of its servers bad, in
// every way. Each request is answered within its deadline: as ever where a store
// can answer, with 503 where only the one in trouble could. The shop recovers by
// itself when the network does, and mails that could not be sent follow once.
func TestNetworks(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production(), stack.Linked(), stack.Env("BODEGA_RETRY_DELAYS", "1s,2s,5s,10s,20s"))
	tee := fixture.Product(t, shop.Shop, 1000)
	shop.Quiet(t)
	c := &client{http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}, url: shop.URL}
	t.Cleanup(c.http.CloseIdleConnections)
	admin := c.with("Authorization", "Bearer "+shop.AdminKey)
	sku := string(tee.Variants[0].SKU)
	pictures := exhibit(t, admin)

	for _, peer := range []struct {
		name string
		link *containers.Link
	}{
		{"Redis", shop.Links.Redis},
		{"RabbitMQ", shop.Links.RabbitMQ},
		{"Elasticsearch", shop.Links.Elasticsearch},
		{pictureStore, shop.Links.S3},
		{mailServer, shop.Links.SMTP},
		{database, shop.Links.Postgres},
	} {
		for _, trouble := range []struct {
			name   string
			begin  func(*containers.Link)
			passes bool // what is sent arrives, later
		}{
			{"Slow", func(l *containers.Link) { l.Latency(t, 200*time.Millisecond) }, true},
			{"Silent", func(l *containers.Link) { l.Hang(t) }, false},
			{"Starved", func(l *containers.Link) { l.Throttle(t, 0) }, false},
			{"Resetting", func(l *containers.Link) { l.Reset(t) }, false},
			{"Down", func(l *containers.Link) { l.Down(t) }, false},
		} {
			t.Run(peer.name+trouble.name, func(t *testing.T) {
				order := ready(t, c, sku)
				var mails *letters
				if peer.name == mailServer {
					mails = await(t, shop, admin)
				}
				trouble.begin(peer.link)
				for _, got := range pass(t.Context(), c, order, pictures) {
					refused := got.status == http.StatusServiceUnavailable && (peer.name == database || peer.name == got.needs)
					if got.err != nil || got.status >= 300 && !refused || got.status < 300 && peer.name == got.needs && !trouble.passes {
						t.Errorf("%s: %v, %v", got.what, got.answer, got.err)
					}
					if refused && got.code() == "" {
						t.Errorf("%s: %v is no problem", got.what, got.answer)
					}
					if got.took > got.limit+graceTime {
						t.Errorf("%s took %s", got.what, got.took.Round(time.Millisecond))
					}
				}
				if mails != nil && !trouble.passes {
					mails.areHeldUp(t)
				}
				peer.link.Heal(t)
				recovers(t, c, sku, pictures)
				if mails != nil {
					mails.arriveOnce(t)
				}
			})
		}
	}
}

// The servers that some requests cannot be answered without.
const (
	database     = "PostgreSQL"
	pictureStore = "S3"
	mailServer   = "SMTP"
)

// request is one that is sent while a network is bad.
type request struct {
	what  string
	limit time.Duration
	needs string // besides the database
	send  func(context.Context) (answer, error)
}

// visited is how a request was answered.
type visited struct {
	request
	answer
	took time.Duration
	err  error
}

// pass sends what shoppers send, and more, all at once.
func pass(ctx context.Context, c *client, order func(context.Context) (answer, error), more []request) []visited {
	get := func(path string) func(context.Context) (answer, error) {
		return func(ctx context.Context) (answer, error) { return c.send(ctx, http.MethodGet, path, nil) }
	}
	all := append([]request{
		{"a list", readTime, "", get("/v1/products?per_page=5")},
		{"the tree", readTime, "", get("/v1/categories")},
		{"a search", readTime, "", get("/v1/search?q=tee")},
		{"a cart", readTime, "", func(ctx context.Context) (answer, error) { return c.send(ctx, http.MethodPost, "/v1/carts", nil) }},
		{"a checkout", checkoutTime, "", order},
	}, more...)
	got := make([]visited, len(all))
	var ends sync.WaitGroup
	for i, r := range all {
		ends.Go(func() {
			began := time.Now()
			a, err := r.send(ctx)
			got[i] = visited{r, a, time.Since(began), err}
		})
	}
	ends.Wait()
	return got
}

// exhibit uploads a picture, and returns the requests that show it and that
// upload another.
func exhibit(t *testing.T, admin *client) []request {
	t.Helper()
	body, kind := upload(t)
	send := func(ctx context.Context) (answer, error) {
		return admin.with("Content-Type", kind).send(ctx, http.MethodPost, "/v1/admin/images", body)
	}
	var picture struct{ URL string }
	a, err := send(t.Context())
	if err != nil || a.status != http.StatusCreated || json.Unmarshal(a.body, &picture) != nil {
		t.Fatalf("a picture: %v, %v", a, err)
	}
	u, err := url.Parse(picture.URL)
	if err != nil {
		t.Fatal(err)
	}
	show := func(ctx context.Context) (answer, error) { return admin.send(ctx, http.MethodGet, u.Path, nil) }
	return []request{{"a picture", readTime, pictureStore, show}, {"an upload", uploadTime, pictureStore, send}}
}

// letters are the confirmations of a shop from some moment on.
type letters struct {
	shop    *stack.Shop
	admin   *client
	orders  int             // confirmed before
	before  map[string]bool // the mails, by Message-ID
	retried int             // attempts that have failed before
}

func await(t *testing.T, shop *stack.Shop, admin *client) *letters {
	t.Helper()
	shop.Quiet(t)
	l := &letters{shop: shop, admin: admin, before: map[string]bool{}}
	l.orders, l.retried = l.confirmed(t), l.retries(t)
	for _, m := range shop.Mails(t) {
		l.before[m.Header.Get("Message-ID")] = true
	}
	return l
}

func (l *letters) confirmed(t *testing.T) (n int) {
	t.Helper()
	for _, o := range all[order](t, l.admin, "/v1/admin/orders?limit=100") {
		if o.Status == "confirmed" {
			n++
		}
	}
	return n
}

// retries returns how often a mail could not be sent.
func (l *letters) retries(t *testing.T) int {
	t.Helper()
	const counter = `job_retries_total{task="email.send_order_confirmation"} `
	a, err := (&client{http: l.admin.http, url: l.shop.Consumers[0].OpsURL}).send(t.Context(), http.MethodGet, "/metrics", nil)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("metrics: %d, %v", a.status, err)
	}
	_, rest, _ := strings.Cut(string(a.body), counter)
	number, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.Atoi(number) // not counted yet
	return n
}

func (l *letters) areHeldUp(t *testing.T) {
	t.Helper()
	for began := time.Now(); l.retries(t) == l.retried; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > startTime {
			t.Fatal("no mail was tried to be sent")
		}
	}
}

func (l *letters) arriveOnce(t *testing.T) {
	t.Helper()
	l.shop.Quiet(t)
	arrived := map[string]int{}
	for _, m := range l.shop.Mails(t) {
		if name := m.Header.Get("Message-ID"); !l.before[name] {
			arrived[name]++
		}
	}
	for name, times := range arrived {
		if times != 1 {
			t.Errorf("the mail %s came %d times", name, times)
		}
	}
	if want := l.confirmed(t) - l.orders; len(arrived) != want || want < 2 {
		t.Errorf("%d mails for %d orders", len(arrived), want)
	}
}

// ready fills a cart and returns its checkout, which pays.
func ready(t *testing.T, c *client, sku string) func(context.Context) (answer, error) {
	t.Helper()
	s, a, err := c.enter(t.Context())
	if err != nil || s == nil {
		t.Fatalf("a cart: %v, %v", a, err)
	}
	if a, err := s.put(t.Context(), line{sku, 1}); err != nil || a.status != 200 {
		t.Fatalf("a line: %v, %v", a, err)
	}
	order, a, err := s.checkout(t.Context(), "tok_ok", "network@example.com")
	if err != nil || order.key == "" {
		t.Fatalf("a quote: %v, %v", a, err)
	}
	return func(ctx context.Context) (answer, error) { return s.place(ctx, order) }
}

// recovers waits until every request succeeds again. A checkout that was told to
// come back is sent again under its key, as clients do.
func recovers(t *testing.T, c *client, sku string, more []request) {
	t.Helper()
	var again func(context.Context) (answer, error)
	var failed string
	for began := time.Now(); time.Since(began) < startTime; time.Sleep(100 * time.Millisecond) {
		order := func(ctx context.Context) (answer, error) { return c.send(ctx, http.MethodGet, "/readyz", nil) }
		if again != nil {
			order = again
		}
		failed = ""
		for _, got := range pass(t.Context(), c, order, more) {
			if got.err != nil || got.status >= 300 {
				failed = got.what + ": " + got.String()
			}
		}
		switch {
		case failed == "" && again != nil:
			return
		case failed == "":
			again = ready(t, c, sku)
		}
	}
	t.Errorf("the shop does not recover: %s", failed)
}
