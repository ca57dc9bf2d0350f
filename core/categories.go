package core

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// SavedCategory is a category as a write left it.
type SavedCategory struct {
	CategoryView
	Mark ports.Mark
}

// CreateCategory asks for a new category.
type CreateCategory struct {
	By          account.Actor
	Slug        string // "": made from Name, and made unique
	Name        string
	Description string
	Parent      id.Category // zero: a root
	Position    *int        // among its siblings, from 0; nil: last
	Image       id.Image    // zero: none
	SEO         catalog.SEO
	Key         string // names the request: sent again, it makes no other category; "": it does
}

// CreateCategory adds a category. Invalid for a parent that is not there or
// already on the deepest level; Exists (already_exists, "slug") for a slug that
// was asked for and is taken. Under a Key that made one before, it returns that
// one.
func (c *Catalog) CreateCategory(ctx context.Context, cmd CreateCategory) (SavedCategory, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedCategory{}, err
	}
	image, err := c.picture(ctx, cmd.Image, nil)
	if err != nil {
		return SavedCategory{}, err
	}
	made := catalog.Category{
		ID: id.Category{UUID: c.s.idOn(cmd.Key, "category")}, Slug: cmd.Slug, Name: cmd.Name, Description: cmd.Description, Parent: cmd.Parent,
		Image: image, SEO: cmd.SEO, Version: 1,
	}
	heard := c.s.listeners(ctx)
	mark, err := c.judged(ctx, func(ctx context.Context, tx ports.CatalogTx, old *catalog.Taxonomy) error {
		tree, err := c.tree(ctx, tx)
		if err != nil {
			return err
		}
		if before, again := tree.Category(made.ID); again {
			made = before
			return nil
		}
		if err := tree.CheckMove(id.Category{}, made.Parent); err != nil {
			return err
		}
		if cmd.Slug == "" {
			parent, _ := tree.Category(made.Parent)
			made.Slug = freeCategorySlug(parent.Slug, made.Name, func(slug string) bool {
				_, now := tree.CategoryBySlug(slug)
				_, once := old.CategoryBySlug(slug)
				return now || once
			})
		}
		if err := made.Validate(); err != nil {
			return err
		}
		var changed []catalog.Category
		made.Position, changed = place(tree, made, cmd.Position)
		if err := tx.Categories.SaveCategories(ctx, append(changed, made)...); err != nil {
			return err
		}
		return tx.Jobs.Add(ctx, c.s.tellCategory(ctx, heard, webhook.CategoryCreated, &made)...)
	})
	if err != nil {
		return SavedCategory{}, err
	}
	return c.savedCategory(ctx, made, mark), nil
}

// tree locks the category tree.
func (c *Catalog) tree(ctx context.Context, tx ports.CatalogTx) (*catalog.Taxonomy, error) {
	all, err := tx.Categories.TreeForUpdate(ctx)
	if err != nil {
		return nil, err
	}
	return catalog.NewTaxonomy(all, nil, nil, nil, nil), nil
}

// freeCategorySlug makes a slug of a category's name that is not taken: its
// own or, if that is, with its parent's before it.
func freeCategorySlug(parent, name string, taken func(string) bool) string {
	slug := catalog.Slugify(name)
	if slug != "" && !taken(slug) {
		return slug
	}
	for slug = range catalog.Slugs(parent+" "+name, "") {
		if !taken(slug) {
			break
		}
	}
	return slug
}

// place returns a category's position among its siblings, and those that have
// to make room for it, changed. The tree is as it was before.
func place(tree *catalog.Taxonomy, c catalog.Category, position *int) (at int, changed []catalog.Category) {
	siblings := slices.DeleteFunc(tree.Children(c.Parent), func(s id.Category) bool { return s == c.ID })
	at = len(siblings)
	if position != nil {
		at = max(0, min(*position, at))
	}
	for i, s := range siblings {
		if i >= at {
			i++
		}
		if sibling, _ := tree.Category(s); sibling.Position != i {
			sibling.Position = i
			sibling.Version++
			changed = append(changed, sibling)
		}
	}
	return at, changed
}

// picture returns the one image of a category or brand: the one it has, or an
// uploaded one.
func (c *Catalog) picture(ctx context.Context, wanted id.Image, has *catalog.Image) (*catalog.Image, error) {
	if wanted.IsZero() {
		return nil, nil
	}
	if has != nil && has.ID == wanted {
		return has, nil
	}
	found, err := c.album(ctx, []id.Image{wanted})
	if err != nil {
		return nil, err
	}
	img, ok := found[wanted]
	if !ok {
		return nil, fault.InvalidField("image_id", "unknown_reference", "is not an image")
	}
	return &img, nil
}

