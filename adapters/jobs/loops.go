package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/fault"
)

// Loop is work that nobody asks for: Do is called again and again, Every apart
// when it found nothing to do, at once while it did.
type Loop struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) (done int, err error)
	// Everywhere says that every process has its own to do. Of any other loop one
	// process at a time is enough.
	Everywhere bool
}

const (
	loopBatch = 100
	// webhookLanes is how many receivers are sent to at once: one that does not
	// answer holds up one lane, for as long as the sender waits.
	webhookLanes = 4
)

// Loops returns the loops of a shop. They are safe to run many times side by side.
func Loops(shop *core.Shop) []Loop {
	loops := []Loop{
		{Name: "sweep checkouts", Every: 5 * time.Second, Do: batches(shop.Checkout.Expire)},
		{Name: "reconcile payments", Every: 2 * time.Second, Do: batches(shop.Payments.Reconcile)},
		{Name: "compare the index", Every: 5 * time.Second, Do: shop.Search.Compare},
		{Name: "rank what sells", Every: 10 * time.Second, Do: shop.Search.RankSales},
		{Name: "keep search counts", Every: 5 * time.Second, Do: shop.Search.KeepCounts, Everywhere: true},
		{Name: "drop expired carts", Every: 10 * time.Minute, Do: batches(shop.Carts.DropExpired)},
		{Name: "drop old idempotency keys", Every: 10 * time.Minute, Do: batches(shop.Keys.DropOld)},
		{Name: "drop old deliveries", Every: 10 * time.Minute, Do: batches(shop.Endpoints.DropOld)},
		{Name: "drop old payment events", Every: 10 * time.Minute, Do: batches(shop.Webhooks.DropOld)},
	}
	for lane := range webhookLanes {
		loops = append(loops, Loop{Name: fmt.Sprint("deliver webhooks ", lane+1), Every: time.Second, Do: shop.Endpoints.Deliver})
	}
	return loops
}

func batches(do func(ctx context.Context, limit int) (int, error)) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) { return do(ctx, loopBatch) }
}

// turn runs a loop until ctx ends. What a turn has begun, it finishes.
func (r *Runner) turn(ctx context.Context, l Loop) {
	for ctx.Err() == nil {
		began := time.Now()
		done, err := r.once(ctx, l)
		if err != nil && (ctx.Err() == nil || !fault.Is(err, fault.Canceled)) {
			r.Log.ErrorContext(ctx, "loop", "loop", l.Name, "error", err, "latency", float64(time.Since(began).Microseconds())/1000)
		}
		if err != nil || done == 0 {
			pause(ctx, l.Every+rand.N(l.Every/5+1)) // so that several servers do not march in step
		}
	}
}

// once does a turn of a loop, if it is for this process to do. Whoever fails leaves
// it to others, who may fare better.
func (r *Runner) once(ctx context.Context, l Loop) (done int, err error) {
	if r.Leases == nil || l.Everywhere {
		return limited(context.WithoutCancel(ctx), l.Do)
	}
	if mine, err := r.Leases.Hold(ctx, l.Name); err != nil || !mine {
		return 0, err
	}
	if done, err = limited(context.WithoutCancel(ctx), l.Do); err != nil {
		err = errors.Join(err, r.Leases.LetGo(ctx, l.Name))
	}
	return done, err
}
