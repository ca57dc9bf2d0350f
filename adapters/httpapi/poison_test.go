package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

const poison = "pq: SQLSTATE 23505 at /srv/shop"

// poisoned is every port, and fails whatever it is asked with an error, or a
// panic, that nobody outside may read.
type poisoned struct{ err error }

type poisonedTx[T any] struct{ poisoned }

func (p poisoned) fail() error {
	if p.err == nil {
		panic(poison)
	}
	return p.err
}

func (p poisonedTx[T]) InTx(context.Context, func(context.Context, T) error) (ports.Mark, error) {
	return ports.Mark{}, p.fail()
}

func (p poisoned) Versions(context.Context) (map[search.SettingName]int64, error) {
	return nil, p.fail()
}

func (p poisoned) Setting(context.Context, search.SettingName) (search.Setting, error) {
	return search.Setting{}, p.fail()
}

func (p poisoned) Work(context.Context, search.WorkName) (search.Work, error) {
	return search.Work{}, p.fail()
}
func (p poisoned) SaveWork(context.Context, search.Work) (int64, error) { return 0, p.fail() }

func (p poisoned) SaveSetting(context.Context, search.Setting) (int64, ports.Mark, error) {
	return 0, ports.Mark{}, p.fail()
}

func (p poisoned) AddTallies(context.Context, []search.Tally) error { return p.fail() }

func (p poisoned) Topics(context.Context, search.TopicQuery) ([]search.TopicCount, int, error) {
	return nil, 0, p.fail()
}

func (p poisoned) PopularTopics(context.Context, search.Day, search.Day, int, int) ([]search.PopularTopic, error) {
	return nil, p.fail()
}

func (p poisoned) DropTallies(context.Context, search.Day, int) (int, error) { return 0, p.fail() }

func (p poisoned) Position(context.Context) (ports.Mark, error) { return ports.Mark{}, p.fail() }

func (p poisoned) BySlug(context.Context, string, ports.Mark) (catalog.Product, error) {
	return catalog.Product{}, p.fail()
}

func (p poisoned) ByIDs(context.Context, []id.Product, ports.Mark) ([]catalog.Product, error) {
	return nil, p.fail()
}

func (p poisoned) Page(context.Context, catalog.Listing, ports.Mark) (catalog.Page, error) {
	return catalog.Page{}, p.fail()
}

func (p poisoned) Walk(context.Context, time.Time, id.Product, int, ports.Mark) ([]catalog.Product, error) {
	return nil, p.fail()
}

func (p poisoned) Taxonomy(context.Context, ports.Mark) (*catalog.Taxonomy, error) {
	return nil, p.fail()
}

func (p poisoned) ActiveCounts(context.Context, ports.Mark) (map[id.Category]int, error) {
	return nil, p.fail()
}

func (p poisoned) Product(context.Context, id.Product) (catalog.Product, error) {
	return catalog.Product{}, p.fail()
}

func (p poisoned) ProductsByID(context.Context, []id.Product) ([]catalog.Product, error) {
	return nil, p.fail()
}

func (p poisoned) ProductsBySKU(context.Context, []id.SKU) ([]catalog.Product, error) {
	return nil, p.fail()
}

func (p poisoned) Browse(context.Context, catalog.Browse) ([]catalog.Product, int, error) {
	return nil, 0, p.fail()
}

func (p poisoned) All(context.Context, func(catalog.Product) error) error { return p.fail() }
func (p poisoned) SKUs(context.Context, string, int) ([]id.SKU, error)    { return nil, p.fail() }

func (p poisoned) Offers(context.Context, []id.SKU) (map[string]catalog.Offer, error) {
	return nil, p.fail()
}

func (p poisoned) AddImage(context.Context, catalog.Image, time.Time) (ports.Mark, error) {
	return ports.Mark{}, p.fail()
}

func (p poisoned) ImagesByID(context.Context, []id.Image) ([]catalog.Image, error) {
	return nil, p.fail()
}
func (p poisoned) SaveImport(context.Context, feed.Report) error { return p.fail() }

func (p poisoned) AddRejects(context.Context, id.Import, []feed.Reject) error { return p.fail() }

func (p poisoned) Import(context.Context, id.Import) (feed.Report, error) {
	return feed.Report{}, p.fail()
}

