package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// imports keeps the reports of catalogue imports.
type imports struct{ r *realm }

var _ ports.Imports = imports{}

// SaveImport is contracted by ports.Imports.
func (is imports) SaveImport(ctx context.Context, r feed.Report) error {
	r.Errors, r.ErrorsTruncated = nil, false // they are in a table of their own
	doc, err := json.Marshal(r)
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres.SaveImport", err)
	}
	_, err = is.r.write(ctx, func(ctx context.Context, t *tx) error {
		t.queue("INSERT INTO catalog.imports (id, report) VALUES ($1, $2::text::json) ON CONFLICT (id) DO UPDATE SET report = excluded.report", uuid(r.ID.UUID), string(doc))
		return nil
	})
	return err
}

// AddRejects is contracted by ports.Imports.
func (is imports) AddRejects(ctx context.Context, im id.Import, rejects []feed.Reject) error {
	_, err := is.r.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.Exec(ctx, `INSERT INTO catalog.import_rejects (import, line, sku, code, message)
			SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[])`, uuid(im.UUID),
			column(rejects, func(r *feed.Reject) int { return r.Line }),
			column(rejects, func(r *feed.Reject) string { return r.SKU }),
			column(rejects, func(r *feed.Reject) string { return r.Code }),
			column(rejects, func(r *feed.Reject) string { return r.Message }))
		return err
	})
	return err
}

// Import is contracted by ports.Imports.
func (is imports) Import(ctx context.Context, im id.Import) (feed.Report, error) {
	var doc []byte
	var rejects []feed.Reject
	if err := is.r.read(ctx, func(q querier) error {
		err := q.QueryRow(ctx, "SELECT report FROM catalog.imports WHERE id = $1", uuid(im.UUID)).Scan(&doc)
		if err != nil {
			return err
		}
		rejects, err = readRejects(ctx, q, im, 0, feed.ReportedRejects+1)
		return err
	}); errors.Is(err, pgx.ErrNoRows) {
		return feed.Report{}, fault.Missing("import")
	} else if err != nil {
		return feed.Report{}, err
	}
	var report feed.Report
	if err := json.Unmarshal(doc, &report); err != nil {
		return feed.Report{}, fault.Wrap(fault.Internal, "postgres.Import", err)
	}
	report.Errors = rejects
	if len(rejects) > feed.ReportedRejects {
		report.Errors, report.ErrorsTruncated = rejects[:feed.ReportedRejects:feed.ReportedRejects], true
	}
	if report.Notes == nil {
		report.Notes = []string{}
	}
	return report, nil
}

// Rejects is contracted by ports.Imports.
func (is imports) Rejects(ctx context.Context, im id.Import, afterLine, limit int) (rejects []feed.Reject, err error) {
	err = is.r.read(ctx, func(q querier) error {
		rejects, err = readRejects(ctx, q, im, afterLine, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rejects, nil
}

func readRejects(ctx context.Context, q querier, im id.Import, afterLine, limit int) ([]feed.Reject, error) {
	rows, err := q.Query(ctx, "SELECT line, sku, code, message FROM catalog.import_rejects WHERE import = $1 AND line > $2 ORDER BY line, seq LIMIT "+strconv.Itoa(limit),
		uuid(im.UUID), afterLine)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := []feed.Reject{}
	for rows.Next() {
		var r feed.Reject
		if err := rows.Scan(&r.Line, &r.SKU, &r.Code, &r.Message); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}
