package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// sales counts what is sold of products.
type sales struct{ db *DB }

var _ ports.Sales = sales{}

func (sa sales) CountSales(ctx context.Context, all []search.Sale, at time.Time) error {
	if len(all) == 0 {
		return nil
	}
	_, err := sa.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		for i := range all {
			if err := s.countSale(&all[i], at); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (s *session) countSale(sale *search.Sale, at time.Time) error {
	before := search.Sale{Version: -1}
	if err := s.query("SELECT version, day, units FROM counted_orders WHERE id = ?1", func(r row) error {
		before.Version, before.Day = r.int64(0), search.Day(r.int64(1))
		return r.json(2, &before.Units)
	}, sale.Order.UUID); err != nil {
		return err
	}
	if before.Version >= sale.Version {
		return nil
	}
	units, err := json.Marshal(sale.Units)
	if err != nil {
		return err
	}
	if _, err := s.exec(`INSERT INTO counted_orders (id, version, day, units) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (id) DO UPDATE SET version = ?2, day = ?3, units = ?4`, sale.Order.UUID, sale.Version, int64(sale.Day), string(units)); err != nil {
		return err
	}
	for on, n := range sale.Replaced(before) {
		if _, err := s.exec(`INSERT INTO product_sales (product, day, units) VALUES (?1, ?2, ?3)
			ON CONFLICT (product, day) DO UPDATE SET units = units + ?3`, on.Product.UUID, int64(on.Day), n); err != nil {
			return err
		}
		// A product that is ranked and sold again has no revision that it had before.
		if _, err := s.exec(`INSERT INTO unranked_products (product, since, revision) VALUES (?1, ?2, ?2)
			ON CONFLICT (product) DO UPDATE SET revision = revision + 1`, on.Product.UUID, at); err != nil {
			return err
		}
	}
	return nil
}

func (sa sales) Unranked(ctx context.Context, at time.Time, limit int) (found []search.Unranked, err error) {
	err = sa.db.snapshot(ctx, func(s *session) error {
		found = []search.Unranked{}
		return s.query(`SELECT u.product, u.revision, p.day, p.units
			FROM (SELECT product, since, revision FROM unranked_products WHERE since <= ?1 ORDER BY since, product LIMIT ?2) AS u
			LEFT JOIN product_sales AS p USING (product) ORDER BY u.since, u.product, p.day`, func(r row) error {
			p := id.Product{UUID: r.uuid(0)}
			if len(found) == 0 || found[len(found)-1].Product != p {
				found = append(found, search.Unranked{Product: p, Revision: r.int64(1), Sold: []search.Sold{}})
			}
			if last := &found[len(found)-1]; !r.isNull(2) {
				last.Sold = append(last.Sold, search.Sold{Day: search.Day(r.int64(2)), Units: r.int64(3)})
			}
			return nil
		}, at, int64(limit))
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (sa sales) Ranked(ctx context.Context, ranked []search.Unranked, now time.Time) error {
	if len(ranked) == 0 {
		return nil
	}
	_, err := sa.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		for _, u := range ranked {
			n, err := s.exec("DELETE FROM unranked_products WHERE product = ?1 AND revision = ?2", u.Product.UUID, u.Revision)
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			if _, err := s.exec(`INSERT INTO unranked_products (product, since, revision) VALUES (?1, ?2, ?2)
				ON CONFLICT (product) DO UPDATE SET since = ?2, revision = revision + 1`, u.Product.UUID, now); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (sa sales) DropSales(ctx context.Context, before search.Day, limit int) (dropped int, err error) {
	_, err = sa.db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		orders, err := s.exec("DELETE FROM counted_orders WHERE id IN (SELECT id FROM counted_orders WHERE day < ?1 LIMIT ?2)", int64(before), int64(limit))
		if err != nil {
			return err
		}
		days, err := s.exec("DELETE FROM product_sales WHERE (product, day) IN (SELECT product, day FROM product_sales WHERE day < ?1 LIMIT ?2)", int64(before), int64(limit-orders))
		dropped = orders + days
		return err
	})
	return dropped, err
}
