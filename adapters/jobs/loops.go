package jobs

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/bodega-commerce/bodega/core"
)

// Loop is work that nobody asks for: Do is called again and again, Every apart
// when it found nothing to do, at once while it did.
type Loop struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) (done int, err error)
}

const loopBatch = 100

// Loops returns the loops of a shop. They are safe to run many times side by side.
func Loops(shop *core.Shop) []Loop {
	return []Loop{
		{"sweep checkouts", 5 * time.Second, func(ctx context.Context) (int, error) { return shop.Checkout.Expire(ctx, loopBatch) }},
		{"reconcile payments", 2 * time.Second, func(ctx context.Context) (int, error) { return shop.Payments.Reconcile(ctx, loopBatch) }},
		{"compare the index", 5 * time.Second, shop.Search.Compare},
		{"keep search counts", 5 * time.Second, shop.Search.KeepCounts},
		{"drop expired carts", 10 * time.Minute, func(ctx context.Context) (int, error) { return shop.Carts.DropExpired(ctx, loopBatch) }},
		{"drop old idempotency keys", 10 * time.Minute, func(ctx context.Context) (int, error) { return shop.Keys.DropOld(ctx, loopBatch) }},
		{"drop old payment events", 10 * time.Minute, func(ctx context.Context) (int, error) { return shop.Webhooks.DropOld(ctx, loopBatch) }},
	}
}

// turn runs a loop until ctx ends. What a turn has begun, it finishes.
func (r *Runner) turn(ctx context.Context, l Loop) {
	for ctx.Err() == nil {
		began := time.Now()
		done, err := limited(context.WithoutCancel(ctx), l.Do)
		if err != nil {
			r.Log.ErrorContext(ctx, "loop", "loop", l.Name, "error", err, "latency", float64(time.Since(began).Microseconds())/1000)
		}
		if err != nil || done == 0 {
			pause(ctx, l.Every+rand.N(l.Every/5+1)) // so that several servers do not march in step
		}
	}
}
