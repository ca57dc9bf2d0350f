package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	gone := fault.Wrap(fault.Unavailable, "store", io.ErrUnexpectedEOF)
	for name, test := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"Plain":        {io.EOF, fault.Internal},
		"Itself":       {gone, fault.Unavailable},
		"Wrapped":      {fmt.Errorf("reading: %w", gone), fault.Unavailable},
		"OutermostOne": {fault.Wrap(fault.Unknown, "commit", gone), fault.Unknown},
	} {
		if got := fault.KindOf(test.err); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
	if !errors.Is(gone, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if fault.Is(nil, fault.Internal) {
		t.Error("no error is of no kind")
	}
}

func TestKinds_AllHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range fault.Kinds() {
		if seen[k.String()] || k.String() == "" {
			t.Errorf("kind %d is called %q", k, k)
		}
		seen[k.String()] = true
	}
	if fault.Kind(200).String() != "internal" {
		t.Error("an unknown kind is not internal")
	}
}

func TestFields_CurrencyAlone(t *testing.T) {
	t.Parallel()
	var inner, f fault.Fields
	inner.AddCurrency("price", "EUR")
	f.AddCurrency("minimum", "EUR")
	f.Join("steps[1]", inner.Err())
	e, ok := errors.AsType[*fault.Error](f.Err())
	if !ok || e.Kind != fault.Invalid || e.Code != "currency_mismatch" || e.Detail != "the shop's currency is EUR" || len(e.Fields) != 2 || e.Fields[1].Location != "steps[1].price.currency" {
		t.Errorf("got %+v", f.Err())
	}
	if f.Add("name", "required", "is required"); fault.CodeOf(f.Err()) != "validation_failed" {
		t.Errorf("among others: %v", f.Err())
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	var none fault.Fields
	if none.Err() != nil {
		t.Error("nothing is wrong")
	}
	var f fault.Fields
	f.Add("name", "required", "is required")
	for _, prefix := range []string{"lines[0]", "variants"} {
		if !f.Join(prefix, fault.InvalidField("sku", "pattern", "is no SKU")) {
			t.Error("not joined")
		}
	}
	f.Join("images", fault.InvalidField("[2]", "unknown_reference", "is not there"))
	if f.Join("x", io.EOF) {
		t.Error("a plain error has no fields")
	}
	e, ok := errors.AsType[*fault.Error](f.Err())
	if !ok || e.Kind != fault.Invalid || e.Code != "validation_failed" {
		t.Fatalf("got %v", f.Err())
	}
	for i, want := range []string{"name", "lines[0].sku", "variants.sku", "images[2]"} {
		if e.Fields[i].Location != want {
			t.Errorf("field %d is at %q, want %q", i, e.Fields[i].Location, want)
		}
	}
}
