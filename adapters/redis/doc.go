// Package redis is the cache and the rate limiter that several processes share.
//
// It serves ports.Cache and ports.Limiter, is called by adapters/cached and
// adapters/httpapi through them, and imports the standard library, nouns, ports
// and go-redis.
//
// Nothing correct depends on it. Every call ends within a third of a second; a
// breaker turns a dead server into an answer at once (fault.Unavailable), and
// whoever asked goes to the store. A server that was not there at start, or
// goes away, is found again without anybody's help. Any key may vanish at any
// time (eviction, a flush, a restart without its data): entries are missing
// then, and generations begin anew.
//
// Keys are those that adapters/cached names, gen:… for generations and
// rl:{caller}:{class} for rates, after Options.Prefix. Scripts touch several
// keys at once, so they belong to one server, not to a cluster.
package redis
