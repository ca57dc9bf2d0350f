// Package postgres keeps a shop in PostgreSQL: the stores of the three realms,
// each in a schema of its own (catalog, orders, identity) that may one day be
// its own database, with their outboxes, which are also the job queue of shops
// without a broker. The programs and embedders call Open; what comes back are
// ports. It imports the standard library, nouns, ports, pgx and goose.
//
// How a statement gets to a server is decided in one place, realm.go: reads that
// decide go to the primary (read), reads that take a mark may go to a replica
// (readAfter), transactions are write. Which port method is which says routing.go.
//
// Rules for statements: names are qualified by their schema, no statement
// touches two schemas, lists travel as arrays (= ANY($1), unnest), SKUs are
// compared COLLATE "C", and constraints have names, because errors are told
// apart by them. Closures may run more than once and overwrite their results.
package postgres