func (p poisoned) Rejects(context.Context, id.Import, int, int) ([]feed.Reject, error) {
	return nil, p.fail()
}
func (p poisoned) Cart(context.Context, id.Cart) (cart.Cart, error) { return cart.Cart{}, p.fail() }

func (p poisoned) Insert(context.Context, cart.Cart) (ports.Mark, error) {
	return ports.Mark{}, p.fail()
}

func (p poisoned) Update(context.Context, id.Cart, func(*cart.Cart) error) (ports.Mark, error) {
	return ports.Mark{}, p.fail()
}

func (p poisoned) Availability(context.Context, []id.SKU, ports.Mark) (map[string]int, error) {
	return nil, p.fail()
}

func (p poisoned) Levels(context.Context, []id.SKU) ([]inventory.Level, error) { return nil, p.fail() }

func (p poisoned) BrowseLevels(context.Context, inventory.Browse) ([]inventory.Level, int, error) {
	return nil, 0, p.fail()
}

func (p poisoned) Movements(context.Context, id.SKU, id.Movement, int) ([]inventory.Movement, error) {
	return nil, p.fail()
}

func (p poisoned) Order(context.Context, id.Order) (order.Order, error) {
	return order.Order{}, p.fail()
}

func (p poisoned) OrderByNumber(context.Context, string) (order.Order, error) {
	return order.Order{}, p.fail()
}

func (p poisoned) BrowseOrders(context.Context, order.Filter) ([]order.Order, int, error) {
	return nil, 0, p.fail()
}

func (p poisoned) Payment(context.Context, id.Payment) (payment.Payment, error) {
	return payment.Payment{}, p.fail()
}

func (p poisoned) PaymentOf(context.Context, id.Order) (payment.Payment, error) {
	return payment.Payment{}, p.fail()
}

func (p poisoned) PaymentByReference(context.Context, string, string) (payment.Payment, error) {
	return payment.Payment{}, p.fail()
}

func (p poisoned) PaymentsOf(context.Context, []id.Order) (map[id.Order]payment.Payment, error) {
	return nil, p.fail()
}

func (p poisoned) DueForCheck(context.Context, time.Time, int) ([]payment.Payment, error) {
	return nil, p.fail()
}

func (p poisoned) PriceRules(context.Context) (pricing.Rules, error) {
	return pricing.Rules{}, p.fail()
}

func (p poisoned) Coupons(context.Context, []string) ([]pricing.Coupon, error) { return nil, p.fail() }

func (p poisoned) CouponsOf(context.Context, id.Promotion, string, int) ([]pricing.Coupon, error) {
	return nil, p.fail()
}

func (p poisoned) PaymentEvent(context.Context, string, string) (payment.Event, error) {
	return payment.Event{}, p.fail()
}

func (p poisoned) BrowsePaymentEvents(context.Context, payment.EventFilter) ([]payment.Event, error) {
	return nil, p.fail()
}

func (p poisoned) Notice(func(string) string, []byte) (payment.Notice, error) {
	return payment.Notice{}, p.fail()
}

func (p poisoned) Claim(context.Context, ports.Claim) (ports.Claimed, error) {
	return ports.Claimed{}, p.fail()
}

func (p poisoned) Remember(context.Context, ports.KeyRef, ports.Answer) (ports.Answer, error) {
	return ports.Answer{}, p.fail()
}
func (p poisoned) Release(context.Context, ports.KeyRef) error { return p.fail() }

func (p poisoned) Search(context.Context, search.Query) (search.Result, error) {
	return search.Result{}, p.fail()
}

func (p poisoned) Suggest(context.Context, search.SuggestQuery) ([]search.Suggestion, error) {
	return nil, p.fail()
}

func (p poisoned) Index(context.Context, []search.Document) ([]search.Outcome, error) {
	return nil, p.fail()
}
func (p poisoned) Define(context.Context, search.Schema) error { return p.fail() }

func (p poisoned) Begin(context.Context, string) (ports.IndexBuild, bool, error) {
	return nil, false, p.fail()
}

func (p poisoned) Held(context.Context, []search.Document) ([]bool, error) { return nil, p.fail() }

func (p poisoned) Entries(context.Context, string, int) ([]search.Entry, error) { return nil, p.fail() }

func (p poisoned) Put(context.Context, string, string, io.Reader) error { return p.fail() }

func (p poisoned) Open(context.Context, string) (ports.File, error) { return ports.File{}, p.fail() }
func (p poisoned) Delete(context.Context, string) error             { return p.fail() }

