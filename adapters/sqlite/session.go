package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// session runs statements on a connection for one caller: a member of the
// writer's batch, or a reader. It is used by one goroutine at a time and not
// after its end.
type session struct {
	conn   *sqlite.Conn
	writes bool
	lost   error  // no statement may run any more
	hooks  []hook // run after COMMIT, before the caller is answered
	buf    []byte // for documents on their way in or out
	clock  int64  // of searchVersions, once it has moved
}

// afterCommit calls fn once the transaction is durable, before its caller hears
// of it. fn must be quick: the writer waits for it.
func (s *session) afterCommit(fn func()) {
	s.hooks = append(s.hooks, func(uint64, bool) { fn() })
}

// hook hears how many commits there are with its own, and whether that is certain:
// what one of unknown outcome has changed must be read again.
type hook func(commits uint64, certain bool)

// keepAfterCommit is afterCommit for those who keep in memory what was written.
func (s *session) keepAfterCommit(fn hook) { s.hooks = append(s.hooks, fn) }

var errEnded = errors.New("the transaction has ended")

func (s *session) end() {
	if s.lost == nil {
		s.lost = errEnded
	}
}

// query runs a statement and calls each for every row. An error of each ends it
// and comes back as it is; an error of SQLite comes back as a fault that wraps
// it. Arguments are bound to ?1, ?2, …; those that the text does not have are
// left out, so that texts made of parts can share them.
func (s *session) query(sql string, each func(row) error, args ...any) error {
	if s.lost != nil {
		return s.lost
	}
	stmt, err := s.conn.Prepare(sql)
	if err != nil {
		return s.failed(err)
	}
	for i, arg := range args[:min(len(args), stmt.BindParamCount())] {
		if err := bind(stmt, i+1, arg); err != nil {
			return err
		}
	}
	for {
		more, err := stmt.Step()
		if err != nil {
			return s.failed(err)
		}
		if !more {
			return nil
		}
		if err := each(row{stmt}); err != nil {
			_ = stmt.Reset() // repeats what Step said
			return err
		}
	}
}

// first runs a statement and calls each for its first row only; it reports
// whether there was one.
func (s *session) first(sql string, each func(row) error, args ...any) (bool, error) {
	found := false
	err := s.query(sql, func(r row) error {
		found = true
		if err := each(r); err != nil {
			return err
		}
		return errEnough
	}, args...)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

var errEnough = errors.New("enough rows")

// exec runs a statement that returns no rows, and returns how many it changed.
func (s *session) exec(sql string, args ...any) (int, error) {
	if err := s.query(sql, func(row) error { return nil }, args...); err != nil {
		return 0, err
	}
	return s.conn.Changes(), nil
}

// failed asks after any error whether the transaction still stands: what ran
// after a lost one would be committed on its own.
func (s *session) failed(err error) error {
	if s.writes && s.conn.AutocommitEnabled() {
		s.lost = lost(err)
		return s.lost
	}
	return translate("sqlite", err)
}

// bind binds one argument. Zero ids and times are NULL; times are microseconds.
func bind(stmt *sqlite.Stmt, i int, arg any) error {
	switch v := arg.(type) {
	case nil:
		stmt.BindNull(i)
	case string:
		stmt.BindText(i, v)
	case id.SKU:
		stmt.BindText(i, string(v))
	case text:
		stmt.BindText(i, unsafe.String(unsafe.SliceData(v), len(v))) // which copies
	case []byte:
		stmt.BindBytes(i, v)
	case int:
		stmt.BindInt64(i, int64(v))
	case int64:
		stmt.BindInt64(i, v)
	case bool:
		stmt.BindBool(i, v)
	case id.UUID:
		if v.IsZero() {
			stmt.BindNull(i)
		} else {
			stmt.BindBytes(i, v[:])
		}
	case time.Time:
		if v.IsZero() {
			stmt.BindNull(i)
		} else {
			stmt.BindInt64(i, v.UnixMicro())
		}
	default:
		return &fault.Error{Kind: fault.Internal, Op: "sqlite", Err: fmt.Errorf("cannot bind %T", arg)}
	}
	return nil
}

// text is bytes to be stored as text.
type text []byte

// row is the current row of a query; it is valid until the callback returns.
type row struct{ stmt *sqlite.Stmt }

func (r row) text(col int) string { return r.stmt.ColumnText(col) }
func (r row) int(col int) int     { return r.stmt.ColumnInt(col) }
func (r row) int64(col int) int64 { return r.stmt.ColumnInt64(col) }
func (r row) bool(col int) bool   { return r.stmt.ColumnInt64(col) != 0 }
func (r row) isNull(col int) bool { return r.stmt.ColumnIsNull(col) }
func (r row) sku(col int) id.SKU  { return id.SKU(r.stmt.ColumnText(col)) }
func (r row) time(col int) time.Time {
	if r.stmt.ColumnIsNull(col) {
		return time.Time{}
	}
	return time.UnixMicro(r.stmt.ColumnInt64(col)).UTC()
}

// uuid returns an id; the zero id for NULL.
func (r row) uuid(col int) (u id.UUID) {
	r.stmt.ColumnBytes(col, u[:])
	return u
}

// bytes returns a copy; nil for NULL.
func (r row) bytes(col int) []byte {
	if r.stmt.ColumnIsNull(col) {
		return nil
	}
	return r.appendBytes([]byte{}, col)
}

// appendBytes appends a column to b.
func (r row) appendBytes(b []byte, col int) []byte {
	n := len(b)
	b = slices.Grow(b, r.stmt.ColumnLen(col))[:n+r.stmt.ColumnLen(col)]
	r.stmt.ColumnBytes(col, b[n:])
	return b
}

// amount reads minor units and their currency.
func (r row) amount(minor, currency int) money.Amount {
	return money.New(r.int64(minor), money.Currency(r.text(currency)))
}

// json decodes a column into v; NULL leaves it as it is.
func (r row) json(col int, v any) error {
	b := r.bytes(col)
	if b == nil {
		return nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &fault.Error{Kind: fault.Internal, Op: "sqlite", Detail: "a stored document cannot be read", Err: err}
	}
	return nil
}

// encode returns v as JSON text. The nouns stored that way always marshal.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fault.Wrap(fault.Internal, "sqlite", err)
	}
	return string(b), nil
}
