package redis

import (
	"context"
	_ "embed" // the script
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

//go:embed lua/allow.lua
var allowSource string

// Limiter returns a limiter that counts by the server's clock.
func (c *Client) Limiter() ports.Limiter { return limiter{c} }

var _ ports.Limiter = limiter{}

type limiter struct{ *Client }

func (l limiter) Allow(ctx context.Context, class ports.Rate, key string) (ports.Allowance, error) {
	if class.Requests <= 0 || class.Window <= 0 {
		return ports.Allowance{}, fault.InvalidField("rate", "too_small", "must be some requests in some time")
	}
	window := max(class.Window.Microseconds(), 1)
	interval := max(window/int64(class.Requests), 1)
	var reply []int64
	err := l.call(ctx, "redis.Allow", "rl", func(ctx context.Context) (err error) {
		reply, err = l.scripts.allow.Run(ctx, l.rdb, l.keys("rl:"+key+":"+class.Class), interval, window).Int64Slice()
		return err
	})
	if err != nil {
		return ports.Allowance{}, err
	}
	if len(reply) != 2 {
		return ports.Allowance{}, fault.Wrap(fault.Unavailable, "redis.Allow", errForeign)
	}
	l.observe("rl", OK)
	ahead := reply[1]
	if reply[0] == 0 {
		return ports.Allowance{Reset: micros(ahead), RetryAfter: micros(ahead + interval - window)}, nil
	}
	return ports.Allowance{OK: true, Remaining: int((window - ahead) / interval), Reset: micros(ahead)}, nil
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