func (p poisoned) ListDead(context.Context, job.DeadFilter) ([]job.DeadJob, int, error) {
	return nil, 0, p.fail()
}

func (p poisoned) ReplayDead(context.Context, string, []id.Job, int) (replayed, remaining int, err error) {
	return 0, 0, p.fail()
}

func (p poisoned) DropDead(context.Context, string, []id.Job, int) (dropped, remaining int, err error) {
	return 0, 0, p.fail()
}

func (p poisoned) Endpoints(context.Context) ([]webhook.Endpoint, error) { return nil, p.fail() }

func (p poisoned) Endpoint(context.Context, id.Endpoint) (webhook.Endpoint, error) {
	return webhook.Endpoint{}, p.fail()
}

func (p poisoned) Deliveries(context.Context, webhook.Filter) ([]webhook.Delivery, error) {
	return nil, p.fail()
}

func (p poisoned) Delivery(context.Context, id.Delivery) (webhook.Delivery, error) {
	return webhook.Delivery{}, p.fail()
}

func (p poisoned) ClaimDeliveries(context.Context, time.Time, time.Time, int) (webhook.Work, error) {
	return webhook.Work{}, p.fail()
}

func (p poisoned) SettleDeliveries(context.Context, webhook.Work, time.Time) error { return p.fail() }

func (p poisoned) DropDeliveries(context.Context, time.Time, int) (int, error) { return 0, p.fail() }

func (p poisoned) PendingDeliveries(context.Context) (int, time.Time, error) {
	return 0, time.Time{}, p.fail()
}

func (p poisoned) Violations(context.Context) ([]ports.Violation, error) { return nil, p.fail() }

func (p poisoned) Check(context.Context, string, time.Time) ([]ports.Violation, error) {
	return nil, p.fail()
}

func (poisoned) Invariants() []ports.Invariant { return nil }

func (p poisoned) Currency(context.Context) (money.Currency, error) { return "", p.fail() }

func poisonedCounter(t *testing.T, p poisoned, but ...func(setup)) *counter {
	return newCounter(t, append([]func(setup){func(s setup) {
		s.deps.Catalog = ports.CatalogStore{
			Tx: poisonedTx[ports.CatalogTx]{p}, Products: p, Taxonomy: p, Records: p, Offers: p, Images: p, Imports: p, Settings: p, Tallies: p, Works: p, Marks: p,
		}
		s.deps.Orders = ports.OrderStore{Tx: poisonedTx[ports.OrderTx]{p}, Carts: p, Stock: p, Orders: p, Payments: p, Events: p, Keys: p, Prices: p, Coupons: p, Webhooks: p, Queue: p, Marks: p}
		s.deps.Search, s.deps.Files, s.deps.Notifiers = p, p, map[string]ports.Notifier{"sandbox": p}
		s.edge.DeadJobs, s.edge.Auditor, s.edge.Keys = p, p, &drawer{}
		s.edge.Backup = func(context.Context, io.Writer) error { return p.fail() }
	}}, but...)...)
}

