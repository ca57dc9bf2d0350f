package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// What is for sale: much of one thing, little of the others.
var goods = []struct {
	sku   id.SKU
	price int64
	units int
}{{"CUP", 800, 2}, {"HAT", 3100, 1}, {"TEE", 1500, 30}}

const (
	chaosSteps = 2500             // after that it clears up, whatever the weather
	endSteps   = 20_000           // a history that goes on so long never ends
	endTime    = 12 * time.Hour   // nor one that takes so long
	longest    = 5 * time.Minute  // that time passes at once when nobody has anything to do
	tick       = 10 * time.Second // that time passes while somebody might
)

// world is one history.
type world struct {
	*scheduler
	life    context.Context //nolint:containedctx // of everybody in it
	end     context.CancelFunc
	began   time.Time
	rng     *rand.Rand // all decisions
	sky     weather
	bug     bug
	db      *sqlite.DB
	bank    *bank
	down    outage  // of the bank
	broker  *broker // nil: jobs stay in the store
	post    *post
	index   *index
	deps    core.Deps
	options core.Options
	restart int // milliseconds until a dead program is replaced

	processes []*process
	booted    int
	shoppers  []*shopper
	clerk     *clerk // nil: the shop takes the money by itself
	shopping  int    // parties of shoppers and operators still at it
	calm      bool   // no more faults
	steps     int
	could     []*call

	lookedAt   int
	lookedWhen time.Time
	backlogs   map[string]ports.Backlog

	story  []line
	faults []string // what is wrong
}

// history is what is left of a world.
type history struct {
	seed     uint64
	faults   []string
	timeline string
	steps    int
}

