package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// attack is what a program that knows none of our rules might write. Tables are
// named without the schema that PostgreSQL keeps them in.
type attack struct {
	sqlite, postgres string // postgres "": the same
}

// attacks are refused by the schema, whoever writes.
var attacks = map[string]attack{
	"hold more than there is":       {sqlite: "UPDATE stock SET reserved = on_hand + 1"},
	"take what is held":             {sqlite: "UPDATE stock SET on_hand = reserved - 1 WHERE reserved > 0"},
	"hold less than nothing":        {sqlite: "UPDATE stock SET reserved = -1"},
	"give a cart a second order":    {sqlite: "UPDATE orders SET cart_id = (SELECT cart_id FROM orders WHERE status = 'pending_payment') WHERE status = 'confirmed'", postgres: "UPDATE checkouts SET cart_id = (SELECT cart_id FROM orders WHERE status = 'pending_payment') WHERE order_id = (SELECT id FROM orders WHERE status = 'confirmed')"},
	"bring a dead order back":       {sqlite: "UPDATE orders SET status = 'pending_payment' WHERE status = 'payment_failed'", postgres: "UPDATE checkouts SET live = true WHERE NOT live"},
	"pay an order that is not":      {sqlite: "UPDATE payments SET order_id = x'00000000000000000000000000000001'", postgres: "UPDATE payments SET order_id = '00000000-0000-0000-0000-000000000001'"},
	"give back more than was taken": {sqlite: "UPDATE payments SET refunded = captured + 1"},
	"take more than was agreed":     {sqlite: "UPDATE payments SET captured = amount + 1"},
	"take money back":               {sqlite: "UPDATE payments SET refunded = -1"},
	"count a payment twice":         {sqlite: "UPDATE payments SET provider = 'sandbox', reference = 'the same'"},
	"charge another sum":            {sqlite: "UPDATE orders SET total = total - 1"},
	"ship more than was bought":     {sqlite: "UPDATE order_lines SET shipped = quantity + 1"},
	"use a coupon once more":        {sqlite: "UPDATE coupons SET used = used + 1 WHERE usage_limit > 0"},
	"use one's own coupon twice": {
		sqlite:   "INSERT INTO redemptions (order_id, code, email) SELECT x'00000000000000000000000000000001', code, email FROM redemptions WHERE code = 'MINE'",
		postgres: "UPDATE coupon_customers SET used = used + 1 WHERE code = 'MINE'",
	},
	"use somebody's coupon at once twice": {
		sqlite:   "INSERT INTO redemptions (order_id, code, email) VALUES (x'00000000000000000000000000000001', 'MINE', 'eve@example.com'), (x'00000000000000000000000000000002', 'MINE', 'eve@example.com')",
		postgres: "INSERT INTO coupon_customers (code, email, used) VALUES ('MINE', 'eve@example.com', 2)",
	},
}

// Plain SQL that would oversell, give one cart two orders, give back more than
// was taken or use a coupon beyond its limits is refused, and changes nothing.
func TestRawAttackers(t *testing.T) { onEachStore(t, rawAttackers) }

func rawAttackers(t *testing.T, w *tills) {
	t.Helper()
	ctx := t.Context()
	w.sell("TEE", 5)
	for _, c := range []core.CreateCoupon{{Code: "LAST", Limit: 1}, {Code: "MINE", PerCustomer: 1}} {
		p, err := w.shop[0].Prices.CreatePromotion(ctx, core.CreatePromotion{By: operator, Promotion: pricing.Promotion{
			Name: c.Code, Type: pricing.AmountOff, Amount: money.New(100, "EUR"), NeedsCoupon: true,
		}})
		if c.By, c.Promotion = operator, p.Rule.ID; err == nil {
			_, err = w.shop[0].Prices.CreateCoupon(ctx, c)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ada := &till{tills: w, name: "ada", shop: w.shop[0]}
	ada.open(ctx, "TEE", "LAST", "MINE")
	ada.begin(ctx, "TEE", "tok_ok")
	bob := &till{tills: w, name: "bob", shop: w.shop[0]} // is declined, and then has not paid yet
	if _, err := bob.place(ctx, "TEE", "tok_declined"); !fault.Is(err, fault.Declined) {
		t.Fatal(err)
	}
	bob.name = "bobby"
	bob.begin(ctx, "TEE", "tok_requires_action")

	for name, a := range attacks {
		sql := a.sqlite
		if w.postgres && a.postgres != "" {
			sql = a.postgres
		}
		if err := w.raw(ctx, sql); !forbidden(err) {
			t.Errorf("nobody refuses to %s: %v", name, err)
		}
	}
	if broken, err := w.db[0].Violations(ctx); err != nil || len(broken) > 0 {
		t.Errorf("broken: %+v, %v", broken, err)
	}
	w.mustAddUp(map[id.SKU]int{"TEE": 5})
}

// forbidden reports whether a statement went wrong because the schema forbids it.
func forbidden(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "23")
	}
	return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint
}

// rawSQLite returns another program on a shop's file.
func rawSQLite(path string) func(context.Context, string) error {
	return func(_ context.Context, sql string) error {
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // nothing is left to be written
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA foreign_keys = ON", nil); err != nil {
			return err
		}
		err = sqlitex.ExecuteTransient(conn, sql, nil)
		if err == nil && conn.Changes() == 0 {
			return fmt.Errorf("%s does nothing", sql)
		}
		return err
	}
}

// rawPostgres returns another program on a shop's database.
func rawPostgres(url string) func(context.Context, string) error {
	return func(ctx context.Context, sql string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }() // nothing is left to be written
		if _, err := conn.Exec(ctx, "SET search_path = orders"); err != nil {
			return err
		}
		done, err := conn.Exec(ctx, sql)
		if err == nil && done.RowsAffected() == 0 {
			return fmt.Errorf("%s does nothing", sql)
		}
		return err
	}
}
