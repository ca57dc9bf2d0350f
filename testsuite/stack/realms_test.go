package stack_test

import (
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// Catalogue, orders and identity may each be in a database of their own: whatever
// the shop does, it does there too, and after a restart it knows what it has done.
func TestProduction_EachRealmInADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	home := map[string]string{"catalog": containers.Postgres(t), "orders": containers.Postgres(t), "identity": containers.Postgres(t)}
	shop := stack.Start(t, stack.Production(), stack.Env("BODEGA_SHIPPING_FLAT", "490"),
		stack.Env("BODEGA_CATALOG_DATABASE_URL", home["catalog"]), stack.Env("BODEGA_ORDERS_DATABASE_URL", home["orders"]),
		stack.Env("BODEGA_IDENTITY_DATABASE_URL", home["identity"]))
	purchase(t, shop)
	tee := fixture.Product(t, shop.Shop, 5)
	placed := buy(t, shop, tee.Variants[0].SKU, 1, 1999+490)
	expect.Status(t, shop.Admin(t, "POST", "/v1/admin/orders/"+placed.ID+"/shipments", `{"carrier": "Post"}`, "Idempotency-Key", "ship-1"), 201)

	for _, program := range []func() error{
		func() error { return shop.Consumers[0].Stop(t.Context()) },
		func() error { return shop.Servers[0].Stop(t.Context()) },
	} {
		if err := program(); err != nil {
			t.Fatal(err)
		}
	}
	shop.App = shop.StartServer(t)
	shop.StartConsumer(t)
	shop.Quiet(t)
	type stored struct {
		Fulfillment string `json:"fulfillment_status"`
		Payment     struct{ Status string }
	}
	if o := expect.JSON[stored](t, shop.Admin(t, "GET", "/v1/admin/orders/"+placed.ID, nil), 200); o.Fulfillment != "fulfilled" || o.Payment.Status != "captured" {
		t.Errorf("after a restart the order is %s, its payment %s", o.Fulfillment, o.Payment.Status)
	}
	if n := expect.JSON[list](t, shop.Storefront(t, "GET", "/v1/search?q="+url.QueryEscape(tee.Name), nil), 200).Total; n == 0 {
		t.Error("after a restart the product is not found")
	}
	buy(t, shop, tee.Variants[0].SKU, 2, 2*1999+490)
	shop.Quiet(t)
	if violations, err := stack.Check(t.Context(), shop.URL, shop.AdminKey); err != nil || len(violations) > 0 {
		t.Errorf("violations: %v, %v", violations, err)
	}

	home["none"] = shop.Setting("BODEGA_DATABASE_URL")
	want := map[string][]string{"catalog": {"catalog"}, "orders": {"orders", "sandbox"}, "identity": {"identity"}, "none": nil}
	for _, realm := range slices.Sorted(maps.Keys(home)) {
		if got := schemas(t, home[realm]); !slices.Equal(got, want[realm]) {
			t.Errorf("the database of %s holds %v, want %v", realm, got, want[realm])
		}
	}
}

// schemas returns which of a database's schemas have tables.
func schemas(t *testing.T, database string) []string {
	t.Helper()
	db, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context()) //nolint:errcheck // it only reads
	rows, err := db.Query(t.Context(), `SELECT DISTINCT schemaname::text FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}