func (w *world) broken(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// play plays the history of a seed, in a shop with a bug or with none.
func play(t *testing.T, dir string, seed uint64, b bug) history {
	t.Helper()
	h := history{seed: seed}
	synctest.Test(t, func(t *testing.T) {
		w := create(t, dir, seed, b)
		w.run()
		if len(w.faults) == 0 {
			w.audit()
		}
		h.faults, h.steps = w.faults, w.steps
		h.timeline = w.timeline()
		w.end()
		close(w.over)
		synctest.Wait()
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func create(t *testing.T, dir string, seed uint64, b bug) *world {
	t.Helper()
	path := filepath.Join(dir, "shop.db")
	for _, name := range []string{path + "-wal", path + "-shm"} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, stocked(), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		scheduler: newScheduler(), began: time.Now(), rng: rand.New(rand.NewPCG(seed, 0xb0de6a)), bug: b, db: db,
		bank: newBank(), post: &post{}, index: &index{docs: map[id.SKU]search.Document{}}, backlogs: map[string]ports.Backlog{},
	}
	w.life, w.end = context.WithCancel(context.Background())
	w.index.gullible = b.gullible
	var key [32]byte
	key[0], key[1], key[2], key[3] = byte(seed), byte(seed>>8), byte(seed>>16), byte(seed>>24)
	w.deps = core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: w.index, Files: noFiles{}, Mail: w.post,
		Payments: core.Providers{"bank": w.bank}, Now: time.Now, Rand: rand.NewChaCha8(key),
	}
	w.options = core.Options{
		TaxRates: []pricing.TaxRate{{Name: "VAT", Country: "DE", BasisPoints: 1900}}, ReservationTTL: 2 * time.Minute,
		Secrets: [][]byte{[]byte("secret")}, CaptureAt: []core.CaptureAt{core.CaptureOnConfirm, core.CaptureOnConfirm, core.CaptureOnShip}[w.rng.IntN(3)],
	}
	if tended(seed) {
		w.options.CaptureAt = core.CaptureManually
	}
	w.sky = w.forecast()
	if w.rng.IntN(3) == 0 {
		w.broker = &broker{queues: map[string][]*message{}}
	}
	if w.rng.IntN(24) == 0 {
		from := w.began.Add(time.Duration(w.rng.IntN(120)) * time.Second)
		w.down = outage{from, from.Add(time.Hour)}
	}
	w.restart = w.rng.IntN(90_000)
	for range 1 + w.rng.IntN(2) {
		w.boot()
	}
	w.openDoors()
	switch {
	case seed%3 == 0:
		w.join("the cashier", w.repay)
	case tended(seed):
		w.join("the clerk", w.tend)
	}
	return w
}

// noFiles: nobody looks at pictures.
type noFiles struct{ ports.Files }

// start lets somebody begin.
func (w *world) start(p *party, do func(context.Context)) {
	ctx := as(w.life, p)
	go func() {
		w.pass(ctx, "begin", nil) // together they would race for what the seed has in store
		do(ctx)
	}()
}

// run lets the history take its course until nothing is left to do.
func (w *world) run() {
	idle := time.Duration(0)
	for len(w.faults) == 0 {
		w.gather()
		if !w.calm && (w.shopping == 0 || w.steps > chaosSteps) {
			w.calm = true
			w.tell(&party{name: "the weather"}, "clears up", "")
		}
		ready := w.ready()
		switch {
		case w.steps > endSteps || time.Since(w.began) > endTime:
			w.broken("it does not come to rest")
		case len(ready) == 0:
			if w.calm && w.shopping == 0 && w.atRest() {
				return
			}
			if idle = min(2*idle+tick, longest); w.shopping > 0 {
				idle = tick
			}
			w.elapse(idle)
		case !w.calm && w.rng.IntN(1000) < w.sky.haste:
			w.pause()
		default:
			c := ready[w.rng.IntN(len(ready))]
			w.release(c)
			if c.ready == nil {
				idle = 0
			}
		}
	}
}

// pause lets time pass although somebody could go on: moments at will, a while as
// part of the weather.
func (w *world) pause() {
	if w.sky.left > 0 && w.rng.IntN(4) == 0 {
		w.sky.left--
		time.Sleep(time.Duration(1+w.rng.IntN(90)) * time.Second)
		return
	}
	time.Sleep(time.Duration(1+w.rng.IntN(1000)) * time.Millisecond)
}

// atRest reports whether nobody has anything to do any more, however long one waits.
func (w *world) atRest() bool {
	for _, c := range w.waiting {
		if c.ready == nil {
			return false
		}
	}
	if w.broker != nil && !w.broker.empty() {
		return false
	}
	ctx, ever := context.Background(), time.Now().AddDate(1, 0, 0)
	all, err := w.db.Jobs().Backlogs(ctx)
	if err != nil {
		w.broken("backlogs: %v", err)
	}
	for _, b := range all {
		if b.Ready+b.Held > 0 {
			return false
		}
	}
	due, err := w.db.Orders().Payments.DueForCheck(ctx, ever, 1)
	if err != nil {
		w.broken("payments in doubt: %v", err)
	}
	held, err := w.db.Orders().Expired.ExpiredReservations(ctx, ever, 1)
	if err != nil {
		w.broken("reservations: %v", err)
	}
	return len(due)+len(held) == 0
}

var (
	stockedOnce sync.Once
	stockedFile []byte
)

// stocked is the store at the beginning of every history.
func stocked() []byte { return stockedFile }

// stock makes the store of the beginning, in a bubble so that its time is that of
// all histories.
func stock(t *testing.T) {
	t.Helper()
	stockedOnce.Do(func() {
		path := filepath.Join(folder(t), "stocked.db")
		synctest.Test(t, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			random := rand.NewChaCha8([32]byte{})
			shop, err := core.New(core.Deps{
				Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: &index{}, Files: noFiles{}, Mail: &post{},
				Payments: core.Providers{"bank": newBank()}, Now: time.Now, Rand: random,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range goods {
				if _, err := shop.Catalog.Create(t.Context(), core.CreateProduct{
					By: keeper, Name: "The " + string(g.sku), Status: catalog.Active, Variants: []core.NewVariant{{SKU: g.sku, Price: money.New(g.price, "EUR")}},
				}); err != nil {
					t.Fatal(err)
				}
				if _, err := shop.Inventory.Receive(t.Context(), core.ReceiveStock{By: keeper, SKU: g.sku, Quantity: g.units}); err != nil {
					t.Fatal(err)
				}
			}
			price(t, shop)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		})
		var err error
		if stockedFile, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	})
}

// keeper is who minds the shop.
var keeper = account.System("sim")

// folder is a directory in memory where there is one: nothing here is to survive.
func folder(t *testing.T) string {
	t.Helper()
	if dir, err := os.MkdirTemp("/dev/shm", "bodega-sim"); err == nil { //nolint:usetesting // that is on a disk
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}