func (c *Catalog) savedCategory(ctx context.Context, saved catalog.Category, mark ports.Mark) SavedCategory {
	if !mark.IsZero() {
		c.s.Caches.TaxonomyChanged(ctx, mark)
	}
	view := CategoryView{Category: saved}
	if t, err := c.s.primaryTaxonomy(ctx, mark); err == nil { // the write is done, see saved
		counts, _ := c.s.Catalog.Taxonomy.ActiveCounts(ctx, mark)
		view = categoryView(t, counts, saved)
	}
	return SavedCategory{CategoryView: view, Mark: mark}
}

// ReplaceCategory asks for a category to be as given.
type ReplaceCategory struct {
	By          account.Actor
	Category    id.Category
	Version     int64  // 0: whatever is there
	Slug        string // "": as it is
	Name        string
	Description string
	Parent      id.Category // zero: a root
	Position    *int        // nil: as it is, or last among new siblings
	Image       id.Image    // zero: none
	SEO         catalog.SEO
}

// ReplaceCategory makes a category as given. Errors as of CreateCategory and
// MoveCategory; Stale (version_conflict).
func (c *Catalog) ReplaceCategory(ctx context.Context, cmd ReplaceCategory) (SavedCategory, error) {
	return c.PatchCategory(ctx, PatchCategory{
		By: cmd.By, Category: cmd.Category, Version: cmd.Version, Slug: given(cmd.Slug), Name: &cmd.Name, Description: &cmd.Description,
		Parent: &cmd.Parent, Position: cmd.Position, Image: &cmd.Image, SEO: &cmd.SEO,
	})
}

// PatchCategory asks for some members of a category to change: those that are
// not nil. A pointer to a zero value takes the member away.
type PatchCategory struct {
	By          account.Actor
	Category    id.Category
	Version     int64 // 0: whatever is there
	Slug        *string
	Name        *string
	Description *string
	Parent      *id.Category
	Position    *int
	Image       *id.Image
	SEO         *catalog.SEO
}

// PatchCategory changes some members of a category. Errors as of ReplaceCategory.
func (c *Catalog) PatchCategory(ctx context.Context, cmd PatchCategory) (SavedCategory, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedCategory{}, err
	}
	var image *catalog.Image
	if cmd.Image != nil {
		found, err := c.s.primaryTaxonomy(ctx, ports.Mark{})
		if err != nil {
			return SavedCategory{}, err
		}
		there, _ := found.Category(cmd.Category)
		if image, err = c.picture(ctx, *cmd.Image, there.Image); err != nil {
			return SavedCategory{}, err
		}
	}
	heard := c.s.listeners(ctx)
	var after catalog.Category
	mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		tree, err := c.tree(ctx, tx)
		if err != nil {
			return err
		}
		before, err := current(tree, cmd.Category, cmd.Version)
		if err != nil {
			return err
		}
		after = before
		put(&after.Slug, cmd.Slug)
		put(&after.Name, cmd.Name)
		put(&after.Description, cmd.Description)
		put(&after.Parent, cmd.Parent)
		put(&after.SEO, cmd.SEO)
		if cmd.Image != nil {
			after.Image = image
		}
		if cmd.Position != nil && *cmd.Position < 0 {
			return fault.InvalidField("position", "too_small", "must not be negative")
		}
		if err := after.Validate(); err != nil {
			return err
		}
		changed, err := c.moveWithin(tree, before, &after, cmd.Position)
		if err != nil {
			return err
		}
		after.Version++
		if err := tx.Categories.SaveCategories(ctx, append(changed, after)...); err != nil {
			return err
		}
		if err := tx.Jobs.Add(ctx, c.s.tellCategory(ctx, heard, webhook.CategoryUpdated, &after)...); err != nil {
			return err
		}
		if before.Name == after.Name && before.Slug == after.Slug && before.Parent == after.Parent {
			return nil
		}
		within, err := tx.Categories.ProductsIn(ctx, tree.Within(after.ID)...)
		if err != nil {
			return err
		}
		return c.s.concern(ctx, tx.Jobs, within)
	})
	if err != nil {
		return SavedCategory{}, err
	}
	return c.savedCategory(ctx, after, mark), nil
}

