package sandbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// NewShared returns a sandbox that keeps its books in the schema sandbox of a
// PostgreSQL database, which it makes at the first call. Any number of
// processes use it at once. The database stays the caller's to close.
func NewShared(db *sql.DB) *Provider { return newProvider(&table{db: db}) }

// table is books in a database. A change is written only if the account is
// still as it was read, so nobody waits for a lock while another one thinks.
type table struct {
	db *sql.DB

	mu   sync.Mutex
	made bool
}

const makeTable = `
	SELECT pg_advisory_xact_lock(x'626f646567610010'::bigint);
	CREATE SCHEMA IF NOT EXISTS sandbox;
	CREATE TABLE IF NOT EXISTS sandbox.accounts (payment uuid PRIMARY KEY, account jsonb NOT NULL, version bigint NOT NULL)`

// contended is how many changes of others a change gives way to.
const contended = 100

func (t *table) update(ctx context.Context, p id.Payment, fn func(*account) (*account, error)) (*account, error) {
	if err := t.make(ctx); err != nil {
		return nil, err
	}
	for range contended {
		old, version, err := t.read(ctx, p)
		if err != nil {
			return nil, err
		}
		next, err := fn(old)
		if err != nil || next == old {
			return next, err
		}
		if written, err := t.write(ctx, next, version); written || err != nil {
			return next, err
		}
	}
	return nil, fault.New(fault.Unavailable, "", "the sandbox's books change too fast")
}

func (t *table) make(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made {
		return nil
	}
	if _, err := t.db.ExecContext(ctx, makeTable); err != nil {
		return failed(ctx, fault.Unavailable, err)
	}
	t.made = true
	return nil
}

// read returns nil and 0 for a payment without an account.
func (t *table) read(ctx context.Context, p id.Payment) (*account, int64, error) {
	var text string
	var version int64
	err := t.db.QueryRowContext(ctx, "SELECT account, version FROM sandbox.accounts WHERE payment = $1", p.String()).Scan(&text, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, failed(ctx, fault.Unavailable, err)
	}
	var a account
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return nil, 0, fault.Wrap(fault.Internal, fmt.Sprintf("sandbox: account %s", p), err)
	}
	return &a, version, nil
}

// write reports whether the account was still at the version.
func (t *table) write(ctx context.Context, a *account, version int64) (bool, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return false, fault.Wrap(fault.Internal, "sandbox: account", err)
	}
	statement := "UPDATE sandbox.accounts SET account = $2, version = version + 1 WHERE payment = $1 AND version = $3"
	if version == 0 {
		statement = "INSERT INTO sandbox.accounts (payment, account, version) VALUES ($1, $2, $3 + 1) ON CONFLICT (payment) DO NOTHING"
	}
	done, err := t.db.ExecContext(ctx, statement, a.Payment.String(), string(text), version)
	if err != nil {
		return false, failed(ctx, fault.Unknown, err)
	}
	rows, err := done.RowsAffected()
	if err != nil {
		return false, fault.Wrap(fault.Unknown, "sandbox: books", err)
	}
	return rows == 1, nil
}

func (t *table) close() error { return nil }

// failed says what a failure means: what the server has refused did not happen,
// of anything else it is as otherwise says.
func failed(ctx context.Context, otherwise fault.Kind, err error) error {
	answer, refused := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	switch {
	case otherwise == fault.Unavailable && ctx.Err() != nil:
		return fault.Wrap(fault.Canceled, "sandbox: books", err)
	case refused && !strings.HasPrefix(answer.SQLState(), "08") && !strings.HasPrefix(answer.SQLState(), "57"):
		return fault.Wrap(fault.Unavailable, "sandbox: books", err)
	}
	return fault.Wrap(otherwise, "sandbox: books", err)
}