func TestShop_PoisonReachesNobody(t *testing.T) {
	t.Parallel()
	pixel := new(bytes.Buffer)
	if err := png.Encode(pixel, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	form := new(bytes.Buffer)
	parts := multipart.NewWriter(form)
	file, err := parts.CreateFormFile("file", "pixel.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write(pixel.Bytes())
	_ = parts.Close()

	const some = "00000000-0000-7000-8000-000000000001"
	product := `{"name":"N","base_price":{"amount":1,"currency":"EUR"}}`
	bodies := map[string]string{
		"setCartLine": `{"quantity":1}`, "quoteCheckout": `{"cart_id":"` + some + `","shipping_address":{"country":"DE"}}`,
		"checkout":    `{"cart_id":"` + some + `","email":"a@b.de","shipping_address":` + address + `,"payment":{"provider":"sandbox","token":"t"},"expected_total":{"amount":1,"currency":"EUR"}}`,
		"lookupOrder": `{"number":"0000-0000-0","email":"a@b.de"}`, "completeSandboxPayment": `{"result":"ok"}`,
		"adjustStock": `{"delta":1,"reason":"received"}`, "createShipment": `{}`, "refundOrder": `{}`, "receiveReturn": `{}`,
		"requestReturn": `{"lines":[{"sku":"A","quantity":1}]}`, "addOrderNote": `{"text":"t"}`,
		"createProduct": product, "replaceProduct": product, "patchProduct": `{"name":"N"}`, "setProductImages": `{"image_ids":["` + some + `"]}`,
		"addVariant": `{"sku":"A"}`, "replaceVariant": `{"sku":"A"}`, "patchVariant": `{"title":"T"}`,
		"createCategory": `{"name":"N"}`, "replaceCategory": `{"name":"N"}`, "patchCategory": `{"name":"N"}`, "moveCategory": `{}`, "defineAttribute": `{"type":"string"}`,
		"replaceSynonyms": `{"rules":[]}`, "replaceSearchSettings": `{}`, "replaceSearchRules": `{"rules":[]}`,
		"createBrand": `{"name":"N"}`, "replaceBrand": `{"name":"N"}`, "patchBrand": `{"name":"N"}`,
		"defineShippingMethod": `{"name":"N","rate":"flat","steps":[{"price":{"amount":1,"currency":"EUR"}}]}`, "defineTaxRate": `{"name":"N","rate_bp":1}`,
		"createPromotion": `{"name":"N","type":"free_shipping"}`, "replacePromotion": `{"name":"N","type":"free_shipping"}`,
		"createCoupon": `{"code":"TEN"}`, "replaceCoupon": `{}`,
		"createWebhook": `{"url":"https://a.example","events":["*"]}`, "replaceWebhook": `{"url":"https://a.example","events":["*"]}`,
		"replayPaymentEvents": `{"limit":1}`, "receivePaymentWebhook": "{}",
		"replayDeadJobs": `{"limit":1}`, "dropDeadJobs": `{"limit":1,"queue":"q"}`, "uploadImage": form.String(), "importCatalog": "{}\n",
	}
	harmless := map[string]bool{"livez": true, "readyz": true, "readShop": true, "recordSearchEvent": true}
	path := strings.NewReplacer("{slug}", "a", "{sku}", "A", "{name}", "color", "{code}", "TEN", "{country}", "DE", "{key}", "images/"+some+"/1.jpg", "{key...}", "images/"+some+"/1.jpg", "{id}", some, "{provider}", "sandbox", "{delivery}", some)
	for name, err := range map[string]error{
		"Plain":    errors.New(poison),
		"Internal": &fault.Error{Kind: fault.Internal, Code: "poison_code", Detail: poison, Fields: []fault.Field{{Location: poison, Message: poison}}, Err: errors.New(poison)},
		"Wrapped":  fault.Wrap(fault.Unknown, poison, errors.New(poison)),
		"Panic":    nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := poisonedCounter(t, poisoned{err})
			for _, op := range c.operations() {
				r := httptest.NewRequestWithContext(t.Context(), op.Method, path.Replace(op.Path), strings.NewReader(bodies[op.OperationID]))
				r.Header.Set("Content-Type", contentType(op))
				if op.OperationID == "uploadImage" {
					r.Header.Set("Content-Type", parts.FormDataContentType())
				}
				if strings.HasPrefix(op.Path, "/v1/admin/") {
					r.Header.Set("Authorization", "Bearer "+rootKey)
				}
				for _, header := range []string{"X-Cart-Token", "X-Order-Token", "Idempotency-Key"} {
					r.Header.Set(header, "a")
				}
				r.Header.Set("If-Match", "*")
				g := c.send(r)
				if !harmless[op.OperationID] && g.status < 500 {
					t.Errorf("%s did not fail: %d %s", op.OperationID, g.status, g.body)
				}
				if said := g.body + fmt.Sprint(g.header); strings.Contains(said, "pq") || strings.Contains(said, "poison") || strings.Contains(said, "goroutine") {
					t.Errorf("%s answers %d %s", op.OperationID, g.status, said)
				}
			}
			c = poisonedCounter(t, poisoned{err}, func(s setup) { s.deps.Catalog.Works = nil })
			c.admin("POST", "/v1/admin/search/reindex", "").ok(202)
			soon(t, "the index has failed", func() bool {
				state := read[Reindex](c.admin("GET", "/v1/admin/search/reindex", "").ok(200))
				if state.Failure != nil && strings.Contains(*state.Failure, "pq") {
					t.Errorf("the index says %s", *state.Failure)
				}
				return state.Status == "failed"
			})
		})
	}
}
