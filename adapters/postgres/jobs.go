package postgres

// Jobs is the queue: it hands out what the outboxes of all realms hold, and
// keeps what died.
type Jobs struct{ db *DB }

// Jobs returns the queue.
func (db *DB) Jobs() Jobs { return Jobs{db} }
