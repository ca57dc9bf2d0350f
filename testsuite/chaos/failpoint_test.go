package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// This test's binary is also a server and a consumer: what boot makes of the
// environment, with failpoints between the shop and its ports.
const (
	killable  = "BODEGA_TEST_KILLABLE"  // "server" or "consumer"
	failpoint = "BODEGA_TEST_FAILPOINT" // a file; while it is there, it says who is to die where: "server orders.tx 2 after"
)

// runKillable is boot.Main with failpoints.
func runKillable(name string) int {
	role := boot.Server
	if name == worker {
		role = boot.Consumer
	}
	config, err := boot.LoadAs(role, os.Environ())
	if err != nil {
		return boot.Report(os.Stderr, err)
	}
	f := &failpoints{program: name, file: os.Getenv(failpoint)}
	config.Wrap, config.Carry = f.wrap, f.carry
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	app, err := boot.Start(ctx, config)
	if err != nil {
		return boot.Report(os.Stderr, err)
	}
	if err := errors.Join(app.Wait(ctx), app.Stop(context.Background())); err != nil {
		return boot.Report(os.Stderr, err)
	}
	return 0
}

// The moments of a call.
const (
	before = "before"
	inside = "inside" // all is written, nothing committed
	after  = "after"
)

// failpoints kill the process at one moment of one call: the n-th at a place
// since the file that says so appeared. Whoever dies of it takes it away.
type failpoints struct {
	program, file string

	mu    sync.Mutex
	armed string
	calls map[string]int
}

// reach counts a call at a place.
func (f *failpoints) reach(place, moment string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := os.ReadFile(f.file)
	if err != nil || len(text) == 0 {
		return
	}
	if f.armed != string(text) {
		f.armed, f.calls = string(text), map[string]int{}
	}
	f.calls[place+moment]++
	who, where, _ := strings.Cut(strings.TrimSpace(f.armed), " ")
	if who != f.program && who != either || where != fmt.Sprint(spot{place: place, n: f.calls[place+moment]}, " ", moment) {
		return
	}
	if os.Remove(f.file) == nil {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // nothing more happens here
	}
}

// around makes a call with a failpoint before and after it.
func around[T any](f *failpoints, place string, do func() (T, error)) (T, error) {
	f.reach(place, before)
	v, err := do()
	f.reach(place, after)
	return v, err
}

func (f *failpoints) wrap(d *core.Deps) {
	d.Orders.Tx = fatalTx[ports.OrderTx]{d.Orders.Tx, f, "orders.tx"}
	d.Orders.Keys = fatalKeys{d.Orders.Keys, f}
	d.Orders.Queue = fatalQueue{d.Orders.Queue, f}
	d.Mail = fatalMail{d.Mail, f}
	d.Sender = fatalSender{d.Sender, f}
	d.Search = fatalIndex{d.Search, f}
	providers := core.Providers{}
	for code, p := range d.Payments {
		providers[code] = fatalProvider{p, f}
	}
	d.Payments = providers
}

func (f *failpoints) carry(c *boot.Carriers) {
	c.Source = fatalSource{c.Source, f}
	if c.Publisher != nil {
		c.Publisher = fatalPublisher{c.Publisher, f}
	}
}

type fatalTx[T any] struct {
	ports.Transactor[T]
	f     *failpoints
	place string
}

func (x fatalTx[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	return around(x.f, x.place, func() (ports.Mark, error) {
		return x.Transactor.InTx(ctx, func(ctx context.Context, tx T) error {
			err := fn(ctx, tx)
			x.f.reach(x.place, inside)
			return err
		})
	})
}

type fatalKeys struct {
	ports.Keys
	f *failpoints
}

func (x fatalKeys) Claim(ctx context.Context, c ports.Claim) (ports.Claimed, error) {
	return around(x.f, "keys.claim", func() (ports.Claimed, error) { return x.Keys.Claim(ctx, c) })
}

func (x fatalKeys) Remember(ctx context.Context, k ports.KeyRef, a ports.Answer) (ports.Answer, error) {
	return around(x.f, "keys.remember", func() (ports.Answer, error) { return x.Keys.Remember(ctx, k, a) })
}

type fatalQueue struct {
	ports.WebhookQueue
	f *failpoints
}

// ClaimDeliveries is reached only when there are some: it is called all the time.
func (x fatalQueue) ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) (webhook.Work, error) {
	work, err := x.WebhookQueue.ClaimDeliveries(ctx, now, until, limit)
	if len(work.Deliveries) > 0 {
		x.f.reach("deliveries.claim", after)
	}
	return work, err
}

func (x fatalQueue) SettleDeliveries(ctx context.Context, w webhook.Work, then time.Time) error {
	_, err := around(x.f, "deliveries.settle", func() (struct{}, error) { return struct{}{}, x.WebhookQueue.SettleDeliveries(ctx, w, then) })
	return err
}

type fatalSender struct {
	ports.WebhookSender
	f *failpoints
}

func (x fatalSender) Send(ctx context.Context, m webhook.Message) (int, error) {
	return around(x.f, "webhook.send", func() (int, error) { return x.WebhookSender.Send(ctx, m) })
}

type fatalMail struct {
	ports.Mailer
	f *failpoints
}

func (x fatalMail) Send(ctx context.Context, m ports.Message) error {
	_, err := around(x.f, "mail.send", func() (struct{}, error) { return struct{}{}, x.Mailer.Send(ctx, m) })
	return err
}

type fatalIndex struct {
	ports.SearchEngine
	f *failpoints
}

func (x fatalIndex) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	return around(x.f, "search.index", func() ([]search.Outcome, error) { return x.SearchEngine.Index(ctx, docs) })
}

type fatalProvider struct {
	ports.PaymentProvider
	f *failpoints
}

func (x fatalProvider) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	return around(x.f, "provider.authorize", func() (payment.State, error) { return x.PaymentProvider.Authorize(ctx, r) })
}

func (x fatalProvider) Lookup(ctx context.Context, p payment.Ref) (payment.State, error) {
	return around(x.f, "provider.lookup", func() (payment.State, error) { return x.PaymentProvider.Lookup(ctx, p) })
}

func (x fatalProvider) Capture(ctx context.Context, p payment.Ref, a money.Amount) (payment.State, error) {
	return around(x.f, "provider.capture", func() (payment.State, error) { return x.PaymentProvider.Capture(ctx, p, a) })
}

func (x fatalProvider) Void(ctx context.Context, p payment.Ref) (payment.State, error) {
	return around(x.f, "provider.void", func() (payment.State, error) { return x.PaymentProvider.Void(ctx, p) })
}

func (x fatalProvider) Refund(ctx context.Context, p payment.Ref, r id.Refund, a money.Amount) (payment.State, error) {
	return around(x.f, "provider.refund", func() (payment.State, error) { return x.PaymentProvider.Refund(ctx, p, r, a) })
}

// fatalSource dies before a job is handled, or after that and before it is
// acknowledged.
type fatalSource struct {
	ports.JobSource
	f *failpoints
}

func (x fatalSource) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	return x.JobSource.Receive(ctx, task, b, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
		x.f.reach(task, before)
		verdicts := handle(ctx, ds)
		x.f.reach(task, after)
		return verdicts
	})
}

type fatalPublisher struct {
	ports.Publisher
	f *failpoints
}

func (x fatalPublisher) Publish(ctx context.Context, jobs []job.Envelope) ([]bool, error) {
	return around(x.f, "publish", func() ([]bool, error) { return x.Publisher.Publish(ctx, jobs) })
}
