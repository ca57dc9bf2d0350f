package postgres

import (
	"context"

	"github.com/bodega-commerce/bodega/ports"
)

// cluster is the replicas of a primary.
type cluster struct{}

func (c *cluster) read(ctx context.Context, r *realm, _ ports.Mark, fn func(q querier) error) error {
	return r.read(ctx, fn)
}

func (c *cluster) close() {}
