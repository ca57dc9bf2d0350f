package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/bench/baseline"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// productsOfTill is how many products are sold beside pgbench, which knows as
// many SKUs.
const productsOfTill = 100

// tillOnPostgres compares checkouts on PostgreSQL with pgbench, which runs the
// least SQL for the same effect on the same server.
func (b *bench) tillOnPostgres(ctx context.Context, set *containers.Set) (err error) {
	db, err := postgres.Open(ctx, postgres.Config{URL: set.URL("postgres"), Migrate: true, MaxConns: 32})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	shop, err := b.onPostgres(db)
	if err != nil {
		return err
	}
	feed, err := goods(productsOfTill)
	if err != nil {
		return err
	}
	if _, err := shop.Imports.Run(ctx, core.RunImport{By: account.System("bench"), Open: opened(feed)}); err != nil {
		return err
	}
	bare := &pgbench{bench: b, set: set}
	if err := bare.prepare(ctx); err != nil {
		return err
	}
	if b.wants("pg-checkout") {
		t := &till{bench: b, shop: &embedded{Shop: shop}, products: productsOfTill}
		p, err := alternate(ctx, b.rounds, t.place, bare.side(b.users, b.work, "checkout"))
		if err != nil {
			return err
		}
		b.addPair("Checkout.Place on PostgreSQL", "", p, 0.7)
		if err := b.profileHere(ctx, "pg-checkout", t.place); err != nil {
			return err
		}
	}
	if b.wants("pg-hot") {
		return b.hotRow(ctx, db, bare)
	}
	return nil
}

func (b *bench) onPostgres(db *postgres.DB) (*core.Shop, error) {
	dir := b.newDir("postgres")
	return core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(),
		Files: files.Dir(filepath.Join(dir, "media")), Mail: files.Mail(filepath.Join(dir, "mail")),
		Payments: core.Providers{"sandbox": instant{}},
	}, nil)
}

// hotRow lets a crowd reserve one SKU: beside pgbench on one row, and more and
// more of them.
func (b *bench) hotRow(ctx context.Context, db *postgres.DB, bare *pgbench) error {
	const sku, crowd = "HOT", 50
	orders, ids := db.Orders(), id.NewSource(time.Now, rand.Reader)
	if _, err := orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Adjust(ctx, inventory.Adjustment{
			ID: id.Movement{UUID: ids.New()}, SKU: sku, Delta: 1_000_000_000, Reason: inventory.Received, By: "bench", At: time.Now().UTC(),
		})
		return err
	}); err != nil {
		return err
	}
	reserve := func(callers int) side {
		return func(ctx context.Context) (sample, error) {
			return atOnce(callers, b.work, func(int) error {
				now := time.Now().UTC()
				r := inventory.Reservation{
					Order: id.Order{UUID: ids.New()}, Lines: []inventory.Line{{SKU: sku, Quantity: 1}}, ExpiresAt: now.Add(10 * time.Minute), At: now,
				}
				_, err := orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
					_, err := tx.Stock.Reserve(ctx, r)
					return err
				})
				return err
			})
		}
	}
	p, err := alternate(ctx, b.rounds, reserve(crowd), bare.side(crowd, b.work, "hotrow"))
	if err != nil {
		return err
	}
	b.addPair(fmt.Sprintf("%d buyers of one SKU", crowd), "", p, 0.8)
	best, most := 0.0, 0.0
	for _, callers := range []int{1, 4, 16, 50, 100, 200} {
		s, err := reserve(callers)(ctx)
		if err != nil {
			return err
		}
		most = s.rate()
		best = max(best, most)
	}
	b.addBound("  200 buyers beside the best number of them", fmt.Sprintf("%.2f", most/best), "≥ 0.5", judge(most >= best/2))
	return b.profileHere(ctx, "pg-hot", reserve(crowd))
}

// pgbench runs the scripts of the baseline inside the server's container, over
// TCP as the shop does.
type pgbench struct {
	*bench
	set *containers.Set
}

func (p *pgbench) prepare(ctx context.Context) error {
	for name, script := range baseline.Postgres() {
		if err := put(ctx, p.set, "postgres", "/tmp/"+name, script); err != nil {
			return err
		}
	}
	return nil
}

var perSecondOf = regexp.MustCompile(`tps = ([0-9.]+) \(without`)

// side runs a script by so many clients until n are done, on tables made anew.
func (p *pgbench) side(clients, n int, script string) side {
	each := strconv.Itoa(n / clients)
	return func(ctx context.Context) (sample, error) {
		if _, err := p.set.Exec(ctx, "postgres", "psql", "-q", "-U", "bodega", "-v", "clients="+strconv.Itoa(clients), "-v", "each="+each, "-f", "/tmp/schema.sql"); err != nil {
			return sample{}, err
		}
		out, err := p.set.Exec(ctx, "postgres", "pgbench", "-n", "-M", "prepared", "-U", "bodega", "-f", "/tmp/"+script+".sql",
			"-c", strconv.Itoa(clients), "-j", "2", "-t", each, "-D", "seq=0", "-D", "lines="+strconv.Itoa(linesOfCart), "postgres://bodega:bodega@127.0.0.1/bodega")
		if err != nil {
			return sample{}, err
		}
		found := perSecondOf.FindStringSubmatch(out)
		if found == nil {
			return sample{}, fmt.Errorf("pgbench said %q", out)
		}
		rate, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			return sample{}, err
		}
		done := n / clients * clients
		return sample{tally: tally{Done: done, Took: time.Duration(float64(done) / rate * float64(time.Second))}}, nil
	}
}

// instant is a provider that says yes before it is asked: what is measured is
// the shop and its database.
type instant struct{}

func (instant) Authorize(_ context.Context, r payment.Request) (payment.State, error) {
	return payment.State{Reference: "ch_" + r.ID.String(), Status: payment.Authorized, Amount: r.Amount}, nil
}

func (instant) Lookup(context.Context, payment.Ref) (payment.State, error) {
	return payment.State{}, fault.Missing("payment")
}

func (instant) Capture(context.Context, payment.Ref, money.Amount) (payment.State, error) {
	return payment.State{}, fault.Missing("payment")
}

func (instant) Void(context.Context, payment.Ref) (payment.State, error) {
	return payment.State{}, fault.Missing("payment")
}

func (instant) Refund(context.Context, payment.Ref, id.Refund, money.Amount) (payment.State, error) {
	return payment.State{}, fault.Missing("payment")
}
