package porttest

import (
	"context"
	"errors"
	"testing"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// tape is a realm that remembers what was committed.
type tape struct{ committed []string }

func (tp *tape) InTx(ctx context.Context, fn func(context.Context, *[]string) error) (ports.Mark, error) {
	if ctx.Err() != nil {
		return ports.Mark{}, ctx.Err()
	}
	written := []string{}
	if err := fn(ctx, &written); err != nil {
		return ports.Mark{}, err
	}
	tp.committed = append(tp.committed, written...)
	return ports.Mark{Realm: ports.Orders, Pos: uint64(len(tp.committed))}, nil
}

func TestReplay_RunsTwiceAndKeepsTheSecond(t *testing.T) {
	t.Parallel()
	tp, runs := &tape{}, 0
	mark, err := Replay(tp).InTx(t.Context(), func(_ context.Context, tx *[]string) error {
		runs++
		*tx = append(*tx, map[int]string{1: "first", 2: "second"}[runs])
		return nil
	})
	if err != nil || runs != 2 || mark.Pos != 1 || len(tp.committed) != 1 || tp.committed[0] != "second" {
		t.Errorf("%d runs, committed %q at %+v, %v", runs, tp.committed, mark, err)
	}
}

func TestReplay_TheSecondRunsErrorCounts(t *testing.T) {
	t.Parallel()
	tp, runs, stop := &tape{}, 0, errors.New("stop")
	_, err := Replay(tp).InTx(t.Context(), func(context.Context, *[]string) error {
		if runs++; runs == 2 {
			return nil
		}
		return stop
	})
	if err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestReplay_WhatNeverBeganIsNotRepeated(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Replay(&tape{}).InTx(ctx, func(context.Context, *[]string) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// oneCart is a store of one cart.
type oneCart struct {
	ports.Carts
	cart cart.Cart
}

func (o *oneCart) Update(_ context.Context, _ id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	c := o.cart
	if err := fn(&c); err != nil {
		return ports.Mark{}, err
	}
	o.cart = c
	return ports.Mark{}, nil
}

func TestReplayOrders_RunsCartUpdatesTwice(t *testing.T) {
	t.Parallel()
	one, runs := &oneCart{}, 0
	store := ReplayOrders(ports.OrderStore{Carts: one})
	if _, err := store.Carts.Update(t.Context(), id.Cart{}, func(c *cart.Cart) error {
		runs++
		c.Version++
		return nil
	}); err != nil || runs != 2 || one.cart.Version != 1 {
		t.Errorf("%d runs, version %d, %v", runs, one.cart.Version, err)
	}
}
