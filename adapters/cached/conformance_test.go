package cached_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// A cached store is a store: it passes the suite of the one behind it.
func TestCatalog_IsAStore(t *testing.T) {
	for name, o := range map[string]cached.Options{"Alone": {}, "Shared": {Shared: true}} {
		t.Run(name, func(t *testing.T) {
			porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore {
				db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { db.Close() })
				store, told := cached.Catalog(db.Catalog(), memory.NewCache(0, nil), o)
				store.Tx = tellingCatalog{store.Tx, told}
				return store
			}})
		})
	}
}

// tellingCatalog tells after each transaction what it changed, as verbs do.
type tellingCatalog struct {
	ports.Transactor[ports.CatalogTx]
	told ports.Invalidator
}

func (t tellingCatalog) InTx(ctx context.Context, fn func(context.Context, ports.CatalogTx) error) (ports.Mark, error) {
	var changed *changes
	m, err := t.Transactor.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		changed = &changes{ProductWriter: tx.Products}
		tx.Products = changed
		return fn(ctx, tx)
	})
	if err == nil {
		t.told.ProductsChanged(ctx, m, changed.products...)
		t.told.TaxonomyChanged(ctx, m)
	}
	return m, err
}

type changes struct {
	ports.ProductWriter
	products []catalog.Product
}

func (c *changes) Save(ctx context.Context, ps ...catalog.Product) error {
	c.products = append(c.products, ps...)
	return c.ProductWriter.Save(ctx, ps...)
}

func (c *changes) Delete(ctx context.Context, ids ...id.Product) error {
	gone, err := c.ForUpdate(ctx, ids...)
	if err != nil {
		return err
	}
	c.products = append(c.products, gone...)
	return c.ProductWriter.Delete(ctx, ids...)
}
