package broken

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

type (
	cache    = ports.Cache
	limiter  = ports.Limiter
	engine   = porttest.SearchEngine
	provider = ports.PaymentProvider
	mailer   = ports.Mailer
	folder   = ports.Files
)

// made returns a good adapter, or what spoil makes of it.
func made[T any](good T, spoil func(T) T, broken bool) T {
	if broken {
		return spoil(good)
	}
	return good
}

func caches(spoil func(cache) cache) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestCache(t, porttest.CacheHarness{New: func(*testing.T) (cache, porttest.Clock) {
			clock := porttest.StillClock()
			return made[cache](memory.NewCache(1<<20, clock.Now), spoil, broken), clock
		}})
	}
}

// backdating believes that nothing was raised since a value was read.
type backdating struct{ cache }

func (x backdating) Store(ctx context.Context, key string, e ports.CacheEntry, seen []ports.Generation) error {
	names := make([]string, len(seen))
	for i, g := range seen {
		names[i] = g.Name
	}
	_, now, err := x.Lookup(ctx, "", names...)
	if err != nil {
		return err
	}
	return x.cache.Store(ctx, key, e, now)
}

// sleepy raises nothing.
type sleepy struct{ cache }

func (sleepy) Raise(context.Context, ports.Mark, ...string) error { return nil }

func limiters(spoil func(limiter) limiter) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestLimiter(t, porttest.LimiterHarness{New: func(*testing.T) (limiter, porttest.Clock) {
			clock := porttest.StillClock()
			return made[limiter](memory.NewLimiter(clock.Now), spoil, broken), clock
		}})
	}
}

// lax lets one more pass.
type lax struct{ limiter }

func (x lax) Allow(ctx context.Context, r ports.Rate, key string) (ports.Allowance, error) {
	r.Requests++
	return x.limiter.Allow(ctx, r, key)
}

// lumping takes all callers for one.
type lumping struct{ limiter }

func (x lumping) Allow(ctx context.Context, r ports.Rate, _ string) (ports.Allowance, error) {
	return x.limiter.Allow(ctx, r, "everybody")
}

func indices(spoil func(engine) engine) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestSearch(t, porttest.SearchHarness{New: func(*testing.T) engine { return made[engine](memsearch.New(), spoil, broken) }})
	}
}

// gullible believes whoever comes last.
type gullible struct {
	engine
	version int64
}

func (x *gullible) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	own := make([]search.Document, len(docs))
	for i, d := range docs {
		x.version++
		d.Version = x.version
		own[i] = d
	}
	return x.engine.Index(ctx, own)
}

func providers(spoil func(provider) provider) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestPaymentProvider(t, porttest.PaymentHarness{
			New: func(t *testing.T) provider {
				good := sandbox.New(filepath.Join(t.TempDir(), "sandbox.log"))
				t.Cleanup(func() { _ = good.Close() })
				return made[provider](good, spoil, broken)
			},
			NoComplete: "nobody is here to complete it", NoBank: "not looked at here", Currency: "EUR",
			Tokens: porttest.PaymentTokens{OK: sandbox.TokenOK, Unavailable: sandbox.TokenUnavailable, Missing: "not looked at here"},
		})
	}
}

// anew makes a payment of every request.
type anew struct{ provider }

func (x anew) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	if _, err := x.Lookup(ctx, r.Ref); err == nil {
		r.ID = id.Payment{UUID: r.ID.Derive("again")}
	}
	return x.provider.Authorize(ctx, r)
}

// generous makes a refund of every request.
type generous struct{ provider }

func (x generous) Refund(ctx context.Context, p payment.Ref, r id.Refund, amount money.Amount) (payment.State, error) {
	before, err := x.Lookup(ctx, p)
	if err != nil {
		return before, err
	}
	return x.provider.Refund(ctx, p, id.Refund{UUID: r.Derive(before.Refunded().String())}, amount)
}

// deadLetter forgets to forestall what it does not know.
type deadLetter struct{ provider }

func (x deadLetter) Void(ctx context.Context, p payment.Ref) (payment.State, error) {
	if _, err := x.Lookup(ctx, p); fault.Is(err, fault.NotFound) {
		return payment.State{Status: payment.Canceled}, nil
	}
	return x.provider.Void(ctx, p)
}

// bashful does it, and says that it could not.
type bashful struct{ provider }

func (x bashful) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	state, err := x.provider.Authorize(ctx, r)
	if fault.Is(err, fault.Unavailable) {
		r.Token = sandbox.TokenOK
		if _, done := x.provider.Authorize(ctx, r); done != nil {
			return payment.State{}, done
		}
	}
	return state, err
}

func mailers(spoil func(mailer) mailer) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestMailer(t, porttest.MailHarness{New: func(t *testing.T) (mailer, func() [][]byte) {
			dir := filepath.Join(t.TempDir(), "mail")
			return made[mailer](files.Mail(dir), spoil, broken), func() (mails [][]byte) {
				paths, err := filepath.Glob(filepath.Join(dir, "*.eml"))
				if err != nil {
					t.Fatal(err)
				}
				for _, path := range paths {
					b, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					mails = append(mails, b)
				}
				return mails
			}
		}})
	}
}

// stuttering sends everything twice.
type stuttering struct{ mailer }

func (x stuttering) Send(ctx context.Context, m ports.Message) error {
	if err := x.mailer.Send(ctx, m); err != nil {
		return err
	}
	m.ID = "again-" + m.ID
	return x.mailer.Send(ctx, m)
}

func shelves(spoil func(folder) folder) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestFiles(t, func(t *testing.T) folder { return made[folder](files.Dir(t.TempDir()), spoil, broken) })
	}
}

// overwriting puts the last under a name, not the first.
type overwriting struct{ folder }

func (x overwriting) Put(ctx context.Context, name, contentType string, r io.Reader) error {
	if err := x.Delete(ctx, name); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return x.folder.Put(ctx, name, contentType, r)
}
