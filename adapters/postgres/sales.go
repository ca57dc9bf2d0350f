package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// sales counts what is sold of products.
type sales struct{ r *realm }

var _ ports.Sales = sales{}

// CountSales is contracted by ports.Sales. Orders, then the days of products, then
// the products are locked, each in the order of their keys, so that several
// workers do not lock each other out.
func (s sales) CountSales(ctx context.Context, all []search.Sale, at time.Time) error {
	newest := make(map[id.Order]*search.Sale, len(all))
	for i := range all {
		if known := newest[all[i].Order]; known == nil || known.Version < all[i].Version {
			newest[all[i].Order] = &all[i]
		}
	}
	if len(newest) == 0 {
		return nil
	}
	orders := make([]uuid, 0, len(newest))
	for o := range newest {
		orders = append(orders, uuid(o.UUID))
	}
	_, err := s.r.write(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.Exec(ctx, `INSERT INTO catalog.counted_orders (id, version, day, units) SELECT o, -1, 0, '{}' FROM unnest($1::uuid[]) AS o ORDER BY o
			ON CONFLICT DO NOTHING`, orders); err != nil {
			return err
		}
		counted, change := new(countedOrders), make(map[search.ProductDay]int64)
		rows, err := t.Query(ctx, "SELECT id, version, day, units FROM catalog.counted_orders WHERE id = ANY($1) ORDER BY id FOR UPDATE", orders)
		if err != nil {
			return err
		}
		var before search.Sale
		var units []byte
		if _, err = pgx.ForEachRow(rows, []any{(*uuid)(&before.Order.UUID), &before.Version, &before.Day, &units}, func() error {
			sale := newest[before.Order]
			if before.Version >= sale.Version {
				return nil
			}
			before.Units = nil
			if err := json.Unmarshal(units, &before.Units); err != nil {
				return err
			}
			for on, n := range sale.Replaced(before) {
				change[on] += n
			}
			return counted.add(sale)
		}); err != nil {
			return err
		}
		if len(counted.ids) > 0 {
			t.queue(`UPDATE catalog.counted_orders AS o SET version = n.version, day = n.day, units = n.units
				FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::json[]) AS n (id, version, day, units) WHERE o.id = n.id`,
				counted.ids, counted.versions, counted.days, counted.units)
			queueSales(t, change, at)
		}
		return nil
	})
	return err
}

type countedOrders struct {
	ids      []uuid
	versions []int64
	days     []int32
	units    []string
}

func (c *countedOrders) add(s *search.Sale) error {
	units, err := json.Marshal(s.Units)
	c.ids, c.versions = append(c.ids, uuid(s.Order.UUID)), append(c.versions, s.Version)
	c.days, c.units = append(c.days, int32(s.Day)), append(c.units, string(units))
	return err
}

func queueSales(t *tx, change map[search.ProductDay]int64, at time.Time) {
	var products []uuid
	var days []int32
	var units []int64
	for on, n := range change {
		products, days, units = append(products, uuid(on.Product.UUID)), append(days, int32(on.Day)), append(units, n)
	}
	t.queue(`INSERT INTO catalog.product_sales AS s (product, day, units)
		SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[]) AS n (product, day, units) ORDER BY n.product, n.day
		ON CONFLICT (product, day) DO UPDATE SET units = s.units + excluded.units`, products, days, units)
	// A product that is ranked and sold again has no revision that it had before.
	t.queue(`INSERT INTO catalog.unranked_products AS u (product, since, revision)
		SELECT DISTINCT p, $2::timestamptz, $3::bigint FROM unnest($1::uuid[]) AS p ORDER BY p
		ON CONFLICT (product) DO UPDATE SET revision = u.revision + 1`, products, instant(at), at.UnixMicro())
}

// Unranked is contracted by ports.Sales.
func (s sales) Unranked(ctx context.Context, at time.Time, limit int) (found []search.Unranked, err error) {
	err = s.r.read(ctx, func(q querier) error {
		found = []search.Unranked{}
		rows, err := q.Query(ctx, `SELECT u.product, u.revision, p.day, p.units
			FROM (SELECT product, since, revision FROM catalog.unranked_products WHERE since <= $1 ORDER BY since, product LIMIT $2) AS u
			LEFT JOIN catalog.product_sales AS p USING (product) ORDER BY u.since, u.product, p.day`, instant(at), limit)
		if err != nil {
			return err
		}
		var p id.Product
		var revision int64
		var day, units *int64
		_, err = pgx.ForEachRow(rows, []any{(*uuid)(&p.UUID), &revision, &day, &units}, func() error {
			if len(found) == 0 || found[len(found)-1].Product != p {
				found = append(found, search.Unranked{Product: p, Revision: revision, Sold: []search.Sold{}})
			}
			if last := &found[len(found)-1]; day != nil {
				last.Sold = append(last.Sold, search.Sold{Day: search.Day(*day), Units: *units})
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Ranked is contracted by ports.Sales.
func (s sales) Ranked(ctx context.Context, ranked []search.Unranked, now time.Time) error {
	if len(ranked) == 0 {
		return nil
	}
	ranked = slices.Clone(ranked)
	slices.SortFunc(ranked, func(a, b search.Unranked) int { return slices.Compare(a.Product.UUID[:], b.Product.UUID[:]) })
	products := uuids(ranked, func(u search.Unranked) id.UUID { return u.Product.UUID })
	revisions := make([]int64, len(ranked))
	for i := range ranked {
		revisions[i] = ranked[i].Revision
	}
	_, err := s.r.write(ctx, func(_ context.Context, t *tx) error {
		t.queue("SELECT FROM catalog.unranked_products WHERE product = ANY($1) ORDER BY product FOR UPDATE", products)
		t.queue(`WITH ranked AS (
				SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS r (product, revision)
			), done AS (
				DELETE FROM catalog.unranked_products AS u USING ranked AS r WHERE u.product = r.product AND u.revision = r.revision RETURNING u.product
			) INSERT INTO catalog.unranked_products AS u (product, since, revision)
			SELECT r.product, $3::timestamptz, $4::bigint FROM ranked AS r WHERE r.product NOT IN (SELECT product FROM done) ORDER BY r.product
			ON CONFLICT (product) DO UPDATE SET since = excluded.since, revision = u.revision + 1`, products, revisions, instant(now), now.UnixMicro())
		return nil
	})
	return err
}

// DropSales is contracted by ports.Sales.
func (s sales) DropSales(ctx context.Context, before search.Day, limit int) (dropped int, err error) {
	_, err = s.r.write(ctx, func(ctx context.Context, t *tx) error {
		orders, err := t.Exec(ctx, "DELETE FROM catalog.counted_orders WHERE id IN (SELECT id FROM catalog.counted_orders WHERE day < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)", int(before), limit)
		if err != nil {
			return err
		}
		dropped = int(orders.RowsAffected())
		days, err := t.Exec(ctx, `DELETE FROM catalog.product_sales WHERE (product, day) IN
			(SELECT product, day FROM catalog.product_sales WHERE day < $1 ORDER BY product, day LIMIT $2 FOR UPDATE SKIP LOCKED)`, int(before), limit-dropped)
		dropped += int(days.RowsAffected())
		return err
	})
	return dropped, err
}
