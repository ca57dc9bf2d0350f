package search

import (
	"reflect"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

func TestDocument_Digest(t *testing.T) {
	t.Parallel()
	made := func() Document {
		return Document{
			SKU: "TEE-S", Version: 1, Name: "Tee", Title: "Small", Slug: "tee", Description: "soft", Brand: Brand{"acme", "Acme"},
			Categories: []Category{{Slug: "tops", Name: "Tops"}}, Attributes: map[string]Value{"size": Text("S"), "grams": Number(120)},
			Price: money.New(1500, "EUR"), InStock: true, Rating: 4.5, Ratings: 3, Sales: 7, Released: time.UnixMicro(5), Created: time.UnixMicro(4),
		}
	}
	base := made()
	again := made()
	again.Version = 9
	if base.Digest() != again.Digest() || base.Digest() == 0 {
		t.Errorf("the same under another version: %x and %x", base.Digest(), again.Digest())
	}
	if gone := (Document{SKU: "TEE-S", Version: 3, Deleted: true}); gone.Digest() != 0 {
		t.Errorf("a tombstone has the digest %x", gone.Digest())
	}

	changes := map[string]func(*Document){
		"SKU":         func(d *Document) { d.SKU = "tee-s" },
		"Product":     func(d *Document) { d.Product = id.Product{UUID: id.UUID{1}} },
		"Version":     nil,
		"Deleted":     func(d *Document) { d.Deleted = true },
		"Name":        func(d *Document) { d.Name = "TeeS" },
		"Title":       func(d *Document) { d.Name, d.Title = "TeeSmall", "" },
		"Slug":        func(d *Document) { d.Slug = "tees" },
		"Description": func(d *Document) { d.Description = "" },
		"Brand":       func(d *Document) { d.Brand = Brand{} },
		"Categories":  func(d *Document) { d.Categories = append(d.Categories, Category{}) },
		"Attributes":  func(d *Document) { d.Attributes["grams"] = Text("120") },
		"Price":       func(d *Document) { d.Price = money.New(1500, "USD") },
		"InStock":     func(d *Document) { d.InStock = false },
		"Rating":      func(d *Document) { d.Rating = 4.4 },
		"Ratings":     func(d *Document) { d.Ratings = 4 },
		"Sales":       func(d *Document) { d.Sales = 8 },
		"Featured":    func(d *Document) { d.Featured = true },
		"Released":    func(d *Document) { d.Released = time.Time{} },
		"Created":     func(d *Document) { d.Created = time.UnixMicro(6) },
	}
	for i := range reflect.TypeFor[Document]().NumField() {
		name := reflect.TypeFor[Document]().Field(i).Name
		change, known := changes[name]
		if !known {
			t.Errorf("nobody has decided whether %s is part of the digest", name)
		}
		if change == nil {
			continue
		}
		d := made()
		if change(&d); d.Digest() == base.Digest() {
			t.Errorf("another %s has the same digest", name)
		}
	}
}
