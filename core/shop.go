package core

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// Deps is what a shop needs of the world.
type Deps struct {
	Catalog  ports.CatalogStore
	Orders   ports.OrderStore
	Identity ports.IdentityStore
	Search   ports.SearchEngine
	Files    ports.Files
	Mail     ports.Mailer
	Payments Providers

	Imager ports.Imager      // nil: pictures cannot be uploaded
	Caches ports.Invalidator // nil: nothing is cached between shop and store

	Shipping ports.ShippingRater // nil: the shop's own shipping methods
	Tax      ports.TaxCalculator // nil: the shop's own tax rates

	// Notifiers are the providers that send webhooks, by code; nil: none does.
	Notifiers map[string]ports.Notifier

	// Sandbox plays the shopper's part in pretended payments; nil: none can be completed by hand.
	Sandbox ports.PaymentCompleter

	Now   func() time.Time             // nil: time.Now
	Rand  io.Reader                    // nil: crypto/rand
	Trace func(context.Context) string // the trace id of a context, 32 hex digits; nil: none
	// Placed hears how each Checkout.Place ended: the status of the order,
	// "replayed", or the code (else the kind) of the error. Nil: nobody does.
	Placed func(ctx context.Context, outcome string)
	// Sender carries webhooks to their receivers; nil: they wait.
	Sender ports.WebhookSender
	// Sent hears how each attempt to deliver a webhook left it: delivered, pending
	// (it is tried again) or failed. Nil: nobody does.
	Sent func(ctx context.Context, status string)
}

// Providers are the payment providers by code.
type Providers map[string]ports.PaymentProvider

// CaptureAt says when held money is taken.
type CaptureAt string

const (
	CaptureOnConfirm CaptureAt = "on_confirm"
	CaptureOnShip    CaptureAt = "on_ship"
	CaptureManually  CaptureAt = "manual"
)

// Options are the shop's settings. Every zero value is usable and means what its
// comment says.
type Options struct {
	Name              string            // "Bodega"
	Currency          money.Currency    // "EUR"
	Locale            string            // "en"
	Country           string            // "DE"
	PricesExcludeTax  bool              // prices are net; the default is gross
	ShippingFlat      int64             // minor units
	ShippingCountries []string          // Country, the EU and GB
	TaxRates          []pricing.TaxRate // none
	MaxLineQuantity   int               // 999
	CartTTL           time.Duration     // 720 h
	ReservationTTL    time.Duration     // 10 min
	ProviderTimeout   time.Duration     // 8 s
	CaptureAt         CaptureAt         // on_confirm
	Secrets           [][]byte          // sign order tokens; the first signs, all are accepted. Default: one made at New
	StorefrontURL     string            // where links in mails lead, without a slash at the end
	WebhookRetries    job.Backoff       // webhook.Patience
	PrivateWebhooks   bool              // webhooks may go to http:// addresses; for development
	TestProviders     []string          // providers that move no money; orders paid with them are tests. Default: sandbox
}

var euCountries = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")

// Shop is everything a shop can do, by what it is done with.
type Shop struct {
	Catalog   *Catalog
	Images    *Images
	Imports   *Imports
	Search    *Search
	Carts     *Carts
	Checkout  *Checkout
	Payments  *Payments
	Webhooks  *Webhooks
	Endpoints *Endpoints
	Orders    *Orders
	Inventory *Inventory
	Keys      *Keys
	Mails     *Mails
	Prices    *Prices

	s *shared
}

// shared is what all verbs have in common.
type shared struct {
	Deps
	Options
	ids   *id.Source
	book  atomic.Pointer[priceBook] // nil: to be read
	heard atomic.Pointer[audience]  // as book
}

// New assembles a shop. Invalid names every dependency that is missing and
// every option that makes no sense.
func New(deps Deps, options *Options) (*Shop, error) {
	if missing := deps.missing(); len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "validation_failed", "core.New: missing "+strings.Join(missing, ", "))
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	clock := deps.Now
	deps.Now = func() time.Time { return clock().UTC().Truncate(time.Microsecond) }
	if deps.Rand == nil {
		deps.Rand = rand.Reader
	}
	if deps.Trace == nil {
		deps.Trace = func(context.Context) string { return "" }
	}
	if deps.Placed == nil {
		deps.Placed = func(context.Context, string) {}
	}
	if deps.Sent == nil {
		deps.Sent = func(context.Context, string) {}
	}
	if deps.Caches == nil {
		deps.Caches = nothingCached{}
	}
	if deps.Catalog.Settings == nil {
		deps.Catalog.Settings = noSettings{}
	}
	if deps.Catalog.Works == nil {
		deps.Catalog.Works = &ownWorks{works: make(map[search.WorkName]search.Work)}
	}
	if deps.Catalog.Tallies == nil {
		deps.Catalog.Tallies = noTallies{}
	}
	if deps.Catalog.Sales == nil {
		deps.Catalog.Sales = noSales{}
	}
	var o Options
	if options != nil {
		o = *options
	}
	if err := o.complete(deps.Rand); err != nil {
		return nil, err
	}
	s := &shared{Deps: deps, Options: o, ids: id.NewSource(deps.Now, deps.Rand)}
	return &Shop{
		Catalog: &Catalog{s}, Images: &Images{s}, Imports: &Imports{s}, Search: &Search{s: s}, Carts: &Carts{s},
		Checkout: &Checkout{s}, Payments: &Payments{s}, Webhooks: &Webhooks{s}, Endpoints: &Endpoints{s}, Orders: &Orders{s}, Inventory: &Inventory{s}, Keys: &Keys{s}, Mails: &Mails{s}, Prices: &Prices{s},
		s: s,
	}, nil
}

