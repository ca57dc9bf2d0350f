package sqlite

import (
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/feed"
)

// keyAge is older than any request that may still be under way.
const keyAge = time.Hour

// takeOver frees what a process that died was holding. The store is open once
// at a time, so nobody else can be at work on it: without this, shoppers who
// come back and jobs that were under way would wait for leases of the dead, and
// imports would seem to run for ever.
func takeOver(conn *sqlite.Conn, now time.Time) error {
	if err := sqlitex.Execute(conn, "UPDATE jobs SET available_at = ?1 WHERE attempts > 0 AND available_at > ?1 AND available_at <= ?2",
		&sqlitex.ExecOptions{Args: []any{now.UnixMicro(), now.Add(lease).UnixMicro()}}); err != nil {
		return err
	}
	if err := sqlitex.Execute(conn, "UPDATE idempotency_keys SET locked_until = 0 WHERE created_at > ?1 AND locked_until > 0 AND outcome IS NULL AND status IS NULL",
		&sqlitex.ExecOptions{Args: []any{now.Add(-keyAge).UnixMicro()}}); err != nil {
		return err
	}
	return sqlitex.Execute(conn, `UPDATE imports SET report = json_set(report, '$.Status', ?1, '$.Failure', ?2, '$.FinishedAt', ?3)
		WHERE report ->> 'Status' IN (?4, ?5)`, &sqlitex.ExecOptions{Args: []any{
		string(feed.Failed), "the program ended before the import did: import the same feed again", now.UTC().Format(time.RFC3339Nano),
		string(feed.Queued), string(feed.Running),
	}})
}
