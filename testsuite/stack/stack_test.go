package stack_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

type list struct{ Total int }

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("AnswersSoon", func(t *testing.T) {
		t.Parallel()
		began := time.Now()
		shop := stack.Start(t)
		expect.Status(t, shop.Storefront(t, "GET", "/readyz", nil), http.StatusOK)
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("a shop took %s to start", took)
		}
	})
	t.Run("ShopsKnowNothingOfEachOther", func(t *testing.T) {
		t.Parallel()
		one, two := stack.Start(t), stack.Start(t)
		fixture.Product(t, one.Shop, 1)
		if n := expect.JSON[list](t, one.Storefront(t, "GET", "/v1/products", nil), 200).Total; n != 1 {
			t.Errorf("the first has %d products", n)
		}
		if n := expect.JSON[list](t, two.Storefront(t, "GET", "/v1/products", nil), 200).Total; n != 0 {
			t.Errorf("the second has %d products", n)
		}
		expect.Problem(t, two.Storefront(t, "GET", "/v1/admin/orders", nil, "Authorization", "Bearer "+one.AdminKey), 401, "unauthenticated")
	})
	t.Run("ContinuesWithADirectory", func(t *testing.T) {
		t.Parallel()
		first := stack.Start(t)
		product := fixture.Product(t, first.Shop, 1)
		if err := first.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := stack.Start(t, stack.DataDir(first.DataDir))
		expect.Status(t, second.Storefront(t, "GET", "/v1/products/"+product.Slug, nil), http.StatusOK)
	})
	t.Run("WithTheDemo", func(t *testing.T) {
		t.Parallel()
		shop := stack.Start(t, stack.Demo())
		shop.Quiet(t)
		if n := expect.JSON[list](t, shop.Storefront(t, "GET", "/v1/search?q=tea", nil), 200).Total; n == 0 {
			t.Error("the demo shop has no tea")
		}
	})
}

// postless is a mailer that is away.
type postless struct{}

func (postless) Send(context.Context, ports.Message) error {
	return errors.New("the post is on strike")
}

func TestWrap(t *testing.T) {
	t.Parallel()
	var mailer ports.Mailer
	shop := stack.Start(t, stack.Wrap(func(d *core.Deps) { mailer, d.Mail = d.Mail, postless{} }))
	if mailer == nil {
		t.Error("there was nothing to wrap")
	}
	fixture.Order(t, shop.Shop)
	expect.Soon(t, "the confirmation waits for another attempt", func() bool {
		left, err := stack.Unfinished(t.Context(), shop.OpsURL)
		return err == nil && len(left) == 1 && left["email.send_order_confirmation"] == 1
	})
}