func (d *Deps) missing() []string {
	var missing []string
	need := func(name string, there bool) {
		if !there {
			missing = append(missing, name)
		}
	}
	need("Catalog", d.Catalog.Tx != nil)
	need("Orders", d.Orders.Tx != nil)
	need("Identity", d.Identity.Tx != nil)
	need("Search", d.Search != nil)
	need("Files", d.Files != nil)
	need("Mail", d.Mail != nil)
	need("Payments", len(d.Payments) > 0)
	return missing
}

func (o *Options) complete(random io.Reader) error {
	def := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	def(&o.Name, "Bodega")
	def((*string)(&o.Currency), "EUR")
	def(&o.Locale, "en")
	def(&o.Country, "DE")
	def((*string)(&o.CaptureAt), string(CaptureOnConfirm))
	def(&o.StorefrontURL, "http://localhost:8080")
	if len(o.ShippingCountries) == 0 {
		o.ShippingCountries = append(append([]string{o.Country}, euCountries...), "GB")
	}
	if o.MaxLineQuantity == 0 {
		o.MaxLineQuantity = 999
	}
	if o.CartTTL == 0 {
		o.CartTTL = 720 * time.Hour
	}
	if o.ReservationTTL == 0 {
		o.ReservationTTL = 10 * time.Minute
	}
	if o.ProviderTimeout == 0 {
		o.ProviderTimeout = 8 * time.Second
	}
	if len(o.WebhookRetries) == 0 {
		o.WebhookRetries = webhook.Patience
	}
	if len(o.TestProviders) == 0 {
		o.TestProviders = []string{"sandbox"}
	}
	if len(o.Secrets) == 0 {
		secret := make([]byte, 32)
		if _, err := io.ReadFull(random, secret); err != nil {
			return fault.Wrap(fault.Internal, "core.New", err)
		}
		o.Secrets = [][]byte{secret}
	}
	return o.validate()
}

func (o *Options) validate() error {
	var f fault.Fields
	if !o.Currency.Known() {
		f.Add("Currency", "enum", "is not an ISO 4217 code")
	}
	for i, c := range append([]string{o.Country}, o.ShippingCountries...) {
		if !order.KnownCountry(c) {
			at := "Country"
			if i > 0 {
				at = "ShippingCountries"
			}
			f.Add(at, "enum", fmt.Sprintf("%q is not an ISO 3166-1 alpha-2 code", c))
		}
	}
	for _, r := range o.TaxRates {
		if !order.KnownCountry(r.Country) || r.BasisPoints < 0 || r.BasisPoints > 10_000 {
			f.Add("TaxRates", "pattern", fmt.Sprintf("%s:%d is not a country and 0 to 10000 basis points", r.Country, r.BasisPoints))
		}
	}
	if o.ShippingFlat < 0 || o.ShippingFlat > money.Max {
		f.Add("ShippingFlat", "too_small", "must be 0 or more, in minor units")
	}
	if o.MaxLineQuantity < 1 || o.MaxLineQuantity > 1_000_000 {
		f.Add("MaxLineQuantity", "too_small", "must be 1 to 1000000")
	}
	switch o.CaptureAt {
	case CaptureOnConfirm, CaptureOnShip, CaptureManually:
	default:
		f.Add("CaptureAt", "enum", "must be on_confirm, on_ship or manual")
	}
	if o.CartTTL < 0 || o.ReservationTTL < 0 || o.ProviderTimeout < 0 {
		f.Add("CartTTL, ReservationTTL, ProviderTimeout", "too_small", "must not be negative")
	}
	return f.Err()
}

// Settings returns the options in force.
func (s *Shop) Settings() Options { return s.s.Options }

// Providers returns the codes of the payment providers, sorted.
func (s *Shop) Providers() []string { return slices.Sorted(maps.Keys(s.s.Payments)) }

// allow answers Unauthenticated to nobody and Denied to whoever lacks the permission.
func allow(by account.Actor, p account.Permission) error {
	switch {
	case by.Can(p):
		return nil
	case by.IsNobody():
		return fault.New(fault.Unauthenticated, "unauthenticated", "sign in or show an API key")
	default:
		return fault.New(fault.Denied, "permission_denied", "the permission "+string(p)+" is needed")
	}
}

// token returns 256 random bits as text.
func (s *shared) token() string {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.Rand, raw); err != nil {
		panic("core: no randomness: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
