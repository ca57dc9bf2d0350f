package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/adapters/imaging"
	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/adapters/telemetry"
	"github.com/bodega-commerce/bodega/apps/boot/demo"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// App is a running shop, or a program at work for one.
type App struct {
	URL      string // where the API listens, as this machine reaches it; "": there is none
	OpsURL   string // where metrics and details of readiness are
	AdminKey string // the API key with every permission
	DataDir  string
	Shop     *core.Shop

	log     *slog.Logger
	meter   *metrics
	tracer  *telemetry.Tracer // nil: nobody is told of traces
	keyFile bool              // AdminKey was made here

	dir      *dataDir   // held; nil: the store is elsewhere
	file     *sqlite.DB // the store in it
	store    store
	limiter  ports.Limiter
	ownIndex bool // the index is in this process
	probes   []probe
	vitals   vitals

	api       *http.Server
	ops       *http.Server
	inService atomic.Bool
	work      context.Context // of handlers, loops, the relay and imports
	stopWork  context.CancelFunc
	running   sync.WaitGroup
	failed    chan error

	stop    sync.Once
	stopped error
	closers []func() error // of what is open, in the order it was opened
	timeout time.Duration
	delay   time.Duration
}

// Start opens everything the settings name, fills the demo shop if that is
// asked for, builds the search index if it is in this process, and answers
// requests when it returns. The error of anything that cannot be opened names it
// in one line. The context bounds the start only: Stop ends what was started.
func Start(ctx context.Context, c Config) (*App, error) {
	a := &App{log: c.logger(), meter: newMetrics(), failed: make(chan error, 3), timeout: c.ShutdownTimeout, delay: c.ShutdownDelay}
	a.work, a.stopWork = context.WithCancel(context.WithoutCancel(ctx))
	if err := a.start(ctx, c); err != nil {
		return nil, errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *App) start(ctx context.Context, c Config) (err error) {
	if a.tracer, err = a.openTracer(ctx, c); err != nil {
		return err
	}
	a.DataDir = c.DataDir
	if c.DatabaseURL == "" {
		if a.dir, err = openDataDir(c.DataDir); err != nil {
			return err
		}
		a.atEnd(a.dir.close)
		a.DataDir = a.dir.path
	}
	var api, ops net.Listener
	if c.Role != Consumer {
		if api, err = a.listen("HTTP_ADDR", c.HTTPAddr); err != nil {
			return err
		}
		a.URL = localURL(api)
	}
	if ops, err = a.listen("OPS_ADDR", c.OpsAddr); err != nil {
		return err
	}
	a.OpsURL = localURL(ops)
	secrets, err := a.secrets(c)
	if err != nil {
		return err
	}
	carriers, err := a.assemble(ctx, c, secrets)
	if err != nil {
		return err
	}
	if c.Demo && c.Role == Server {
		if err := a.fillDemo(ctx, c); err != nil {
			return err
		}
	}
	a.relay(c, carriers)
	if c.works() {
		if err := a.startJobs(ctx, c, carriers.Source); err != nil {
			return err
		}
	}
	if c.Role == Server {
		a.background(newWatch(a.store.auditor, a.store.leases, a.meter, a.log, c.Now).run)
	}
	if api != nil {
		if err := a.serveAPI(c, secrets, api); err != nil {
			return err
		}
	}
	a.serveOps(c, ops)
	a.inService.Store(true)
	if a.dir != nil {
		return a.dir.announce(a.URL)
	}
	return nil
}

// assemble opens the parts and makes a shop of them.
func (a *App) assemble(ctx context.Context, c Config, secrets [][]byte) (carriers Carriers, err error) {
	if err := a.openStore(ctx, c); err != nil {
		return Carriers{}, err
	}
	deps := core.Deps{
		Catalog: a.store.catalog, Orders: a.store.orders, Identity: a.store.identity,
		Imager: imaging.New(), Now: c.Now, Trace: traceOf, Placed: a.meter.checkouts(),
		Sender: a.openSender(c), Sent: a.meter.deliveries(),
	}
	a.openPayments(c, &deps)
	if deps.Search, err = a.openSearch(ctx, c); err != nil {
		return Carriers{}, err
	}
	if deps.Files, err = a.openFiles(ctx, c); err != nil {
		return Carriers{}, err
	}
	if deps.Mail, err = a.openMail(c); err != nil {
		return Carriers{}, err
	}
	if carriers, err = a.openBroker(ctx, c); err != nil {
		return Carriers{}, err
	}
	if err := a.openCaches(ctx, c, &deps); err != nil {
		return Carriers{}, err
	}
	deps.Orders = telemetry.Reservations(deps.Orders, a.meter.reservations())
	if c.Wrap != nil {
		c.Wrap(&deps)
		a.store.orders = deps.Orders // for the edge, too
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	a.meter.registry.MustRegister(newBacklog(a.store.queue, now), newDoubts(a.store.orders.Payments, now), newWaiting(a.store.orders.Queue, now))
	follow(a.tracer, &deps)
	if a.Shop, err = core.New(deps, c.options(a.URL, secrets)); err != nil {
		return carriers, err
	}
	a.meter.registry.MustRegister(newDrift(a.Shop), newRebuild(a.Shop))
	return carriers, nil
}

// secrets returns the signing keys, and settles the admin key.
func (a *App) secrets(c Config) ([][]byte, error) {
	var err error
	if a.AdminKey = c.AdminAPIKey; a.AdminKey == "" {
		if a.AdminKey, err = a.dir.secret("admin.key"); err != nil {
			return nil, err
		}
		a.keyFile = true
	}
	keys := c.secrets()
	if len(keys) == 0 {
		own, err := a.dir.secret("secret.key")
		if err != nil {
			return nil, err
		}
		keys = []string{own}
	}
	secrets := make([][]byte, len(keys))
	for i, k := range keys {
		secrets[i] = []byte(k)
	}
	return secrets, nil
}

// fillDemo fills an empty store, and goes on where an earlier start in the data
// directory was stopped in the middle of it. Of several servers on a database the
// first fills it, and the others wait until it has.
func (a *App) fillDemo(ctx context.Context, c Config) error {
	if a.dir == nil {
		return c.inTurn(ctx, demoFiller, func() error { return a.fillIfEmpty(ctx, c) })
	}
	return a.fillIfEmpty(ctx, c)
}

func (a *App) fillIfEmpty(ctx context.Context, c Config) error {
	have, err := a.Shop.Catalog.Browse(ctx, core.BrowseProducts{By: account.System("boot"), Browse: catalog.Browse{Limit: 1}})
	if err != nil {
		return err
	}
	progress := c.Print
	if progress == nil {
		progress = func(string) {}
	}
	if a.dir == nil {
		if len(have.Products) > 0 {
			return nil
		}
		return demo.Fill(ctx, a.Shop, progress)
	}
	const unfinished = "demo.unfinished"
	if _, err := os.Stat(a.dir.file(unfinished)); err != nil && len(have.Products) > 0 {
		return nil
	}
	if err := a.dir.write(unfinished, nil); err != nil {
		return err
	}
	if err := demo.Fill(ctx, a.Shop, progress); err != nil {
		return err
	}
	return os.Remove(a.dir.file(unfinished))
}

// relay carries jobs to the broker, if there is one: in every program that
// leaves jobs in the store and stays to see them go.
func (a *App) relay(c Config, carriers Carriers) {
	if carriers.Publisher == nil || c.Role == Tool {
		return
	}
	relay := jobs.NewRelay(a.store.outboxes, carriers.Publisher)
	relay.Log, relay.Observe = a.log, a.meter.relayed()
	a.background(relay.Run)
}

// startJobs sets handlers and loops going and waits until the index is built,
// if that is in this process.
func (a *App) startJobs(ctx context.Context, c Config, source ports.JobSource) error {
	ready := make(chan struct{})
	runner := jobs.New(a.Shop, source)
	runner.Log, runner.Observe, runner.Traced, runner.Patience = a.log, a.meter.job, traced(a.tracer), c.RetryDelays
	runner.Loops, runner.Leases = append(runner.Loops, a.store.upkeep...), a.store.leases
	runner.Ready = func() { close(ready) }
	if !a.ownIndex {
		runner.BuildIndex = nil
	}
	a.background(func(ctx context.Context) {
		if err := runner.Run(ctx); err != nil {
			a.failed <- err
		}
	})
	select {
	case <-ready:
		return nil
	case err := <-a.failed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// background runs what goes on beside requests; Stop ends its context and waits
// for it.
func (a *App) background(work func(context.Context)) {
	a.running.Go(func() { work(a.work) })
}

func (a *App) serveAPI(c Config, secrets [][]byte, l net.Listener) error {
	spool, err := a.spoolDir()
	if err != nil {
		return err
	}
	options := httpapi.Options{
		Log: a.log, Version: c.Version, Locale: c.Locale, Secrets: secrets,
		Authenticate: a.authenticate, Keys: a.store.orders.Keys, Ready: a.health, Observe: a.meter.request,
		TrustedProxies: c.proxies(), CORSOrigins: c.CORSOrigins, Now: c.Now,
		PublicURL: c.publicURL(a.URL), MediaURL: c.mediaURL(a.URL), Auditor: a.store.auditor, DeadJobs: a.store.queue,
		Background: a.background, SpoolDir: spool, PublishableKeys: map[string]string{stripeCode: c.StripePublic},
	}
	if a.dir != nil {
		options.Backup = a.Backup
	}
	if c.RateLimits {
		options.Limiter = a.limiter
	}
	if a.tracer != nil {
		options.Trace = a.tracer.Request
	}
	a.meter.searchCounts(a.Shop.Search.Counted)
	a.background(a.keepCounts)
	a.api = server(a.log)
	a.api.Handler = a.untilStopped(httpapi.New(a.Shop, options))
	a.serve(a.api, httpapi.Join(a.api, l))
	return nil
}

// keepCounts writes what searches counted, also where no loops run, and once more
// at the end.
func (a *App) keepCounts(ctx context.Context) {
	keep := func() {
		if _, err := a.Shop.Search.KeepCounts(context.WithoutCancel(ctx)); err != nil {
			a.log.ErrorContext(ctx, "search counts", "error", err)
		}
	}
	every := time.NewTicker(keepCountsEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			keep()
		case <-ctx.Done():
			keep()
			return
		}
	}
}

// keepCountsEvery is how much of what was searched for a kill can lose.
const keepCountsEvery = 5 * time.Second

// spoolDir returns where uploaded feeds wait: files without names, so nothing
// is left in it however the program ends.
func (a *App) spoolDir() (string, error) {
	if a.dir != nil {
		return a.dir.file("spool"), a.dir.empty("spool")
	}
	spool, err := os.MkdirTemp("", "bodega-spool-")
	if err != nil {
		return "", fmt.Errorf("no directory for feeds can be made: %w", cause(err))
	}
	a.atEnd(func() error { return os.RemoveAll(spool) })
	return spool, nil
}

func (a *App) serveOps(c Config, l net.Listener) {
	a.ops = server(a.log)
	a.ops.Handler = httpapi.Ops(httpapi.OpsOptions{Metrics: a.meter.handler(), Ready: a.health, Pprof: bool(c.PProf)})
	a.serve(a.ops, l)
}

func (a *App) serve(s *http.Server, l net.Listener) {
	a.running.Go(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- err
		}
	})
}

// authenticate knows one key: the operator's.
func (a *App) authenticate(_ context.Context, token string) (account.Actor, error) {
	if equalSecret(token, a.AdminKey) {
		return account.Key("admin", account.Everything), nil
	}
	return account.Actor{}, fault.New(fault.Unauthenticated, "unauthenticated", "the API key is not known")
}

// options are the shop's settings for core.
func (c Config) options(url string, secrets [][]byte) *core.Options {
	o := &core.Options{
		Name: c.ShopName, Currency: c.Currency, Locale: c.Locale, Country: c.Country, PricesExcludeTax: !c.PricesIncludeTax,
		ShippingFlat: c.ShippingFlat, ShippingCountries: c.ShippingCountries, MaxLineQuantity: c.MaxLineQuantity,
		CartTTL: c.CartTTL, ReservationTTL: c.ReservationTTL, CaptureAt: core.CaptureAt(c.Capture),
		WebhookRetries: c.HookDelays, PrivateWebhooks: c.HooksPrivate,
		Secrets: secrets, StorefrontURL: c.storefrontURL(url), TestProviders: []string{sandboxCode},
	}
	if c.stripeTests() {
		o.TestProviders = append(o.TestProviders, stripeCode)
	}
	for _, r := range c.TaxRates {
		o.TaxRates = append(o.TaxRates, pricing.TaxRate{Name: "VAT", Country: r.Country, BasisPoints: r.BasisPoints})
	}
	return o
}
