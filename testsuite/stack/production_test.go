package stack_test

import (
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

func TestProduction_Purchase(t *testing.T) {
	t.Parallel()
	purchase(t, stack.Start(t, stack.Production(), stack.Servers(2), stack.Consumers(2), stack.Env("BODEGA_SHIPPING_FLAT", "490")))
}

func TestPostgresAlone_Purchase(t *testing.T) {
	t.Parallel()
	_ = expect.Status
	_ = fixture.Product
}
