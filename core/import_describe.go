package core

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// description is what a feed needs of brands, categories and definitions: all
// there will be, and of that what is new or changed.
type description struct {
	s          *shared
	heard      *audience
	old        *catalog.Taxonomy // with the slugs that once were
	brands     map[string]id.Brand
	categories map[string]id.Category
	notes      []string

	allBrands      []catalog.Brand
	allCategories  []catalog.Category
	allDefinitions []catalog.AttributeDefinition

	newBrands  []catalog.Brand
	newShelves map[id.Category]bool
	defined    map[definitionKey]int // of a definition, where it is in allDefinitions
	news       map[definitionKey]bool
	widened    []definitionKey

	slugs map[string]bool
	below map[shelfKey]id.Category
}

type definitionKey struct {
	category id.Category
	name     string
}

// shelfKey finds a category by its parent and its name or slug, folded.
type shelfKey struct {
	parent id.Category
	name   string
}

// describe makes the brands, categories and definitions that the feed's lines
// need, in one transaction, before any of the lines.
func (r *importRun) describe(ctx context.Context) error {
	old, err := r.s.primaryTaxonomy(ctx, ports.Mark{})
	if err != nil {
		return err
	}
	counts, err := r.s.Catalog.Taxonomy.ActiveCounts(ctx, ports.Mark{})
	if err != nil {
		return err
	}
	now, heard := r.s.Now(), r.s.listeners(ctx)
	var d *description
	var restated []catalog.Product
	mark, err := r.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		d = &description{s: r.s, heard: heard, old: old}
		if err := d.read(ctx, tx); err != nil {
			return err
		}
		d.work(r.survey, counts)
		if r.trial != nil {
			return nil
		}
		if err := d.save(ctx, tx); err != nil {
			return err
		}
		restated, err = d.restate(ctx, tx, now)
		return err
	})
	if err != nil {
		return err
	}
	r.report.Note(d.notes...)
	r.brands, r.categories = d.brands, d.categories
	r.taxonomy = catalog.NewTaxonomy(d.allCategories, d.allBrands, d.allDefinitions, nil, nil)
	if r.trial == nil && d.changed() {
		r.s.Caches.TaxonomyChanged(ctx, mark)
	}
	if len(restated) > 0 {
		r.s.Caches.ProductsChanged(ctx, mark, restated...)
	}
	return nil
}

func (d *description) changed() bool { return len(d.newBrands)+len(d.newShelves)+len(d.news) > 0 }

func (d *description) read(ctx context.Context, tx ports.CatalogTx) error {
	tree, err := tx.Categories.TreeForUpdate(ctx)
	if err != nil {
		return err
	}
	definitions, err := tx.Attributes.Definitions(ctx)
	if err != nil {
		return err
	}
	d.allCategories, d.allDefinitions, d.allBrands = tree, definitions, slices.Clone(d.old.Brands())
	d.brands, d.categories = map[string]id.Brand{}, map[string]id.Category{}
	d.newShelves, d.news = map[id.Category]bool{}, map[definitionKey]bool{}
	d.slugs, d.below, d.defined = map[string]bool{}, map[shelfKey]id.Category{}, make(map[definitionKey]int, len(definitions))
	for i := range tree {
		d.shelve(&tree[i])
	}
	for i := range definitions {
		d.defined[definitionKey{definitions[i].Category, definitions[i].Name}] = i
	}
	for i := range d.allBrands {
		d.brands[feed.BrandKey(d.allBrands[i].Name)] = d.allBrands[i].ID
	}
	return nil
}

// shelve makes a category findable by name and slug.
func (d *description) shelve(c *catalog.Category) {
	d.slugs[c.Slug] = true
	for _, name := range []string{c.Slug, strings.ToLower(c.Name)} {
		if _, there := d.below[shelfKey{c.Parent, name}]; !there {
			d.below[shelfKey{c.Parent, name}] = c.ID
		}
	}
}

func (d *description) work(survey *feed.Survey, counts map[id.Category]int) {
	for _, name := range survey.Brands() {
		d.brand(strings.TrimSpace(name))
	}
	shelves := survey.Shelves()
	for depth := 1; depth <= catalog.MaxDepth; depth++ { // whatever stands higher is called by its own name
		for _, shelf := range shelves {
			if path := shelf.Path; len(path) >= depth {
				d.categories[pathKey(path)] = d.category(path[:depth])
			}
		}
	}
	tree := catalog.NewTaxonomy(d.allCategories, nil, d.allDefinitions, nil, nil)
	for _, shelf := range shelves {
		c := d.categories[pathKey(shelf.Path)]
		products := max(shelf.Products, counts[c])
		for _, usage := range shelf.Usages() {
			d.define(tree, c, shelf, usage, products)
		}
	}
}

