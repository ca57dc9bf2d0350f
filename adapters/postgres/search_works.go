package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// searchWorks keeps what is done to the index.
type searchWorks struct{ r *realm }

var _ ports.SearchWorks = searchWorks{}

// Work is contracted by ports.SearchWorks.
func (s searchWorks) Work(ctx context.Context, name search.WorkName) (search.Work, error) {
	w := search.Work{Name: name}
	var until *time.Time
	err := s.r.read(ctx, func(q querier) error {
		return q.QueryRow(ctx, "SELECT version, holder, until, body FROM catalog.search_works WHERE name = $1", string(name)).
			Scan(&w.Version, &w.Holder, &until, &w.Body)
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return search.Work{}, err
	}
	if until != nil {
		w.Until = until.UTC()
	}
	return w, nil
}

// SaveWork is contracted by ports.SearchWorks.
func (s searchWorks) SaveWork(ctx context.Context, w search.Work) (version int64, err error) {
	var until *time.Time
	if !w.Until.IsZero() {
		until = &w.Until
	}
	_, err = s.r.write(ctx, func(ctx context.Context, t *tx) error {
		version = w.Version + 1
		saved, err := t.Exec(ctx, `INSERT INTO catalog.search_works AS w (name, version, holder, until, body) VALUES ($1, $2 + 1, $3, $4, $5::text::json)
			ON CONFLICT (name) DO UPDATE SET version = excluded.version, holder = excluded.holder, until = excluded.until, body = excluded.body
			WHERE w.version = $2`, string(w.Name), w.Version, w.Holder, until, string(w.Body))
		if err != nil {
			return err
		}
		if saved.RowsAffected() == 1 {
			return nil
		}
		var now int64
		if err := t.QueryRow(ctx, "SELECT version FROM catalog.search_works WHERE name = $1", string(w.Name)).Scan(&now); err != nil {
			return err
		}
		return fault.VersionConflict(now)
	})
	return version, err
}
