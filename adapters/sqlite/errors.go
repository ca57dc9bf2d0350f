package sqlite

import (
	"zombiezen.com/go/sqlite"

	"github.com/bodega-commerce/bodega/core/fault"
)

// translate makes a fault of an error of SQLite by its result code; the error
// stays wrapped, so that taken can still be asked of it.
func translate(op string, err error) error {
	if outage(err) {
		return &fault.Error{Kind: fault.Unavailable, Op: op, Detail: explain(err), Err: err}
	}
	return fault.Wrap(fault.Internal, op, err)
}

// outage reports whether an error is of the machine's making, not of the
// statement's: it may be gone the next time.
func outage(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultReadOnly,
		sqlite.ResultCantOpen, sqlite.ResultNoMem, sqlite.ResultProtocol:
		return true
	default:
		return false
	}
}

// explain says in a sentence why the store does not work just now.
func explain(err error) string {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull:
		return "the disk is full"
	case sqlite.ResultReadOnly:
		return "the store is read-only"
	case sqlite.ResultCantOpen:
		return "the directory of the store is not there or cannot be written"
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return "the store is in use by another program"
	default:
		return "the store is not available"
	}
}

// taken reports whether a statement broke a unique index or a primary key.
func taken(err error) bool {
	code := sqlite.ErrCode(err)
	return code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintPrimaryKey || code == sqlite.ResultConstraintRowID
}
