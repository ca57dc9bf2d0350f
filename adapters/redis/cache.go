package redis

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// generationLife is how long a generation is remembered after it was begun or
// raised. What has been forgotten begins anew, and what belonged to it is stale:
// so it is longer than any entry is kept.
const generationLife = 24 * time.Hour

//go:embed lua/lookup.lua
var lookupSource string

//go:embed lua/store.lua
var storeSource string

//go:embed lua/raise.lua
var raiseSource string

// scripts are what the server runs in one step.
type scripts struct{ lookup, store, raise, allow *redis.Script }

func newScripts() scripts {
	return scripts{redis.NewScript(lookupSource), redis.NewScript(storeSource), redis.NewScript(raiseSource), redis.NewScript(allowSource)}
}

// Cache returns the server's cache.
func (c *Client) Cache() ports.Cache { return cache{c} }

var _ ports.Cache = cache{}

type cache struct{ *Client }

func (c cache) Lookup(ctx context.Context, key string, generations ...string) (*ports.CacheEntry, []ports.Generation, error) {
	if key == "" {
		q := &question{names: slices.Clone(generations)} // it may outlive its caller
		if err := c.questions.join(ctx, "redis.Lookup", q); err != nil {
			return nil, nil, err
		}
		return nil, q.now, q.err
	}
	e, now, err := c.lookup(ctx, key, generations)
	if err != nil {
		return nil, nil, err
	}
	if e == nil {
		c.observe(about(key), Miss)
	} else {
		c.observe(about(key), Hit)
	}
	return e, now, nil
}

// question is one caller's wish to know what generations are now.
type question struct {
	names []string
	now   []ports.Generation
	err   error
}

// ask asks one question for all of them and shares the answer out.
func (c *Client) ask(ctx context.Context, together []*question) {
	var names []string
	for _, q := range together {
		names = append(names, q.names...)
	}
	now, err := c.generations(ctx, names)
	for _, q := range together {
		if q.err = err; err == nil {
			n := len(q.names)
			q.now, now = now[:n:n], now[n:]
		}
	}
}

// generations asks the server what generations are now.
func (c *Client) generations(ctx context.Context, names []string) ([]ports.Generation, error) {
	if len(names) == 0 {
		return []ports.Generation{}, nil
	}
	var reply []any
	err := c.call(ctx, "redis.Lookup", "gen", func(ctx context.Context) (err error) {
		reply, err = c.rdb.MGet(ctx, c.keys(names...)...).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, state := range reply {
		if state == nil { // one has to begin, and whoever asks next must find the same
			_, now, err := c.lookup(ctx, nothing, names)
			return now, err
		}
	}
	return states(names, reply)
}

// nothing is a key that nothing is ever under.
const nothing = "gen:"

// lookup asks for an entry and generations, those included that have to begin.
func (c *Client) lookup(ctx context.Context, key string, generations []string) (*ports.CacheEntry, []ports.Generation, error) {
	var reply []any
	err := c.call(ctx, "redis.Lookup", about(key), func(ctx context.Context) (err error) {
		// A number nobody has had: what is lost must not come back as what it was.
		begun := hexOf(rand.Uint64())
		keys := c.keys(append([]string{key}, generations...)...)
		reply, err = c.scripts.lookup.Run(ctx, c.rdb, keys, begun, int(generationLife.Seconds()), c.prefix).Slice()
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if len(reply) != 1+len(generations) {
		return nil, nil, fault.Wrap(fault.Unavailable, "redis.Lookup", errForeign)
	}
	now, err := states(generations, reply[1:])
	if err != nil {
		return nil, nil, err
	}
	raw, _ := reply[0].(string) // nil for none
	if e, ok := decodeEntry(raw); ok {
		return &e, now, nil
	}
	return nil, now, nil
}

// errForeign is an answer that none of our scripts gives.
var errForeign = errors.New("something else is under this name")

// states reads the states of generations; Unavailable when one is something else.
func states(names []string, values []any) ([]ports.Generation, error) {
	now := make([]ports.Generation, len(names))
	for i, name := range names {
		text, _ := values[i].(string)
		var ok bool
		if now[i], ok = decodeState(name, text); !ok {
			return nil, fault.Wrap(fault.Unavailable, "redis.Lookup", errForeign)
		}
	}
	return now, nil
}

func (c cache) Store(ctx context.Context, key string, e ports.CacheEntry, seen []ports.Generation) error {
	left := (e.Keep - c.now().Sub(e.Born)).Milliseconds()
	if key == "" || left <= 0 || len(seen) > math.MaxUint16 {
		return nil
	}
	keys := make([]string, 1, 1+len(seen))
	args := make([]any, 2, 2+len(seen))
	keys[0], args[1] = key, left
	for _, g := range seen {
		if len(g.Name) > math.MaxUint16 {
			return nil // what cannot be written down is not kept
		}
		keys, args = append(keys, g.Name), append(args, hexOf(g.Number))
	}
	args[0] = encodeEntry(e, seen)
	err := c.call(ctx, "redis.Store", about(key), func(ctx context.Context) error {
		return c.scripts.store.Run(ctx, c.rdb, c.keys(keys...), args...).Err()
	})
	if err == nil {
		c.observe(about(key), OK)
	}
	return err
}

func (c cache) Raise(ctx context.Context, at ports.Mark, generations ...string) error {
	if len(generations) == 0 {
		return nil
	}
	err := c.call(ctx, "redis.Raise", about(generations[0]), func(ctx context.Context) error {
		return c.scripts.raise.Run(ctx, c.rdb, c.keys(generations...), hexOf(rand.Uint64()), encodeMark(at), strconv.Itoa(int(generationLife.Seconds()))).Err()
	})
	if err == nil {
		c.observe(about(generations[0]), OK)
	}
	return err
}
