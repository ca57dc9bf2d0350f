package postgres

import (
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/bodega-commerce/bodega/core/id"
)

// uuid is an id on its way in or out: the zero id is NULL. As an argument
// uuid(o.ID.UUID), as a destination (*uuid)(&o.ID.UUID).
type uuid id.UUID

var (
	_ pgtype.UUIDValuer  = uuid{}
	_ pgtype.UUIDScanner = (*uuid)(nil)
)

// UUIDValue is called by pgx.
func (u uuid) UUIDValue() (pgtype.UUID, error) {
	return pgtype.UUID{Bytes: u, Valid: u != uuid{}}, nil
}

// ScanUUID is called by pgx.
func (u *uuid) ScanUUID(v pgtype.UUID) error {
	*u = uuid{}
	if v.Valid {
		*u = v.Bytes
	}
	return nil
}

// uuids returns ids as an array.
func uuids[T any](ids []T, of func(T) id.UUID) []uuid {
	all := make([]uuid, len(ids))
	for i, v := range ids {
		all[i] = uuid(of(v))
	}
	return all
}

// instant is a time on its way in or out: the zero time is NULL, others are UTC
// at microseconds. As an argument instant(t), as a destination (*instant)(&t).
type instant time.Time

var (
	_ pgtype.TimestamptzValuer  = instant{}
	_ pgtype.TimestamptzScanner = (*instant)(nil)
)

// TimestamptzValue is called by pgx.
func (i instant) TimestamptzValue() (pgtype.Timestamptz, error) {
	return pgtype.Timestamptz{Time: time.Time(i), Valid: !time.Time(i).IsZero()}, nil
}

// ScanTimestamptz is called by pgx.
func (i *instant) ScanTimestamptz(v pgtype.Timestamptz) error {
	*i = instant{}
	if v.Valid {
		*i = instant(v.Time.UTC())
	}
	return nil
}

// printable returns text that a column takes: no zero byte, valid UTF-8.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}
