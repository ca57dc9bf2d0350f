package cached

import (
	"context"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// Limiter counts with one limiter for as long as it can be reached, and with
// another meanwhile. What the one had counted the other does not know: rates
// begin anew when they change places.
func Limiter(shared, own ports.Limiter) ports.Limiter { return substituted{shared, own} }

type substituted struct{ shared, own ports.Limiter }

func (s substituted) Allow(ctx context.Context, class ports.Rate, key string) (ports.Allowance, error) {
	left, err := s.shared.Allow(ctx, class, key)
	if fault.Is(err, fault.Unavailable) {
		return s.own.Allow(ctx, class, key)
	}
	return left, err
}
