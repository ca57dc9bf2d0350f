package postgres

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/ports"
)

// monthOf is how the partition of a month from now is named.
func monthOf(ahead int) string {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()+time.Month(ahead), 1, 0, 0, 0, 0, time.UTC).Format("_2006_01")
}

func (f *floor) exec(sql string, args ...any) {
	f.t.Helper()
	_, err := f.db.orders.primary.pool.Exec(f.t.Context(), sql, args...)
	f.must(err)
}

func TestDB_MakePartitions(t *testing.T) {
	t.Parallel()

	t.Run("MakesWhatIsMissing", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		f.exec("DROP TABLE orders.order_lines" + monthOf(1))
		f.exec("ALTER TABLE orders.orders DETACH PARTITION orders.orders" + monthOf(1)) // lines refer to it
		f.exec("DROP TABLE orders.orders" + monthOf(1) + ", orders.outbox" + monthOf(3))
		var all sync.WaitGroup
		for range 4 { // as many programs
			all.Go(func() {
				if err := f.db.MakePartitions(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		f.must(f.db.MakePartitions(t.Context()))
		f.mustBeSound()
		var missing int
		f.must(f.db.orders.read(t.Context(), func(q querier) error {
			return q.QueryRow(t.Context(), "SELECT count(*) FROM ("+partitionsMissing+") AS missing", monthsAhead).Scan(&missing)
		}))
		if missing > 0 {
			t.Errorf("%d are still missing", missing)
		}
		o, _ := f.order(f.cart().ID, 1)
		next := time.Now().UTC().AddDate(0, 1, -time.Now().UTC().Day()+3)
		o.ID.UUID = id.NewSource(func() time.Time { return next }, strings.NewReader(strings.Repeat("x", 16))).New()
		f.must(f.try(func(ctx context.Context, tx ports.OrderTx) error { return tx.Orders.InsertOrder(ctx, o) }))
		if got, err := f.store.Orders.Order(t.Context(), o.ID); err != nil || got.ID != o.ID {
			t.Errorf("an order of next month: %+v, %v", got, err)
		}
	})

	t.Run("GivesUpOnABusyTable", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		f.exec("DROP TABLE orders.outbox" + monthOf(3))
		busy, err := f.db.orders.primary.pool.Begin(t.Context())
		f.must(err)
		defer busy.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // it only held a lock
		_, err = busy.Exec(t.Context(), "LOCK TABLE orders.outbox IN SHARE UPDATE EXCLUSIVE MODE")
		f.must(err)
		if err := f.db.MakePartitions(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want Unavailable", err)
		}
		f.must(busy.Rollback(t.Context()), f.db.MakePartitions(t.Context()))
	})
}

// TestPartitions_PutAway goes through what docs/operations.md says of months
// that are put away.
func TestPartitions_PutAway(t *testing.T) {
	t.Parallel()
	f := newFloor(t, open(t))
	f.must(f.receive("MUG", 5))
	c := f.cart()
	o, p := f.order(c.ID, 1)
	f.must(f.try(func(ctx context.Context, tx ports.OrderTx) error {
		if err := tx.Orders.InsertOrder(ctx, o); err != nil {
			return err
		}
		return tx.Payments.InsertPayment(ctx, p)
	}))
	month := monthOf(0)
	f.exec("ALTER TABLE orders.order_lines DETACH PARTITION orders.order_lines" + month + " CONCURRENTLY")
	f.exec("ALTER TABLE orders.order_lines" + month + " DROP CONSTRAINT order_lines_order")
	f.exec("ALTER TABLE orders.orders DETACH PARTITION orders.orders" + month + " CONCURRENTLY")

	if _, err := f.store.Orders.Order(t.Context(), o.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the shop still has the order: %v", err)
	}
	again, _ := f.order(c.ID, 1)
	if err := f.try(func(ctx context.Context, tx ports.OrderTx) error { return tx.Orders.InsertOrder(ctx, again) }); fault.CodeOf(err) != "cart_already_ordered" {
		t.Errorf("its cart is ordered again: %v", err)
	}
	var number, sku string
	f.must(f.db.orders.read(t.Context(), func(q querier) error {
		return q.QueryRow(t.Context(), "SELECT o.number, l.sku FROM orders.orders"+month+" o JOIN orders.order_lines"+month+" l ON l.order_id = o.id WHERE o.number = $1",
			o.Number).Scan(&number, &sku)
	}))
	if number != o.Number || sku != "MUG" {
		t.Errorf("put away was %s with %s", number, sku)
	}
	f.mustBeSound()

	bounds := fmt.Sprintf("FOR VALUES FROM (orders.first_id('%[1]s')) TO (orders.first_id('%[1]s'::timestamptz + interval '1 month'))",
		strings.ReplaceAll(month[1:], "_", "-")+"-01 00:00Z")
	f.exec("ALTER TABLE orders.orders ATTACH PARTITION orders.orders" + month + " " + bounds)
	f.exec("ALTER TABLE orders.order_lines ATTACH PARTITION orders.order_lines" + month + " " + bounds)
	if got, err := f.store.Orders.Order(t.Context(), o.ID); err != nil || len(got.Lines) != 1 {
		t.Errorf("back again it is %+v, %v", got, err)
	}
}

// TestOrders_Plans holds the statements that matter to one month and an index.
func TestOrders_Plans(t *testing.T) {
	t.Parallel()
	f := newFloor(t, open(t))
	const perMonth = 2000
	for ahead := range 3 {
		f.exec(`WITH made AS (
				SELECT orders.first_id(date_trunc('month', now()) + make_interval(months => $1, secs => n)) AS id, n FROM generate_series(1, $2::int) AS n
			), checkouts AS (
				INSERT INTO orders.checkouts SELECT id, id::text, id, true FROM made
			), orders AS (
				INSERT INTO orders.orders SELECT id, id::text, id, id, n || '@example.com', 'confirmed', now(), 'EUR', 1, 0, 0, 0, true, 1, '{}', '{}', false, 1, now(), now() FROM made
			), lines AS (
				INSERT INTO orders.order_lines SELECT id, p, 'SKU-' || n, id, '', '', '[]', NULL, 1, 1, 1, 0, 0, 1, 0, 0 FROM made, generate_series(0, 1) AS p
			) INSERT INTO orders.payments SELECT id, id, 'sandbox', '', 'captured', 'EUR', 1, 1, 0, '', false, NULL, NULL, 0, 1, now(), now() FROM made`, ahead, perMonth)
	}
	f.exec(`INSERT INTO orders.stock (sku, location, on_hand, reserved, version) SELECT 'SKU-' || n, 'main', 9, 0, 1 FROM generate_series(1, $1::int) AS n`, perMonth)
	f.exec("ANALYZE orders.checkouts, orders.orders, orders.order_lines, orders.payments, orders.stock")

	var known id.UUID // of next month
	f.must(f.db.orders.read(t.Context(), func(q querier) error {
		return q.QueryRow(t.Context(), "SELECT id FROM orders.orders"+monthOf(1)+" ORDER BY id LIMIT 1 OFFSET 77").Scan((*uuid)(&known))
	}))
	o, orders, lines := uuid(known), "orders"+monthOf(1), "order_lines"+monthOf(1)
	both := []string{lines, orders}
	for name, c := range map[string]struct {
		sql    string
		args   []any
		tables []string // cut into months: those that are read
	}{
		"an order":               {orderByID, []any{o}, both},
		"an order by its number": {orderByNumber, []any{known.String()}, both},
		"an order for update":    {orderForUpdate, []any{o}, []string{orders}},
		"its lines":              {linesOfOrder, []any{o}, []string{lines}},
		"its save":               {orderSave, []any{o, "shipped", instant(f.now), []byte("{}"), 2, instant(f.now), true}, []string{orders}},
		"its lines' save":        {linesSave, []any{o, []int{1, 0}, []int{0, 0}}, []string{lines}},
		"a customer's newest": {
			orderPage(ordersOf, " DESC"),
			[]any{o, older(id.UUID{}), 10},
			[]string{lines, "orders" + monthOf(-1), "orders" + monthOf(0), orders, "orders" + monthOf(2), "orders" + monthOf(3)},
		},
		"its payment":       {paymentOf, []any{o}, nil},
		"a payment by id":   {paymentByID, []any{o}, nil},
		"payments to check": {paymentsDue, []any{instant(f.now), 10}, nil},
		"a page's stock":    {availability, []any{[]string{"sku-1", "sku-2", "sku-3"}}, nil},
		"a cart":            {cartForUpdate, []any{o}, nil},
		"late reservations": {expiredReservations, []any{instant(f.now), 10}, nil},
	} {
		plan := f.plan(c.sql, c.args...)
		if rowByRow.MatchString(plan) {
			t.Errorf("%s is looked for row by row:\n%s", name, plan)
		}
		if got := monthsRead(plan); !slices.Equal(got, c.tables) {
			t.Errorf("%s reads %v, want %v:\n%s", name, got, c.tables, plan)
		}
	}

	t.Run("TheNewestPageStopsWhenItIsFull", func(t *testing.T) {
		asked := orderConditions(order.Filter{})
		plan := f.plan(orderPage("SELECT * FROM orders.orders o"+asked.where()+" ORDER BY o.id DESC LIMIT 10", " DESC"))
		if got := monthsRead(plan); slices.Contains(got, "orders"+monthOf(0)) || slices.Contains(got, "order_lines"+monthOf(0)) {
			t.Errorf("it reads %v:\n%s", got, plan)
		}
	})
	t.Run("ATimeLeavesOutMonths", func(t *testing.T) {
		asked := orderConditions(order.Filter{CreatedFrom: f.now.AddDate(0, 2, 10)})
		plan := f.plan("SELECT count(*) FROM orders.orders o"+asked.where(), asked.args...)
		if got := monthsRead(plan); slices.Contains(got, "orders"+monthOf(0)) || slices.Contains(got, "orders"+monthOf(1)) {
			t.Errorf("it reads %v:\n%s", got, plan)
		}
	})
}

// plan runs a statement, without effect, and returns how.
func (f *floor) plan(sql string, args ...any) string {
	f.t.Helper()
	tx, err := f.db.orders.primary.pool.Begin(f.t.Context())
	f.must(err)
	defer tx.Rollback(f.t.Context()) //nolint:errcheck // nothing of it is kept
	rows, err := tx.Query(f.t.Context(), "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "+sql, args...)
	f.must(err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	f.must(err)
	return strings.Join(lines, "\n")
}

// rowByRow finds a scan of a table that is not empty.
var rowByRow = regexp.MustCompile(`Seq Scan on .*\(actual rows=[1-9]|Rows Removed by Filter: [1-9]\d`)

var monthScanned = regexp.MustCompile(`on ((?:orders|order_lines)_\d{4}_\d{2})\b(.*)`)

// monthsRead returns the partitions that a plan says were read, sorted.
func monthsRead(plan string) []string {
	read := map[string]bool{}
	for _, m := range monthScanned.FindAllStringSubmatch(plan, -1) {
		if !strings.Contains(m[2], "never executed") {
			read[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(read))
}

// Outside programs choose the ids of their jobs, of whatever time. One that died
// comes back under its id, and stays when its month is made.
func TestDB_JobsOfAnyID(t *testing.T) {
	t.Parallel()
	f := newFloor(t, open(t))
	var dead []job.DeadJob
	var ids []id.Job
	for _, at := range []time.Time{time.UnixMilli(1), f.now.AddDate(-3, 0, 0), f.now, f.now.AddDate(0, 7, 0), f.now.AddDate(50, 0, 0), time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		made := id.Job{UUID: id.First(at).Derive("test")}
		ids = append(ids, made)
		dead = append(dead, job.DeadJob{Envelope: job.Envelope{ID: made, Task: "outside", Payload: []byte("{}"), CreatedAt: f.now}, Attempts: 5, Reason: "no", DiedAt: f.now})
	}
	jobs := f.db.Jobs()
	f.must(jobs.Bury(t.Context(), dead...))
	replayed, left, err := jobs.ReplayDead(t.Context(), "outside", nil, 100)
	if err != nil || replayed != len(ids) || left != 0 {
		t.Fatalf("%d replayed, %d left, %v", replayed, left, err)
	}
	f.exec("SELECT orders.make_partition('outbox', now() + interval '7 months')")
	var got []id.Job
	for len(got) < len(ids) {
		n, err := jobs.Receive(t.Context(), "outside", ports.Batch{Max: 100, Wait: time.Second}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
			for _, d := range ds {
				got = append(got, d.ID)
			}
			return make([]job.Verdict, len(ds))
		})
		if err != nil || n == 0 {
			t.Fatalf("received %v of %v: %v", got, ids, err)
		}
	}
	slices.SortFunc(got, func(a, b id.Job) int { return slices.Compare(a.UUID[:], b.UUID[:]) })
	if !slices.Equal(got, ids) {
		t.Errorf("received %v, want %v", got, ids)
	}
	f.mustBeSound()
}
