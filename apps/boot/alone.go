package boot

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
)

const (
	// onlyServer is the advisory lock of a server that shares neither index nor
	// cache.
	onlyServer = 0x626f646567610020
	// demoFiller is the advisory lock of whoever fills the demo shop.
	demoFiller = 0x626f646567610021
	// handover is how long the server before this one may take to stop.
	handover = 10 * time.Second
)

// standAlone keeps a second server off the database while what this one knows
// is in its own memory: the jobs that bring an index up to date go to one of
// them, and the other would not hear of it. The place is free again when the
// connection ends, however it ends.
func (a *App) standAlone(ctx context.Context, c Config) error {
	if c.Role != Server || c.SearchURL != "" && c.CacheURL != "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, c.DatabaseURL)
	if err != nil {
		return about("DATABASE_URL", fault.Wrap(fault.Unavailable, "boot", err))
	}
	a.atEnd(func() error { return conn.Close(context.WithoutCancel(ctx)) })
	for deadline := time.Now().Add(handover); ; {
		var mine bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(onlyServer)).Scan(&mine); err != nil {
			return about("DATABASE_URL", fault.Wrap(fault.Unavailable, "boot", err))
		}
		if mine {
			return nil
		}
		if time.Now().After(deadline) {
			return Errors{prefix + "DATABASE_URL: another server runs on this database: more than one needs BODEGA_SEARCH_URL, BODEGA_CACHE_URL and a shared BODEGA_MEDIA_STORE"}
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// inTurn runs fn while nobody else runs something under the lock, in whatever
// program on the database: who comes second waits. A program that dies lets go.
func (c Config) inTurn(ctx context.Context, lock int64, fn func() error) error {
	conn, err := pgx.Connect(ctx, c.DatabaseURL)
	if err != nil {
		return about("DATABASE_URL", fault.Wrap(fault.Unavailable, "boot", err))
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // which lets go of the lock
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return about("DATABASE_URL", fault.Wrap(fault.Unavailable, "boot", err))
	}
	return fn()
}
