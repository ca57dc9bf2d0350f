package httpapi

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/bodega-commerce/bodega/ports"
)

// class groups operations by what one caller may ask of them. A caller is an
// API key or a customer, else an address.
type class string

const (
	classDefault  class = ""         // by permission and method: admin, read or write
	classRead     class = "read"     // pages of the storefront
	classWrite    class = "write"    // carts, quotes
	classAdmin    class = "admin"    // operators and their programs
	classCheckout class = "checkout" // takes stock and money
	classMail     class = "mail"     // sends mail to an address somebody typed
	classSignIn   class = "sign_in"  // failed attempts to be somebody
	classNone     class = "none"     // probes, webhooks
)

// rate returns what a class allows.
func (c class) rate() ports.Rate {
	n, window := 300, time.Minute
	switch c {
	case classRead:
		n = 1200
	case classAdmin:
		n = 3000
	case classCheckout:
		n = 60
	case classMail:
		n, window = 5, 10*time.Minute
	case classSignIn:
		n = 20
	case classDefault, classWrite, classNone:
	}
	return ports.Rate{Class: string(c), Requests: n, Window: window}
}

// throttle takes one request of a class for a key and writes what is left into
// the headers (draft-ietf-httpapi-ratelimit-headers); rate_limited when nothing
// is. A limiter that fails lets everybody through: it protects the shop, it must
// not close it.
func (e *edge) throttle(ctx context.Context, x *exchange, c class, key string) error {
	if e.opts.Limiter == nil || c == classNone {
		return nil
	}
	rate := c.rate()
	left, err := e.opts.Limiter.Allow(ctx, rate, key)
	if err != nil {
		if ctx.Err() != nil {
			return nil // nobody waits for the answer any more
		}
		e.log.LogAttrs(ctx, slog.LevelWarn, "rate limiter failed", slog.String("request_id", x.requestID), slog.Any("error", err))
		return nil
	}
	name := strconv.Quote(rate.Class)
	h := x.Header()
	h.Set("RateLimit-Policy", name+";q="+strconv.Itoa(rate.Requests)+";w="+seconds(rate.Window))
	h.Set("RateLimit", name+";r="+strconv.Itoa(left.Remaining)+";t="+seconds(left.Reset))
	if left.OK {
		return nil
	}
	p := newProblem(http.StatusTooManyRequests, "rate_limited", "too many requests; try again later")
	p.retryAfter = max(left.RetryAfter, time.Second)
	return p
}

// seconds rounds up, so that nobody is asked back too early.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}
