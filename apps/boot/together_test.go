package boot

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
)

// Of two servers that meet on an empty database each becomes ready, and nothing
// is made twice.
func TestStart_TwoAtOnceOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	index, err := url.Parse(containers.Elasticsearch(t))
	if err != nil {
		t.Fatal(err)
	}
	index.RawQuery, index.Path = "prefix="+strings.Trim(index.Path, "/"), ""
	c := on(t, "BODEGA_DEMO=true", "BODEGA_SEARCH_URL="+index.String(), "BODEGA_CACHE_URL="+containers.Redis(t),
		"BODEGA_MEDIA_STORE="+t.TempDir(), "BODEGA_MEDIA_SHARED=true")
	var servers [2]*App
	var errs [2]error
	var starts sync.WaitGroup
	for i := range servers {
		starts.Go(func() { servers[i], errs[i] = Start(t.Context(), c) })
	}
	starts.Wait()
	for i, app := range servers {
		if errs[i] != nil {
			t.Errorf("server %d: %v", i, errs[i])
			continue
		}
		t.Cleanup(func() {
			if err := app.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		expect.Soon(t, fmt.Sprintf("server %d is whole", i), func() bool { return app.health(t.Context()).Status == httpapi.Healthy })
	}
	db, err := pgx.Connect(t.Context(), c.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background()) //nolint:errcheck // it only reads
	count := func(sql string) (n int) {
		t.Helper()
		if err := db.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, realm := range []string{"catalog", "orders", "identity"} {
		if n := count("SELECT count(*) FROM (SELECT FROM " + realm + ".schema_versions GROUP BY version_id HAVING count(*) > 1) AS twice"); n > 0 {
			t.Errorf("%d migrations of %s were applied twice", n, realm)
		}
	}
	if n := count("SELECT count(*) FROM catalog.products"); n == 0 {
		t.Error("the demo is not there")
	}
	for what, sql := range map[string]string{
		"products of one name":     "SELECT name FROM catalog.products GROUP BY name HAVING count(*) > 1",
		"SKUs received repeatedly": "SELECT sku FROM orders.movements GROUP BY sku HAVING count(*) > 1",
	} {
		rows, err := db.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(twice) > 0 {
			t.Errorf("%s: %v, %v", what, slices.Sorted(slices.Values(twice)), err)
		}
	}
}
