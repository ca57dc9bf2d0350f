package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// plan is what users are to do: each asks, waits for the answer and asks again.
type plan struct {
	Addr    string
	Journey string   // read, type, cart or checkout
	Paths   []string // of read and type
	SKUs    []string // of cart and checkout
	Users   int
	For     time.Duration
}

// tally is what came of a plan.
type tally struct {
	Done     int // journeys
	Took     time.Duration
	P50, P99 time.Duration // of what a journey is timed by
}

// journey does once what a user does, the n-th time, and returns how long
// somebody had to wait for what counts.
type journey func(c *client, n int) (time.Duration, error)

func (p *plan) journey(user int) (journey, error) {
	switch p.Journey {
	case "read":
		return p.read(), nil
	case "type":
		return p.inOrder(user), nil
	case "cart":
		return p.cart(user), nil
	case "checkout":
		return p.checkout(user), nil
	default:
		return nil, fmt.Errorf("no such journey: %q", p.Journey)
	}
}

// loadPart is the load generator.
func loadPart(ctx context.Context, asked *json.Decoder) (any, func() error, error) {
	var p plan
	if err := asked.Decode(&p); err != nil {
		return nil, nil, err
	}
	t, err := p.run(ctx)
	return t, nil, err
}

// run lets the users go about their journeys until the time is over. The first
// answer that is not the expected one ends it.
func (p *plan) run(ctx context.Context) (tally, error) {
	users := make([]*client, p.Users)
	journeys := make([]journey, p.Users)
	for u := range users {
		var err error
		if users[u], err = dial(p.Addr); err != nil {
			return tally{}, err
		}
		defer users[u].close() //nolint:errcheck // the figures are in by then
		if journeys[u], err = p.journey(u); err != nil {
			return tally{}, err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.For, nil)
	defer cancel()
	waits := make([][]time.Duration, p.Users)
	errs := make([]error, p.Users)
	began := time.Now()
	var all sync.WaitGroup
	for u := range users {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				wait, err := journeys[u](users[u], n*p.Users+u)
				if err != nil {
					errs[u] = err
					cancel()
					return
				}
				waits[u] = append(waits[u], wait)
			}
		})
	}
	all.Wait()
	t := tally{Took: time.Since(began)}
	for _, err := range errs {
		if err != nil {
			return t, err
		}
	}
	t.sum(slices.Concat(waits...))
	return t, nil
}

func (t *tally) sum(waits []time.Duration) {
	slices.Sort(waits)
	t.Done = len(waits)
	if t.Done > 0 {
		t.P50, t.P99 = waits[t.Done/2], waits[t.Done*99/100]
	}
}

// read asks for one page after another, in an order that is the same in every
// run and follows no order of the catalogue.
func (p *plan) read() journey {
	const step = 7919 // a prime: it meets all of them before it comes back
	return p.ask(func(n int) int { return n * step % len(p.Paths) })
}

// inOrder asks for one page after the one before it. Every user begins elsewhere.
func (p *plan) inOrder(user int) journey {
	from := user * len(p.Paths) / p.Users
	return p.ask(func(n int) int { return (from + n/p.Users) % len(p.Paths) })
}

// ask asks for the page that is chosen for the n-th journey.
func (p *plan) ask(choose func(n int) int) journey {
	requests := make([][]byte, len(p.Paths))
	for i, path := range p.Paths {
		requests[i] = get(path)
	}
	return func(c *client, n int) (time.Duration, error) {
		i := choose(n)
		began := time.Now()
		status, body, err := c.do(requests[i])
		took := time.Since(began)
		if err == nil && status != 200 {
			err = fmt.Errorf("GET %s: %d %s", p.Paths[i], status, body)
		}
		return took, err
	}
}
