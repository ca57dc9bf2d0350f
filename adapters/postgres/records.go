package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// records is what operators see.
type records struct{ r *realm }

var _ ports.ProductRecords = records{}

// Product is contracted by ports.ProductRecords.
func (rs records) Product(ctx context.Context, p id.Product) (catalog.Product, error) {
	found, err := rs.read(ctx, "SELECT doc FROM catalog.products WHERE id = $1", uuid(p.UUID))
	if err == nil && len(found) == 0 {
		err = fault.Missing("product")
	}
	if err != nil {
		return catalog.Product{}, err
	}
	return found[0], nil
}

// ProductsByID is contracted by ports.ProductRecords.
func (rs records) ProductsByID(ctx context.Context, ids []id.Product) ([]catalog.Product, error) {
	return rs.read(ctx, "SELECT doc FROM catalog.products WHERE id = ANY($1) ORDER BY id", uuids(ids, func(p id.Product) id.UUID { return p.UUID }))
}

// ProductsBySKU is contracted by ports.ProductRecords.
func (rs records) ProductsBySKU(ctx context.Context, skus []id.SKU) ([]catalog.Product, error) {
	return rs.read(ctx, "SELECT doc FROM catalog.products WHERE id IN (SELECT product FROM catalog.skus WHERE lower(sku) = ANY($1) AND variant IS NOT NULL) ORDER BY id",
		folds(skus))
}

// SKUs is contracted by ports.ProductRecords.
func (rs records) SKUs(ctx context.Context, after string, limit int) ([]id.SKU, error) {
	found := make([]id.SKU, 0, limit)
	err := rs.r.read(ctx, func(q querier) error {
		rows, err := q.Query(ctx, "SELECT sku FROM catalog.skus WHERE lower(sku) > $1 AND variant IS NOT NULL ORDER BY lower(sku) LIMIT $2", after, limit)
		if err != nil {
			return err
		}
		var sku id.SKU
		_, err = pgx.ForEachRow(rows, []any{&sku}, func() error {
			found = append(found, sku)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (rs records) read(ctx context.Context, sql string, args ...any) (found []catalog.Product, err error) {
	err = rs.r.read(ctx, func(q querier) error {
		found, err = documents(ctx, q, sql, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// browseColumns are what an operator's list can be sorted by.
var browseColumns = map[catalog.BrowseSort]string{
	"":                        "id",
	catalog.BrowseByID:        "id",
	catalog.BrowseByName:      "name",
	catalog.BrowseByUpdatedAt: "updated_at",
	catalog.BrowseByPrice:     "price",
}

// Browse is contracted by ports.ProductRecords.
func (rs records) Browse(ctx context.Context, b catalog.Browse) (found []catalog.Product, total int, err error) {
	sql, args, err := browsing(b)
	if err != nil {
		return nil, 0, err
	}
	if b.Query != "" { // what is best depends on how common it is: planned each time
		args = append(arguments{pgx.QueryExecModeDescribeExec}, args...)
	}
	err = rs.r.read(ctx, func(q querier) error {
		found, total, err = counted(ctx, q, sql, args...)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return found, total, nil
}

// browsing builds the statement of an operator's list.
func browsing(b catalog.Browse) (string, arguments, error) {
	column, ok := browseColumns[b.Sort]
	if !ok {
		return "", nil, fault.InvalidField("sort", "enum", "is not a column of the list")
	}
	var args arguments
	where := "true"
	if b.Status != "" {
		where += " AND status = " + args.add(string(b.Status))
	}
	if !b.Category.IsZero() {
		where += " AND category = " + args.add(uuid(b.Category.UUID))
	}
	if !b.Brand.IsZero() {
		where += " AND brand = " + args.add(uuid(b.Brand.UUID))
	}
	if !b.UpdatedSince.IsZero() {
		where += " AND updated_at >= " + args.add(b.UpdatedSince)
	}
	total := "-1"
	switch kept := b.Brand.IsZero() && b.UpdatedSince.IsZero() && b.Query == ""; {
	case b.Count && kept:
		total = "SELECT coalesce(sum(n), 0) FROM catalog.product_counts WHERE " + where
	case b.Count:
		total = "SELECT count(*) FROM (" + either("SELECT id FROM catalog.products WHERE "+where, "", b.Query, &args) + ") AS matching"
	}
	direction, beyond := "", ">"
	if b.Descending {
		direction, beyond = " DESC", "<"
	}
	columns, terms := "id", "id"+direction
	if column != "id" {
		columns, terms = "id, "+column, column+direction+", "+terms
	}
	if !b.After.IsZero() {
		value, err := browseValue(b)
		if err != nil {
			return "", nil, err
		}
		after := args.add(uuid(b.After.ID.UUID))
		if column == "id" {
			where += " AND id " + beyond + " " + after
		} else {
			where += " AND (" + column + ", id) " + beyond + " (" + args.add(value) + ", " + after + ")"
		}
	}
	end := " ORDER BY " + terms + " LIMIT " + strconv.Itoa(b.Limit)
	page := either("SELECT "+columns+" FROM catalog.products WHERE "+where, end, b.Query, &args)
	return "WITH page AS (" + page + ") " + counting(total, terms), args, nil
}

// either narrows a selection of products to those of whose name a query is a part,
// or that have a SKU that it begins. Each way is a selection of its own with the
// same end, so that each is planned by its own index.
func either(selection, end, query string, args *arguments) string {
	if query == "" {
		return selection + end
	}
	query = strings.ToLower(query)
	part := args.add("%" + likeEscaper.Replace(query) + "%")
	from, to := args.add(query), args.add(query+"\x7f") // what a SKU is made of comes before
	return "SELECT * FROM ((" + selection + " AND find LIKE " + part + end + ") UNION (" +
		selection + " AND id IN (SELECT product FROM catalog.skus WHERE lower(sku) >= " + from + " AND lower(sku) < " + to + " AND variant IS NOT NULL)" + end +
		")) AS either_way" + end
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// browseValue reads the text form of a key's value.
func browseValue(b catalog.Browse) (any, error) {
	switch b.Sort {
	case catalog.BrowseByUpdatedAt, catalog.BrowseByPrice:
		n, err := strconv.ParseInt(b.After.Value, 10, 64)
		if err != nil {
			return nil, fault.InvalidField("after", "pattern", "is not where a list of this order ended")
		}
		if b.Sort == catalog.BrowseByUpdatedAt {
			return time.UnixMicro(n).UTC(), nil
		}
		return n, nil
	default:
		return b.After.Value, nil
	}
}

// allChunk is how many products All reads at once.
const allChunk = 200

// All is contracted by ports.ProductRecords. No transaction stays open while
// yield takes its time.
func (rs records) All(ctx context.Context, yield func(catalog.Product) error) error {
	var last id.Product
	for {
		chunk, err := rs.read(ctx, "SELECT doc FROM catalog.products WHERE id > $1 ORDER BY id LIMIT "+strconv.Itoa(allChunk), [16]byte(last.UUID))
		if err != nil {
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
		last = chunk[len(chunk)-1].ID
	}
}

// folds returns the forms by which SKUs are found.
func folds(skus []id.SKU) []string {
	all := make([]string, len(skus))
	for i, sku := range skus {
		all[i] = sku.Fold()
	}
	return all
}
