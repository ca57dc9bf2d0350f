package stack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	_ "image/jpeg" // what pictures are stored as
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

func TestProduction_Purchase(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production(), stack.Servers(2), stack.Consumers(2), stack.Env("BODEGA_SHIPPING_FLAT", "490"))
	purchase(t, shop)
	for _, program := range append(slices.Clone(shop.Servers), shop.Consumers...) {
		told := fetch(t, program.OpsURL+"/metrics")
		for _, name := range []string{
			"outbox_unpublished", "outbox_oldest_age_seconds", "jobs_waiting", "dlq_messages", "db_pool_connections", "db_pool_waits_total",
			"redis_breaker_open", "es_index_failures_total", "relay_jobs_total", "go_goroutines",
			"checkout_total", "stock_reserve_total", "payment_unknown_gauge",
		} {
			if !strings.Contains(told, "\n"+name+"{") && !strings.Contains(told, "\n"+name+" ") {
				t.Errorf("%s does not tell %s", program.OpsURL, name)
			}
		}
		if program == shop.App && !strings.Contains(told, "\ncache_requests_total{") {
			t.Error("the server that was asked does not tell cache_requests_total")
		}
		if slices.Contains(shop.Servers, program) && !strings.Contains(told, "\ninvariant_violations_total{name=\"stock_within_bounds\"} 0\n") {
			t.Errorf("%s does not check its invariants", program.OpsURL)
		}
		fetch(t, program.OpsURL+"/livez")
		fetch(t, program.OpsURL+"/readyz")
	}
}

// A picture uploaded to one server is served by the other.
func TestProduction_PicturesAreShared(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production(), stack.Servers(2))
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	file, err := parts.CreateFormFile("file", "grey.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(picture.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(parts.WriteField("alt", "Grey"), parts.Close()); err != nil {
		t.Fatal(err)
	}
	type uploaded struct{ URL string }
	img := expect.JSON[uploaded](t, shop.Admin(t, "POST", "/v1/admin/images", form.Bytes(), "Content-Type", parts.FormDataContentType()), 201)
	path, ours := strings.CutPrefix(img.URL, "http://shop.test")
	if !ours {
		t.Fatalf("the picture is at %s", img.URL)
	}
	for _, server := range shop.Servers {
		if shown, kind, err := image.DecodeConfig(strings.NewReader(fetch(t, server.URL+path))); err != nil || shown.Width != 400 {
			t.Errorf("%s shows a %s of %d, %v", server.URL, kind, shown.Width, err)
		}
	}
}

// fetch reads from a program.
func fetch(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", url, resp.Status, err, body)
	}
	return string(body)
}

// PostgreSQL alone moves the store elsewhere: the rest stays in one server.
func TestPostgres_Purchase(t *testing.T) {
	t.Parallel()
	purchase(t, stack.Start(t, stack.Env("BODEGA_SHIPPING_FLAT", "490"), stack.Env("BODEGA_ENV", "test"), stack.Env("BODEGA_DATABASE_URL", containers.Postgres(t)),
		stack.Env("BODEGA_DATABASE_CONNECTIONS", "6"), stack.Env("BODEGA_PUBLIC_URL", "http://shop.test"), stack.Env("BODEGA_ADMIN_API_KEY", "an-admin-key-of-a-test"), stack.Env("BODEGA_SECRET_KEY", "a-secret-key-of-a-test")))
}

// A product written through the admin API is searchable soon, and what the
// broker carries for it is the envelope and nothing more.
func TestProduction_WrittenIsSearchable(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production())
	seen := tap(t, shop.Setting("BODEGA_QUEUE_URL"), "search.index_product")

	type saved struct {
		ID string `json:"product_id"`
	}
	body := `{"name": "Teapot of Cast Iron", "status": "active", "base_price": {"amount": 4900, "currency": "EUR"}, "variants": [{"sku": "POT-1"}]}`
	made := expect.JSON[saved](t, shop.Admin(t, "POST", "/v1/admin/products", body), 201)
	expect.Soon(t, "the product is found", func() bool {
		return expect.JSON[list](t, shop.Storefront(t, "GET", "/v1/search?q=cast+iron", nil), 200).Total == 1
	})
	var message map[string]json.RawMessage
	select {
	case delivery := <-seen:
		if err := json.Unmarshal(delivery.Body, &message); err != nil {
			t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was published")
	}
	uuidv7 := `"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`
	for member, pattern := range map[string]string{
		"task_name": `"search\.index_product"`, "job_id": uuidv7, "payload": `\{.*"product_id": ?"` + made.ID + `".*\}`,
		"created_at": `"20[0-9T:.-]+Z"`, "trace_id": `"[0-9a-f]{32}"`,
	} {
		if got := message[member]; !regexp.MustCompile(`^(?s:` + pattern + `)$`).Match(got) {
			t.Errorf("%s is %s, want %s", member, got, pattern)
		}
		delete(message, member)
	}
	if len(message) > 0 {
		t.Errorf("the envelope holds more: %v", message)
	}
}

// tap shows what is published for a task without taking it from anybody.
func tap(t *testing.T, url, task string) <-chan amqp.Delivery {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.QueueBind(queue.Name, task, "jobs", false, nil); err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return deliveries
}

