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

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/adapters/imaging"
	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/apps/boot/demo"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// cacheBytes bounds the entries of the in-process cache.
const cacheBytes = 16 << 20

// App is a running shop.
type App struct {
	URL      string // where the API listens, as this machine reaches it
	OpsURL   string // where metrics and details of readiness are
	AdminKey string // the API key with every permission
	DataDir  string
	Shop     *core.Shop

	log       *slog.Logger
	keyFile   bool // AdminKey was made here
	store     *sqlite.DB
	wallet    *sandbox.Provider
	dir       *dataDir
	api       *http.Server
	ops       *http.Server
	inService atomic.Bool
	work      context.Context // of handlers, loops and imports
	stopWork  context.CancelFunc
	running   sync.WaitGroup
	failed    chan error
	stop      sync.Once
	stopped   error
	timeout   time.Duration
}

// Start opens everything the settings name, fills the demo shop if that is
// asked for, builds the search index, and answers requests when it returns.
// The error of anything that cannot be opened names it in one line. The
// context bounds the start only: Stop ends what was started.
func Start(ctx context.Context, c Config) (*App, error) {
	a := &App{log: c.logger(), failed: make(chan error, 3), timeout: c.ShutdownTimeout}
	if err := a.start(ctx, c); err != nil {
		return nil, errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *App) start(ctx context.Context, c Config) (err error) {
	if a.dir, err = openDataDir(c.DataDir); err != nil {
		return err
	}
	a.DataDir = a.dir.path
	listener, err := listen("BODEGA_HTTP_ADDR", c.HTTPAddr)
	if err != nil {
		return err
	}
	a.URL = localURL(listener)
	a.api = server(a.log)
	opsListener, err := listen("BODEGA_OPS_ADDR", c.OpsAddr)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	a.OpsURL = localURL(opsListener)
	a.ops = server(a.log)
	if err := a.assemble(ctx, c, listener, opsListener); err != nil {
		return errors.Join(err, listener.Close(), opsListener.Close())
	}
	return a.dir.announce(a.URL)
}

// assemble opens the stores, wires the shop and sets it going.
func (a *App) assemble(ctx context.Context, c Config, listener, opsListener net.Listener) error {
	secrets, err := a.secrets(c)
	if err != nil {
		return err
	}
	if err := a.dir.empty("spool"); err != nil {
		return err
	}
	if a.store, err = sqlite.Open(ctx, a.dir.file("shop.db")); err != nil {
		return err
	}
	if err := a.checkCurrency(ctx, c); err != nil {
		return err
	}
	a.wallet = sandbox.New(a.dir.file("sandbox.log"))
	a.wallet.ActionURL = c.publicURL(a.URL) + "/v1/sandbox/payments/"
	catalogue, caches := cached.Catalog(a.store.Catalog(), memory.NewCache(cacheBytes, c.Now), cached.Options{Now: c.Now})
	deps := core.Deps{
		Catalog: catalogue, Orders: a.store.Orders(), Identity: a.store.Identity(),
		Search: memsearch.NewFor(c.Locale), Files: files.Dir(a.dir.file("media")), Mail: files.Mail(a.dir.file("mail")),
		Payments: core.Providers{"sandbox": a.wallet}, Sandbox: a.wallet,
		Imager: imaging.New(), Caches: caches, Now: c.Now, Trace: traceOf,
	}
	if c.Wrap != nil {
		c.Wrap(&deps)
	}
	if a.Shop, err = core.New(deps, c.options(a.URL, secrets)); err != nil {
		return err
	}
	if c.Demo {
		if err := a.fillDemo(ctx, c); err != nil {
			return err
		}
	}
	meter := newMetrics()
	now := c.Now
	if now == nil {
		now = time.Now
	}
	meter.registry.MustRegister(newBacklog(a.store.Jobs(), now))
	if err := a.startJobs(ctx, meter); err != nil {
		return err
	}
	a.serve(c, meter, secrets, listener, opsListener)
	return nil
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

// checkCurrency refuses to run a shop in another currency than its prices.
func (a *App) checkCurrency(ctx context.Context, c Config) error {
	stored, err := a.store.Currency(ctx)
	if err != nil {
		return err
	}
	if stored != "" && stored != c.Currency {
		return Errors{fmt.Sprintf("%sCURRENCY: the prices in %s are in %s, which cannot become %s any more", prefix, a.DataDir, stored, c.Currency)}
	}
	return nil
}

// fillDemo fills an empty store, and goes on where an earlier start was stopped
// in the middle of it.
func (a *App) fillDemo(ctx context.Context, c Config) error {
	const unfinished = "demo.unfinished"
	have, err := a.Shop.Catalog.Browse(ctx, core.BrowseProducts{By: account.System("boot"), Browse: catalog.Browse{Limit: 1}})
	if err != nil {
		return err
	}
	if _, err := os.Stat(a.dir.file(unfinished)); err != nil && len(have.Products) > 0 {
		return nil
	}
	if err := a.dir.write(unfinished, nil); err != nil {
		return err
	}
	progress := c.Print
	if progress == nil {
		progress = func(string) {}
	}
	if err := demo.Fill(ctx, a.Shop, progress); err != nil {
		return err
	}
	return os.Remove(a.dir.file(unfinished))
}

// startJobs sets handlers and loops going and waits until the index is built.
func (a *App) startJobs(ctx context.Context, meter *metrics) error {
	built := make(chan struct{})
	runner := jobs.New(a.Shop, a.store.Jobs())
	runner.Log, runner.Observe = a.log, meter.job
	runner.Traced = withTrace
	runner.Ready = func() { close(built) }
	a.work, a.stopWork = context.WithCancel(context.WithoutCancel(ctx))
	a.background(func(ctx context.Context) {
		if err := runner.Run(ctx); err != nil {
			a.failed <- err
		}
	})
	select {
	case <-built:
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

func (a *App) serve(c Config, meter *metrics, secrets [][]byte, listener, opsListener net.Listener) {
	options := httpapi.Options{
		Log: a.log, Version: c.Version, Locale: c.Locale, Secrets: secrets,
		Authenticate: a.authenticate, Keys: a.store.Orders().Keys, Ready: a.health, Observe: meter.request,
		TrustedProxies: c.proxies(), CORSOrigins: c.CORSOrigins, Now: c.Now,
		PublicURL: c.publicURL(a.URL), MediaURL: c.mediaURL(a.URL), Auditor: a.store, DeadJobs: a.store.Jobs(), Backup: a.Backup,
		Background: a.background, SpoolDir: a.dir.file("spool"),
	}
	if c.RateLimits {
		options.Limiter = memory.NewLimiter(c.Now)
	}
	a.api.Handler = httpapi.New(a.Shop, options)
	a.ops.Handler = httpapi.Ops(httpapi.OpsOptions{Metrics: meter.handler(), Ready: a.health, Pprof: bool(c.PProf)})
	for s, l := range map[*http.Server]net.Listener{a.api: listener, a.ops: opsListener} {
		a.running.Go(func() {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				a.failed <- err
			}
		})
	}
	a.inService.Store(true)
}

// authenticate knows one key: the operator's.
func (a *App) authenticate(_ context.Context, token string) (account.Actor, error) {
	if equalSecret(token, a.AdminKey) {
		return account.Key("admin", account.Everything), nil
	}
	return account.Actor{}, fault.New(fault.Unauthenticated, "unauthenticated", "the API key is not known")
}

// Wait blocks until the shop fails or ctx ends, and returns the failure.
func (a *App) Wait(ctx context.Context) error {
	select {
	case err := <-a.failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Stop takes the shop out of service in order: not ready any more, requests
// under way finish, jobs under way finish, the store closes. What is not done
// within the shutdown timeout is cut off; nothing acknowledged is lost by that.
// It can be called again.
func (a *App) Stop(ctx context.Context) error {
	a.stop.Do(func() { a.stopped = a.shutDown(ctx) })
	return a.stopped
}

func (a *App) shutDown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	a.inService.Store(false)
	var all []error
	for _, s := range []*http.Server{a.api, a.ops} {
		if s != nil && s.Handler != nil {
			err := s.Shutdown(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				err = errors.New("requests were still under way when the time to stop ran out")
			}
			if err != nil {
				all = append(all, err, s.Close())
			}
		}
	}
	if a.stopWork != nil {
		a.stopWork()
	}
	done := make(chan struct{})
	go func() { a.running.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		all = append(all, errors.New("jobs were still running when the time to stop ran out"))
	}
	if a.store != nil {
		all = append(all, a.store.Close())
	}
	if a.wallet != nil {
		all = append(all, a.wallet.Close())
	}
	if a.dir != nil {
		all = append(all, a.dir.close())
	}
	return errors.Join(all...)
}

// options are the shop's settings for core.
func (c Config) options(url string, secrets [][]byte) *core.Options {
	o := &core.Options{
		Name: c.ShopName, Currency: c.Currency, Locale: c.Locale, Country: c.Country, PricesExcludeTax: !c.PricesIncludeTax,
		ShippingFlat: c.ShippingFlat, ShippingCountries: c.ShippingCountries, MaxLineQuantity: c.MaxLineQuantity,
		CartTTL: c.CartTTL, ReservationTTL: c.ReservationTTL, CaptureAt: core.CaptureAt(c.Capture),
		Secrets: secrets, StorefrontURL: c.storefrontURL(url),
	}
	for _, r := range c.TaxRates {
		o.TaxRates = append(o.TaxRates, pricing.TaxRate{Name: "VAT", Country: r.Country, BasisPoints: r.BasisPoints})
	}
	return o
}
