package redis

import (
	"context"
	_ "embed" // the script
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

//go:embed lua/allow.lua
var allowSource string

// Limiter returns a limiter that counts by the server's clock.
func (c *Client) Limiter() ports.Limiter { return limiter{c} }

var _ ports.Limiter = limiter{}

type limiter struct{ *Client }

// admission is one caller's wish to make a request, and what came of it.
type admission struct {
	key              string
	interval, window int64 // µs
	reply            []int64
	err              error
}

func (l limiter) Allow(ctx context.Context, class ports.Rate, key string) (ports.Allowance, error) {
	if class.Requests <= 0 || class.Window <= 0 {
		return ports.Allowance{}, fault.InvalidField("rate", "too_small", "must be some requests in some time")
	}
	window := max(class.Window.Microseconds(), 1)
	interval := max(window/int64(class.Requests), 1)
	a := &admission{key: "rl:" + key + ":" + class.Class, interval: interval, window: window}
	if err := l.admissions.join(ctx, "redis.Allow", a); err != nil {
		return ports.Allowance{}, err
	}
	switch {
	case a.err != nil:
		return ports.Allowance{}, a.err
	case len(a.reply) != 2:
		return ports.Allowance{}, fault.Wrap(fault.Unavailable, "redis.Allow", errForeign)
	}
	l.observe("rl", OK)
	ahead := a.reply[1]
	if a.reply[0] == 0 {
		return ports.Allowance{Reset: micros(ahead), RetryAfter: micros(ahead + interval - window)}, nil
	}
	return ports.Allowance{OK: true, Remaining: int((window - ahead) / interval), Reset: micros(ahead)}, nil
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// admit asks the server for several admissions at once.
func (c *Client) admit(ctx context.Context, together []*admission) {
	replies := make([]*redis.Cmd, len(together))
	err := c.call(ctx, "redis.Allow", "rl", func(ctx context.Context) error {
		ask := func(p redis.Pipeliner) error {
			for i, a := range together {
				replies[i] = c.scripts.allow.EvalSha(ctx, p, c.keys(a.key), a.interval, a.window)
			}
			return nil
		}
		_, err := c.rdb.Pipelined(ctx, ask)
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			if err = c.scripts.allow.Load(ctx, c.rdb).Err(); err == nil {
				_, err = c.rdb.Pipelined(ctx, ask)
			}
		}
		return err
	})
	for i, a := range together {
		if a.err = err; err == nil {
			a.reply, _ = replies[i].Int64Slice() // anything else shows in its length
		}
	}
}
