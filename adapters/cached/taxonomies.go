package cached

import (
	"context"
	"maps"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// theTree is raised by every change of categories, brands and definitions.
const theTree = "gen:tree"

var treeLife = life{10 * time.Minute, time.Hour}

type taxonomies struct {
	ports.Taxonomies
	s      *shelf
	trees  codec[*catalog.Taxonomy]
	counts codec[map[id.Category]int]
}

func (c *taxonomies) Taxonomy(ctx context.Context, after ports.Mark) (*catalog.Taxonomy, error) {
	return read(ctx, c.s, query[*catalog.Taxonomy]{
		key: "category_tree", life: treeLife, load: c.Taxonomies.Taxonomy,
		basis:       func() []string { return []string{theTree} },
		generations: func(*catalog.Taxonomy) []string { return []string{theTree} },
		codec:       c.trees,
	}, after)
}

func (c *taxonomies) ActiveCounts(ctx context.Context, after ports.Mark) (map[id.Category]int, error) {
	counts, err := read(ctx, c.s, query[map[id.Category]int]{
		key: "category_tree:counts", life: treeLife, load: c.Taxonomies.ActiveCounts,
		basis:       func() []string { return []string{anyProduct} },
		generations: func(map[id.Category]int) []string { return []string{anyProduct} },
		codec:       c.counts,
	}, after)
	return maps.Clone(counts), err
}