func (d *description) brand(name string) {
	key := feed.BrandKey(name)
	if _, known := d.brands[key]; known {
		return
	}
	if b, known := d.old.BrandBySlug(catalog.Slugify(name)); known {
		d.brands[key] = b.ID // Ännchen is the brand that was written Aennchen
		return
	}
	b := catalog.Brand{ID: id.Brand{UUID: d.s.ids.New()}, Name: name, Version: 1}
	for b.Slug = range catalog.Slugs(name, "") {
		_, known := d.old.BrandBySlug(b.Slug)
		if !known && !slices.ContainsFunc(d.newBrands, func(n catalog.Brand) bool { return n.Slug == b.Slug }) {
			break
		}
	}
	d.brands[key] = b.ID
	d.newBrands = append(d.newBrands, b)
	d.allBrands = append(d.allBrands, b)
}

// category finds a path of names, and makes what is missing of it.
func (d *description) category(path []string) id.Category {
	var parent catalog.Category
	for _, name := range path {
		name = strings.TrimSpace(name)
		found, ok := d.below[shelfKey{parent.ID, strings.ToLower(name)}]
		if !ok {
			found, ok = d.below[shelfKey{parent.ID, catalog.Slugify(name)}]
		}
		if !ok {
			c := catalog.Category{
				ID: id.Category{UUID: d.s.ids.New()}, Parent: parent.ID, Name: name, Position: d.siblings(parent.ID), Version: 1,
			}
			c.Slug = freeCategorySlug(parent.Slug, name, func(slug string) bool {
				_, once := d.old.CategoryBySlug(slug)
				return once || d.slugs[slug]
			})
			d.allCategories = append(d.allCategories, c)
			d.newShelves[c.ID] = true
			d.shelve(&c)
			found = c.ID
		}
		i := slices.IndexFunc(d.allCategories, func(c catalog.Category) bool { return c.ID == found })
		parent = d.allCategories[i]
	}
	return parent.ID
}

func (d *description) siblings(parent id.Category) int {
	n := 0
	for i := range d.allCategories {
		if d.allCategories[i].Parent == parent {
			n++
		}
	}
	return n
}

// define makes or widens the definition of a name on a shelf. tree has the
// definitions as they were stored.
func (d *description) define(tree *catalog.Taxonomy, c id.Category, shelf *feed.Shelf, u *feed.Usage, products int) {
	var now *catalog.AttributeDefinition
	if stored := tree.Definition(c, u.Name); stored != nil {
		now = &d.allDefinitions[d.defined[definitionKey{stored.Category, u.Name}]]
	}
	def, news := u.Define(c, products, now)
	if def.Derived && def.Type == catalog.String && u.Converted() > 0 {
		d.notes = append(d.notes, fmt.Sprintf("%s: the values of %s are of several types: %d of them became strings", strings.Join(shelf.Path, " > "), u.Name, u.Converted()))
	}
	if !news {
		return
	}
	key := definitionKey{def.Category, def.Name}
	d.news[key] = true
	if now != nil {
		if now.Type != def.Type {
			d.widened = append(d.widened, key)
		}
		*now = def
		return
	}
	d.defined[key] = len(d.allDefinitions)
	d.allDefinitions = append(d.allDefinitions, def)
}

func (d *description) save(ctx context.Context, tx ports.CatalogTx) error {
	if !d.changed() {
		return nil
	}
	defined := map[id.Category]bool{}
	definitions := make([]catalog.AttributeDefinition, 0, len(d.news))
	for i := range d.allDefinitions {
		if def := &d.allDefinitions[i]; d.news[definitionKey{def.Category, def.Name}] {
			definitions = append(definitions, *def)
			defined[def.Category] = true
		}
	}
	var categories []catalog.Category
	var told []id.Category
	var news []job.Envelope
	for i := range d.allCategories {
		c := &d.allCategories[i]
		switch {
		case d.newShelves[c.ID]:
			news = append(news, d.s.tellCategory(ctx, d.heard, webhook.CategoryCreated, c)...)
		case defined[c.ID]: // see changeDefinition
			c.Version++
			told = append(told, c.ID)
			news = append(news, d.s.tellCategory(ctx, d.heard, webhook.CategoryUpdated, c)...)
		default:
			continue
		}
		categories = append(categories, *c)
	}
	if err := tx.Brands.SaveBrands(ctx, d.newBrands...); err != nil {
		return err
	}
	if err := tx.Categories.SaveCategories(ctx, categories...); err != nil {
		return err
	}
	if err := tx.Attributes.SaveDefinitions(ctx, definitions...); err != nil {
		return err
	}
	if err := tx.Jobs.Add(ctx, news...); err != nil {
		return err
	}
	if len(told) == 0 {
		return nil
	}
	within, err := tx.Categories.ProductsIn(ctx, told...)
	if err != nil {
		return err
	}
	return d.s.concern(ctx, tx.Jobs, within[:min(len(within), 1)])
}
