package postgres

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// SQLSTATEs that something hangs on.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	readOnlyTransaction  = "25006"
	adminShutdown        = "57P01"
	queryCanceled        = "57014"
	lockNotAvailable     = "55P03"
	cachedPlan           = "0A000" // "cached plan must not change result type", once after a migration
)

// translate makes a fault of an error of the database, by its SQLSTATE or the
// constraint it names; the error stays wrapped. What is a fault already, or no
// error of the database, stays as it is.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return translateServer(ctx, pg, err)
	}
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &fault.Error{Kind: fault.Canceled, Op: "postgres", Err: err}
	case disconnected(err):
		return &fault.Error{Kind: fault.Unavailable, Op: "postgres", Detail: "the database is not available", Err: err}
	}
	return err
}

// translateServer translates what the server itself said.
func translateServer(ctx context.Context, pg *pgconn.PgError, err error) error {
	if pg.ConstraintName != "" {
		if f := constraint(pg); f != nil {
			f.Err = err
			return f
		}
	}
	switch pg.Code[:2] {
	case "40": // rolled back by the server: again is fine
		return &fault.Error{Kind: fault.Unavailable, Op: "postgres", Detail: "too many wanted the same at once", Err: err}
	case "08", "53", "57", "58", "25": // connection, resources, operator, system, the primary is none any more
		if pg.Code == queryCanceled && ctx.Err() != nil {
			return &fault.Error{Kind: fault.Canceled, Op: "postgres", Err: errors.Join(ctx.Err(), err)}
		}
		return &fault.Error{Kind: fault.Unavailable, Op: "postgres", Detail: "the database is not available", Err: err}
	case "55":
		return &fault.Error{Kind: fault.Unavailable, Op: "postgres", Detail: "somebody else holds it for too long", Err: err}
	}
	return fault.Wrap(fault.Internal, "postgres", err)
}

// constraint returns what breaking a constraint means, nil if nothing but a bug.
func constraint(pg *pgconn.PgError) *fault.Error {
	switch pg.SchemaName {
	case string(ports.Catalog):
		return catalogConstraint(pg.ConstraintName)
	case string(ports.Orders):
		return orderConstraint(pg)
	}
	return nil
}

// disconnected reports whether an error is of the way to the server.
func disconnected(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// stateOf returns the SQLSTATE of an error; "" if the server said nothing.
func stateOf(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}
