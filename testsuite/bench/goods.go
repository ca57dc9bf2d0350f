package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The synthetic catalogue: products that differ in three sizes each, in
// categories with a few attributes. It is the same in every run.

const (
	productsOfShop = 2000
	sizesOfProduct = 3
)

var (
	groups    = []string{"Kitchen", "Garden", "Office", "Outdoor"}
	kinds     = []string{"Kettle", "Lamp", "Chair", "Knife", "Basket", "Blanket"} // in each group
	styles    = []string{"Linen", "Copper", "Walnut", "Marble", "Slate", "Cotton", "Bamboo", "Cork", "Velvet", "Granite"}
	colours   = []string{"red", "green", "blue", "black", "white", "yellow", "grey"}
	materials = []string{"steel", "wood", "glass", "wool", "plastic", "stone"}
	sizes     = []string{"S", "M", "L"}
	words     = []string{"sturdy", "light", "made", "to", "last", "for", "many", "years", "with", "a", "smooth", "finish", "and", "easy", "care", "handle", "of", "solid", "oak", "every", "day"}
)

// feedLine is a line of a catalogue's feed.
type feedLine struct {
	SKU         string         `json:"sku"`
	Title       string         `json:"title"`
	Brand       string         `json:"brand"`
	Category    []string       `json:"category"`
	Price       price          `json:"price"`
	Description string         `json:"description"`
	Released    string         `json:"released"`
	Attributes  map[string]any `json:"attributes"`
	Family      string         `json:"family"`
	Options     map[string]any `json:"options"`
	Stock       int            `json:"stock"`
}

type price struct {
	Amount   int    `json:"amount"`
	Currency string `json:"currency"`
}

func sku(product, size int) string { return fmt.Sprintf("B-%05d-%s", product, sizes[size]) }

// skus names every variant of the shop.
func skus() []string {
	all := make([]string, 0, productsOfShop*sizesOfProduct)
	for p := range productsOfShop {
		for s := range sizesOfProduct {
			all = append(all, sku(p, s))
		}
	}
	return all
}

// goods is the feed of so many products.
func goods(products int) ([]byte, error) {
	var feed bytes.Buffer
	lines := json.NewEncoder(&feed)
	for p := range products {
		kind := kinds[p%len(kinds)]
		about := ""
		for w := range 60 {
			about += words[(p*31+w*17+w*w*p)%len(words)] + " "
		}
		for s := range sizesOfProduct {
			if err := lines.Encode(feedLine{
				SKU: sku(p, s), Title: fmt.Sprintf("%s %s %s %d", styles[p/len(kinds)%len(styles)], kind, materials[p%11%len(materials)], p),
				Brand: fmt.Sprintf("Brand %d", p%25), Category: []string{groups[p/7%len(groups)], kind + "s for the " + groups[p/7%len(groups)]},
				Price: price{500 + p*37%20000 + 100*s, "EUR"}, Description: about, Released: fmt.Sprintf("20%02d-%02d-01", 10+p%15, 1+p%12),
				Attributes: map[string]any{"Colour": colours[p%len(colours)], "Material": materials[p%11%len(materials)], "Weight": 100 + p*13%4000, "Washable": p%3 == 0},
				Family:     fmt.Sprintf("F-%05d", p), Options: map[string]any{"Size": sizes[s]}, Stock: 1_000_000,
			}); err != nil {
				return nil, err
			}
		}
	}
	return feed.Bytes(), nil
}

// searches are what shoppers type, every fourth with a filter.
func searches() (paths []string) {
	for i := range 300 {
		q := styles[i%len(styles)] + "+" + kinds[i/3%len(kinds)]
		switch i % 4 {
		case 1:
			q = kinds[i%len(kinds)] + "+" + materials[i%len(materials)]
		case 2:
			q = materials[i%len(materials)]
		case 3:
			q += "&attr=colour:" + colours[i%len(colours)]
		}
		path := "/v1/search?q=" + q + "&per_page=20"
		if i%5 == 4 {
			path += "&page=2"
		}
		paths = append(paths, path)
	}
	return paths
}
