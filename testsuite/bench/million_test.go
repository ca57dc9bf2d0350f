package main

import (
	"bytes"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestMultiplied(t *testing.T) {
	t.Parallel()
	feed, err := goods(100)
	if err != nil {
		t.Fatal(err)
	}
	c, err := porttest.ParseCatalogue(bytes.NewReader(feed))
	if err != nil {
		t.Fatal(err)
	}
	const want = 2345
	before := c.Docs[7].Name
	skus, products, varied := map[id.SKU]bool{}, map[id.Product]int{}, 0
	for docs := range multiplied(c, want) {
		for _, d := range docs {
			for name, v := range d.Attributes {
				if v != c.Docs[len(skus)%len(c.Docs)].Attributes[name] {
					varied++
				}
			}
			skus[d.SKU] = true
			products[d.Product]++
		}
	}
	if len(skus) != want || varied == 0 || c.Docs[7].Name != before {
		t.Errorf("%d SKUs, %d values that vary", len(skus), varied)
	}
	if n := (want + sizesOfProduct - 1) / sizesOfProduct; len(products) != n {
		t.Errorf("%d products instead of %d", len(products), n)
	}
}
