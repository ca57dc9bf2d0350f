package sqlite

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// records is what operators see.
type records struct{ db *DB }

var _ ports.ProductRecords = records{}

func (rs records) Product(ctx context.Context, p id.Product) (catalog.Product, error) {
	var found []catalog.Product
	err := rs.db.view(ctx, func(s *session) (err error) {
		found, err = s.productsByID(p)
		return err
	})
	if err != nil {
		return catalog.Product{}, err
	}
	if len(found) == 0 {
		return catalog.Product{}, fault.Missing("product")
	}
	return found[0], nil
}

func (rs records) ProductsByID(ctx context.Context, ids []id.Product) ([]catalog.Product, error) {
	var found []catalog.Product
	err := rs.db.snapshot(ctx, func(s *session) (err error) {
		found, err = s.productsByID(ids...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (rs records) ProductsBySKU(ctx context.Context, skus []id.SKU) ([]catalog.Product, error) {
	var found []catalog.Product
	err := rs.db.snapshot(ctx, func(s *session) (err error) {
		found, err = s.productsByFeed(skus, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (rs records) SKUs(ctx context.Context, after string, limit int) ([]id.SKU, error) {
	found := make([]id.SKU, 0, limit)
	err := rs.db.view(ctx, func(s *session) error {
		return s.query("SELECT sku FROM skus WHERE sku_fold > ?1 AND variant IS NOT NULL ORDER BY sku_fold LIMIT ?2", func(r row) error {
			found = append(found, r.sku(0))
			return nil
		}, after, limit)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// browseColumns are what an operator's list can be sorted by.
var browseColumns = map[catalog.BrowseSort]string{
	"":                        "",
	catalog.BrowseByID:        "",
	catalog.BrowseByName:      "name",
	catalog.BrowseByUpdatedAt: "updated_at",
	catalog.BrowseByPrice:     "price",
}

func (rs records) Browse(ctx context.Context, b catalog.Browse) ([]catalog.Product, int, error) {
	column, ok := browseColumns[b.Sort]
	if !ok {
		return nil, 0, fault.InvalidField("sort", "enum", "is not a column of the list")
	}
	where, args := " WHERE 1", []any{string(b.Status), b.Category.UUID, b.Brand.UUID, b.UpdatedSince, strings.ToLower(b.Query)}
	for _, term := range []struct {
		wanted bool
		sql    string
	}{
		{b.Status != "", " AND status = ?1"},
		{!b.Category.IsZero(), " AND category = ?2"},
		{!b.Brand.IsZero(), " AND brand = ?3"},
		{!b.UpdatedSince.IsZero(), " AND updated_at >= ?4"},
		{b.Query != "", " AND (instr(find, ?5) OR id IN (SELECT product FROM skus WHERE sku_fold >= ?5 AND sku_fold < ?5 || char(0x10ffff) AND variant IS NOT NULL))"},
	} {
		if term.wanted {
			where += term.sql
		}
	}
	found, total := []catalog.Product{}, -1
	err := rs.db.snapshot(ctx, func(s *session) error {
		if b.Count {
			if err := s.query("SELECT count(*) FROM products"+where, func(r row) error { total = r.int(0); return nil }, args...); err != nil {
				return err
			}
		}
		direction, beyond := "", ">"
		if b.Descending {
			direction, beyond = " DESC", "<"
		}
		order, after := "id"+direction, "id "+beyond+" ?6"
		if column != "" {
			order, after = column+direction+", "+order, "("+column+", id) "+beyond+" (?7, ?6)"
		}
		args := append(args, b.After.ID.UUID)
		if !b.After.IsZero() {
			value, err := browseValue(b)
			if err != nil {
				return err
			}
			where, args = where+" AND "+after, append(args, value)
		}
		var seqs []int64 // after the sort, so that it need not carry documents
		if err := s.query("SELECT seq FROM products"+where+" ORDER BY "+order+" LIMIT "+strconv.Itoa(b.Limit), func(r row) error {
			seqs = append(seqs, r.int64(0))
			return nil
		}, args...); err != nil {
			return err
		}
		for _, seq := range seqs {
			if err := s.query("SELECT doc FROM products WHERE seq = ?1", s.products(&found), seq); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return found, total, nil
}

// browseValue reads the text form of a key's value.
func browseValue(b catalog.Browse) (any, error) {
	switch b.Sort {
	case catalog.BrowseByUpdatedAt, catalog.BrowseByPrice:
		n, err := strconv.ParseInt(b.After.Value, 10, 64)
		if err != nil {
			return nil, fault.InvalidField("after", "pattern", "is not where a list of this order ended")
		}
		return n, nil
	default:
		return b.After.Value, nil
	}
}

// allChunk is how many products All reads at once.
const allChunk = 200

func (rs records) All(ctx context.Context, yield func(catalog.Product) error) error {
	chunk := make([]catalog.Product, 0, allChunk)
	for last := (id.Product{}); ; last = chunk[len(chunk)-1].ID {
		chunk = chunk[:0]
		if err := rs.db.view(ctx, func(s *session) error {
			return s.query("SELECT doc FROM products WHERE id > ?1 ORDER BY id LIMIT ?2", s.products(&chunk), last.UUID[:], allChunk)
		}); err != nil {
			return err
		}
		for _, p := range chunk {
			if err := yield(p); err != nil {
				return err
			}
		}
		if len(chunk) < allChunk {
			return nil
		}
	}
}

// productsByID returns the products that exist, each once, by id.
func (s *session) productsByID(ids ...id.Product) ([]catalog.Product, error) {
	found := make([]catalog.Product, 0, len(ids))
	for _, p := range sortedIDs(slices.Clone(ids)) {
		if err := s.query("SELECT doc FROM products WHERE id = ?1", s.products(&found), p.UUID[:]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// productsByFeed returns the products that have one of the SKUs or families,
// each once, by id.
func (s *session) productsByFeed(skus []id.SKU, families []string) ([]catalog.Product, error) {
	var ids []id.Product
	for _, sku := range skus {
		if err := s.query("SELECT product FROM skus WHERE sku_fold = ?1 AND variant IS NOT NULL", productIDs(&ids), sku.Fold()); err != nil {
			return nil, err
		}
	}
	for _, family := range families {
		if err := s.query("SELECT id FROM products WHERE family = ?1", productIDs(&ids), family); err != nil {
			return nil, err
		}
	}
	return s.productsByID(ids...)
}
