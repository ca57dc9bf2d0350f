package demo

import (
	"encoding/json"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

type line struct {
	SKU         id.SKU            `json:"sku"`
	Title       string            `json:"title"`
	Brand       string            `json:"brand"`
	Description string            `json:"description"`
	Category    []string          `json:"category"`
	Price       money.Amount      `json:"price"`
	Stock       int               `json:"stock"`
	Family      string            `json:"family"`
	Options     map[string]string `json:"options"`
	Attributes  map[string]any    `json:"attributes"`
}

func lines(t *testing.T) []line {
	t.Helper()
	var all []line
	for text := range strings.Lines(goods) {
		var l line
		decoder := json.NewDecoder(strings.NewReader(text))
		if err := decoder.Decode(&l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if l.Family == "" {
			l.Family = string(l.SKU)
		}
		all = append(all, l)
	}
	return all
}

func TestGoods(t *testing.T) {
	t.Parallel()
	skus, products, leaves := map[string]bool{}, map[string]line{}, map[string]bool{}
	soldOut := 0
	for _, l := range lines(t) {
		if err := l.SKU.Validate(); err != nil || skus[l.SKU.Fold()] {
			t.Errorf("%s: not a SKU, or there twice: %v", l.SKU, err)
		}
		skus[l.SKU.Fold()] = true
		if err := l.Price.Validate(); err != nil || l.Price.IsZero() {
			t.Errorf("%s costs %v: %v", l.SKU, l.Price, err)
		}
		if l.Title == "" || l.Brand == "" || len(l.Description) < 40 || len(l.Attributes) == 0 {
			t.Errorf("%s lacks a title, a brand, a description or attributes", l.SKU)
		}
		if l.Stock == 0 {
			soldOut++
		}
		for _, name := range l.Category {
			if shelves()[name] == "" {
				t.Errorf("nothing is written above %q", name)
			}
		}
		first, sibling := products[l.Family]
		if sibling && (first.Title != l.Title || !slices.Equal(first.Category, l.Category)) {
			t.Errorf("%s is not what the rest of its family is", l.SKU)
		}
		if !sibling {
			products[l.Family] = l
		}
		leaves[strings.Join(l.Category, "/")] = true
	}
	if n := len(products); n < 55 || n > 65 {
		t.Errorf("%d products, want about 60", n)
	}
	if len(leaves) != 10 {
		t.Errorf("%d categories with products, want 10", len(leaves))
	}
	if soldOut == 0 || soldOut > len(skus)/5 {
		t.Errorf("%d of %d variants are sold out, want some", soldOut, len(skus))
	}
	for name, former := range formerPrices() {
		p, there := products[name]
		if !there || former <= p.Price.Minor() {
			t.Errorf("%s is not cheaper than its former price %d", name, former)
		}
	}
}

func TestInCurrency(t *testing.T) {
	t.Parallel()
	feed := inCurrency(goods, "JPY")
	if strings.Contains(feed, "EUR") || strings.Count(feed, `"JPY"`) != strings.Count(goods, "\n") {
		t.Error("not every price is in JPY")
	}
}

func TestGallery(t *testing.T) {
	t.Parallel()
	values := map[string][]string{}
	for _, l := range lines(t) {
		values[l.Family] = append(values[l.Family], "")
		for _, v := range l.Options {
			values[l.Family] = append(values[l.Family], v)
		}
	}
	easel := newCanvas(160)
	seen := map[string]string{}
	for _, pic := range gallery() {
		name := pic.of + " " + pic.value
		if !slices.Contains(values[pic.of], pic.value) {
			t.Errorf("%s is drawn and not sold", name)
		}
		pic.draw.paint(easel, pic.look)
		if n := colours(easel.img); n < 40 {
			t.Errorf("%s has %d colours: hardly a picture", name, n)
		}
		if !easel.img.Opaque() {
			t.Errorf("%s is not painted to its edges", name)
		}
		if other := seen[string(easel.img.Pix)]; other != "" {
			t.Errorf("%s looks like %s", name, other)
		}
		seen[string(easel.img.Pix)] = name
	}
	for product := range values {
		if !slices.ContainsFunc(gallery(), func(p picture) bool { return p.of == product && p.value == "" }) {
			t.Errorf("%s has no picture", product)
		}
	}
}

func colours(img *image.RGBA) int {
	found := map[[3]byte]bool{}
	for i := 0; i < len(img.Pix); i += 4 {
		found[[3]byte(img.Pix[i:i+3])] = true
	}
	return len(found)
}

// A reused easel must not let the last picture shine through.
func TestPaint_Repeatable(t *testing.T) {
	t.Parallel()
	fresh, used := newCanvas(120), newCanvas(120)
	all := gallery()
	for i, pic := range all {
		pic.draw.paint(used, pic.look)
		if i == len(all)-1 {
			pic.draw.paint(fresh, pic.look)
		}
	}
	if !slices.Equal(fresh.img.Pix, used.img.Pix) {
		t.Error("the same picture came out differently on a used easel")
	}
}
