// Package sqlite keeps a whole shop in one SQLite file: the stores of all
// realms, their outboxes and the job queue. Embedders and the programs call
// Open; what comes back are ports. It imports the standard library, nouns,
// ports and zombiezen.com/go/sqlite.
//
// One goroutine writes. Transactions that wait for it share one COMMIT, and so
// one flush of the disk; all but the first run under a savepoint of their own,
// and nobody is answered before the COMMIT. Reads go to a few connections of
// their own, which never wait for the writer. Only one process may have a file
// open for writing; whoever opens it holds the lock of the data directory.
//
// Rules for statements: every query string is constant, because it is the key
// of the statement cache; no OR ROLLBACK and no deferred constraint, because
// either would take other members of the batch down; rows are gathered before
// the next statement of the same text runs.
package sqlite
