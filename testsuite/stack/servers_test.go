package stack_test

import (
	"net/url"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

func TestSearchOnRealServers(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production(), stack.Servers(2), stack.Consumers(1))
	tee := fixture.Product(t, shop.Shop, 3)
	shop.Quiet(t) // through RabbitMQ, a consumer and Elasticsearch

	type results struct{ Total int }
	found := expect.JSON[results](t, shop.Storefront(t, "GET", "/v1/search?q="+url.QueryEscape(tee.Name), nil), 200)
	if found.Total == 0 {
		t.Errorf("%s is not found", tee.Name)
	}
}
