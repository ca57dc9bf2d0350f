package catalog

import "github.com/bodega-commerce/bodega/core/id"

// MaxDepth is how many levels a category tree may have.
const MaxDepth = 8

// Category is a shelf. Categories form a tree; each is in one place.
type Category struct {
	ID          id.Category
	Parent      id.Category // zero: a root
	Slug        string
	Name        string
	Description string
	Position    int // among its siblings, from 0
	Image       *Image
	SEO         SEO
	Version     int64
}

// Brand is who makes a product.
type Brand struct {
	ID          id.Brand
	Slug        string
	Name        string
	Description string
	Image       *Image
	SEO         SEO
	Version     int64
}