// moveWithin gives a category its position after a change of parent or
// position, and returns the siblings that make room.
func (c *Catalog) moveWithin(tree *catalog.Taxonomy, before catalog.Category, after *catalog.Category, position *int) (changed []catalog.Category, err error) {
	if after.Parent == before.Parent && position == nil {
		return nil, nil
	}
	if after.Parent != before.Parent {
		if err := tree.CheckMove(after.ID, after.Parent); err != nil {
			return nil, err
		}
	}
	after.Position, changed = place(tree, *after, position)
	return changed, nil
}

// current returns a category of the locked tree if it is the version its
// editor saw.
func current(tree *catalog.Taxonomy, category id.Category, version int64) (catalog.Category, error) {
	found, ok := tree.Category(category)
	switch {
	case !ok:
		return found, fault.Missing("category")
	case version != 0 && version != found.Version:
		return found, fault.VersionConflict(found.Version)
	}
	return found, nil
}

// MoveCategory asks for a category, with all below it, to stand elsewhere.
type MoveCategory struct {
	By       account.Actor
	Category id.Category
	Version  int64       // 0: whatever is there
	Parent   id.Category // zero: a root
	Position int         // among its siblings, from 0; beyond the last means last
}

// MoveCategory moves a category. Conflict (category_cycle) below itself;
// Invalid at parent_id for a parent that is not there or too deep a tree.
func (c *Catalog) MoveCategory(ctx context.Context, cmd MoveCategory) (SavedCategory, error) {
	return c.PatchCategory(ctx, PatchCategory{
		By: cmd.By, Category: cmd.Category, Version: cmd.Version, Parent: &cmd.Parent, Position: &cmd.Position,
	})
}

// DeleteCategory asks for a category to be forgotten.
type DeleteCategory struct {
	By       account.Actor
	Category id.Category
	Version  int64 // 0: whatever is there
}

// DeleteCategory removes an empty category with its attribute definitions.
// Conflict (in_use) while it has children or products.
func (c *Catalog) DeleteCategory(ctx context.Context, cmd DeleteCategory) (ports.Mark, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return ports.Mark{}, err
	}
	heard := c.s.listeners(ctx)
	mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		tree, err := c.tree(ctx, tx)
		if err != nil {
			return err
		}
		gone, err := current(tree, cmd.Category, cmd.Version)
		if err != nil {
			return err
		}
		if err := tx.Categories.DeleteCategory(ctx, cmd.Category); err != nil {
			return err
		}
		return tx.Jobs.Add(ctx, c.s.tellCategory(ctx, heard, webhook.CategoryDeleted, &gone)...)
	})
	if err == nil {
		c.s.Caches.TaxonomyChanged(ctx, mark)
	}
	return mark, err
}

// FindCategory asks an operator's question: a category by its id.
type FindCategory struct {
	By       account.Actor
	Category id.Category
}

// FindCategory returns a category from the primary.
func (c *Catalog) FindCategory(ctx context.Context, q FindCategory) (SavedCategory, error) {
	t, counts, err := c.primaryTree(ctx, q.By)
	if err != nil {
		return SavedCategory{}, err
	}
	found, ok := t.Category(q.Category)
	if !ok {
		return SavedCategory{}, fault.Missing("category")
	}
	return SavedCategory{CategoryView: categoryView(t, counts, found)}, nil
}

func (c *Catalog) primaryTree(ctx context.Context, by account.Actor) (*catalog.Taxonomy, map[id.Category]int, error) {
	if err := allow(by, account.CatalogRead); err != nil {
		return nil, nil, err
	}
	mark, err := c.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := c.s.Catalog.Taxonomy.Taxonomy(ctx, mark)
	if err != nil {
		return nil, nil, err
	}
	counts, err := c.s.Catalog.Taxonomy.ActiveCounts(ctx, mark)
	return t, counts, err
}

// BrowseCategories asks for all categories from the primary.
type BrowseCategories struct {
	By account.Actor
}

// BrowseCategories returns all categories in the order of the tree: each
// before those below it.
func (c *Catalog) BrowseCategories(ctx context.Context, q BrowseCategories) ([]CategoryView, error) {
	t, counts, err := c.primaryTree(ctx, q.By)
	if err != nil {
		return nil, err
	}
	all := []CategoryView{}
	var walk func(parent id.Category)
	walk = func(parent id.Category) {
		for _, child := range t.Children(parent) {
			category, _ := t.Category(child)
			all = append(all, categoryView(t, counts, category))
			walk(child)
		}
	}
	walk(id.Category{})
	return all, nil
}
