package redis

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/bodega-commerce/bodega/core/fault"
)

const (
	callTimeout = 300 * time.Millisecond
	// startTimeout bounds the look at the server when the client is opened: it is
	// when its password is found to be wrong.
	startTimeout = 2 * time.Second
	connections  = 64
)

// Options are the settings of a client. Every zero value is usable.
type Options struct {
	// Prefix begins every key, so that several shops can share a server.
	Prefix string
	// Timeout bounds a call with everything that may go wrong in it: a third of it
	// a write, a read and waiting for a connection, two thirds connecting. 0: 300 ms.
	Timeout time.Duration
	// Observe hears of every call: what it was about (a key up to its first
	// colon) and how it ended, one of the Result constants. nil: nobody does.
	Observe func(about string, result Result)
	// Now is the clock by which entries were born; nil: time.Now.
	Now func() time.Time
}

// Result is how a call ended, for metrics.
type Result string

// The results of lookups are Hit and Miss, those of all other calls OK; Refused
// is a call that was not made because the breaker is open.
const (
	Hit     Result = "hit"
	Miss    Result = "miss"
	OK      Result = "ok"
	Failed  Result = "error"
	Refused Result = "refused"
)

// Client is a connection to a server.
type Client struct {
	rdb     *redis.Client
	timeout time.Duration // of a call
	prefix  string
	observe func(string, Result)
	now     func() time.Time
	breaker breaker
	scripts scripts

	questions  gathering[*question]
	admissions gathering[*admission]
}

// Open returns a client of the server at an URL like redis://:password@host:6379/0
// (rediss for TLS); ?prefix= in it goes before Options.Prefix. Invalid for an URL that cannot be, a password that is wrong,
// and a server that is not Redis. A server that cannot be reached is no error:
// calls answer Unavailable until it can.
func Open(ctx context.Context, address string, o Options) (*Client, error) {
	opts, prefix, err := parse(address)
	if err != nil {
		return nil, err
	}
	timeout := cmp.Or(o.Timeout, callTimeout)
	opts.DialTimeout = 2 * timeout / 3
	opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = timeout/3, timeout/3, timeout/3
	logging.Disable() // the library writes to stderr past our log; what matters comes back as an error
	c := &Client{rdb: redis.NewClient(opts), timeout: timeout, prefix: prefix + o.Prefix, observe: o.Observe, now: o.Now, scripts: newScripts()}
	if c.observe == nil {
		c.observe = func(string, Result) {}
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.questions.do, c.admissions.do = c.ask, c.admit
	ctx, cancel := context.WithTimeout(ctx, max(startTimeout, timeout))
	defer cancel()
	if err := c.rdb.Ping(ctx).Err(); err != nil && !absent(err) {
		_ = c.rdb.Close() // nothing was done with it yet
		return nil, &fault.Error{Kind: fault.Invalid, Code: "validation_failed", Op: "redis.Open", Detail: "the server at " + opts.Addr + " " + refusal(err), Err: err}
	}
	return c, nil
}

// parse reads an URL. Pools are chosen for a server that must never hold up a
// page, and are not for it to say.
func parse(address string) (opts *redis.Options, prefix string, err error) {
	invalid := func(detail string) error { return fault.New(fault.Invalid, "validation_failed", detail) }
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" {
		// The URL is not repeated: it may hold a password.
		return nil, "", invalid("the address of the cache must be like redis://:password@host:6379/0, or rediss for TLS")
	}
	for name, values := range u.Query() {
		if name != "prefix" {
			return nil, "", invalid("the address of the cache takes no parameter but ?prefix=")
		}
		prefix = values[0]
	}
	u.RawQuery = ""
	if opts, err = redis.ParseURL(u.String()); err != nil {
		return nil, "", invalid("the path of the cache's address must be the number of a database, like /0")
	}
	opts.Protocol = 2 // nothing is pushed to us
	opts.DisableIdentity = true
	opts.ContextTimeoutEnabled = true
	opts.DialerRetries, opts.MaxRetries = 1, 1
	opts.PoolSize, opts.PipelinePoolSize = connections, -1
	return opts, prefix, nil
}

// absent reports whether a failure says no more than that the server cannot be
// reached now, or is busy with itself.
func absent(err error) bool {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		return redis.IsLoadingError(reply) || redis.IsMasterDownError(reply) || redis.IsMaxClientsError(reply)
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, redis.ErrPoolTimeout) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// refusal says why a server that answers will never do.
func refusal(err error) string {
	switch _, reply := errors.AsType[redis.Error](err); {
	case redis.IsAuthError(err):
		return "does not know this user and password"
	case redis.IsPermissionError(err):
		return "does not let this user in"
	case reply:
		return "refuses this address"
	}
	return "does not speak the protocol of Redis"
}

// Ping asks the server whether it is there, past the breaker. Unavailable.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := c.rdb.Ping(ctx).Err(); err != nil {
		return fault.Wrap(fault.Unavailable, "redis.Ping", err)
	}
	return nil
}

// BreakerOpen reports whether calls are refused because the server kept failing.
func (c *Client) BreakerOpen() bool { return c.breaker.open() }

// Close ends all connections. Calls after it are Unavailable.
func (c *Client) Close() error { return c.rdb.Close() }

// call makes a call to the server within its time and by leave of the breaker.
func (c *Client) call(ctx context.Context, op, about string, do func(context.Context) error) error {
	may, probe := c.breaker.enter()
	if !may {
		c.observe(about, Refused)
		return fault.Wrap(fault.Unavailable, op, errOpen)
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := do(bounded)
	switch {
	case err == nil:
		c.breaker.leave(answered, probe)
		return nil
	case ctx.Err() != nil:
		c.breaker.leave(abandoned, probe)
		return fault.Wrap(fault.Canceled, op, ctx.Err())
	}
	c.breaker.leave(failed, probe)
	c.observe(about, Failed)
	return fault.Wrap(fault.Unavailable, op, err)
}

var errOpen = errors.New("it kept failing and is left alone for a moment")

// about is what a key is about: all up to its first colon.
func about(key string) string {
	kind, _, _ := strings.Cut(key, ":")
	return kind
}

// keys puts the prefix before keys.
func (c *Client) keys(names ...string) []string {
	if c.prefix == "" {
		return names
	}
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = c.prefix + name
	}
	return all
}