// Without cache, broker and index the shop sells on: orders are confirmed, reads
// that the store can answer are answered. When they are back, mail and index
// follow.
func TestProduction_WithoutCacheBrokerAndIndex(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production(), stack.Linked())
	old := fixture.Product(t, shop.Shop, 5)
	shop.Quiet(t)

	beside := []*containers.Link{shop.Links.Redis, shop.Links.RabbitMQ, shop.Links.Elasticsearch}
	for _, link := range beside {
		link.Down(t)
	}
	var orders []order
	for range 3 {
		orders = append(orders, buy(t, shop, old.Variants[0].SKU, 1, 1999))
	}
	fresh := fixture.Product(t, shop.Shop, 1)
	for _, path := range []string{
		"/v1/products", "/v1/products/" + old.Slug, "/v1/products/" + fresh.Slug, "/v1/categories", "/v1/shop", "/v1/brands",
		"/v1/search?q=" + url.QueryEscape(strings.Fields(old.Name)[0]),
	} {
		began := time.Now()
		expect.Status(t, shop.Storefront(t, "GET", path, nil), http.StatusOK)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %s", path, took)
		}
	}
	type health struct {
		Status string
		Checks []struct{ Name, Status string }
	}
	if h := expect.JSON[health](t, shop.Storefront(t, "GET", "/readyz", nil), 200); h.Status != "degraded" {
		t.Errorf("the shop says that it is %s", h.Status)
	}
	expect.Soon(t, "the consumer is not ready without its broker", func() bool {
		resp, err := http.Get(shop.Consumers[0].OpsURL + "/readyz") //nolint:noctx // a probe
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	if n := len(shop.Mails(t)); n != 0 {
		t.Errorf("%d mails were sent without a broker", n)
	}

	for _, link := range beside {
		link.Heal(t)
	}
	shop.Quiet(t)
	confirmed := map[string]bool{}
	for _, mail := range shop.Mails(t) {
		confirmed[mail.Header.Get("Message-ID")] = true
	}
	if len(confirmed) != len(orders) {
		t.Errorf("%d confirmations for %d orders", len(confirmed), len(orders))
	}
	if n := expect.JSON[list](t, shop.Storefront(t, "GET", "/v1/search?q="+url.QueryEscape(fresh.Name), nil), 200).Total; n == 0 {
		t.Error("what was written meanwhile is not found")
	}
	for _, o := range orders {
		type stored struct{ Payment struct{ Status string } }
		if got := expect.JSON[stored](t, shop.Admin(t, "GET", "/v1/admin/orders/"+o.ID, nil), 200); got.Payment.Status != "captured" {
			t.Errorf("the payment is %s", got.Payment.Status)
		}
	}
	expect.Soon(t, "the shop is whole again", func() bool {
		return expect.JSON[health](t, shop.Storefront(t, "GET", "/readyz", nil), 200).Status == "ok"
	})
}

// purchase buys two of three, from the first visit to the captured money.
func purchase(t *testing.T, shop *stack.Shop) {
	t.Helper()
	tee := fixture.Product(t, shop.Shop, 3) // three on the shelf, at 19.99 each
	shop.Quiet(t)                           // the index knows them

	type cart struct{ ID, Token string }
	c := expect.JSON[cart](t, shop.Storefront(t, "POST", "/v1/carts", nil), 201)
	line := "/v1/carts/" + c.ID + "/lines/" + string(tee.Variants[0].SKU)
	resp := shop.Storefront(t, "PUT", line, `{"quantity": 4}`, "X-Cart-Token", c.Token)
	expect.Problem(t, resp, 409, "out_of_stock")
	placed := buy(t, shop, tee.Variants[0].SKU, 2, 2*1999+490)

	shop.Quiet(t) // the mail is written, the money captured
	if mails := shop.Mails(t); len(mails) != 1 || mails[0].Header.Get("To") != "<ada@example.com>" {
		t.Fatalf("%d mails arrived", len(mails))
	}
	type stored struct{ Payment struct{ Status string } }
	if o := expect.JSON[stored](t, shop.Admin(t, "GET", "/v1/admin/orders/"+placed.ID, nil), 200); o.Payment.Status != "captured" {
		t.Errorf("the payment is %s", o.Payment.Status)
	}
}

type order struct{ ID, Status string }

// buy buys some units of a SKU and expects the order confirmed.
func buy(t *testing.T, shop *stack.Shop, sku id.SKU, units, total int) order {
	t.Helper()
	type cart struct{ ID, Token string }
	c := expect.JSON[cart](t, shop.Storefront(t, "POST", "/v1/carts", nil), 201)
	expect.Status(t, shop.Storefront(t, "PUT", "/v1/carts/"+c.ID+"/lines/"+string(sku), map[string]int{"quantity": units}, "X-Cart-Token", c.Token), 200)
	placed := expect.JSON[order](t, shop.Storefront(t, "POST", "/v1/checkout", map[string]any{
		"cart_id":          c.ID,
		"email":            "ada@example.com",
		"shipping_address": map[string]any{"last_name": "Lovelace", "line1": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"},
		"payment":          map[string]any{"provider": "sandbox", "token": "tok_ok"},
		"expected_total":   map[string]any{"amount": total, "currency": "EUR"},
	}, "X-Cart-Token", c.Token, "Idempotency-Key", c.ID), 201)
	if placed.Status != "confirmed" {
		t.Errorf("the order is %s", placed.Status)
	}
	return placed
}
