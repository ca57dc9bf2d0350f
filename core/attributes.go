package core

import (
	"cmp"
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// SavedAttribute is an attribute definition as a write left it.
type SavedAttribute struct {
	catalog.AttributeDefinition
	Created bool // it was not there before
	Mark    ports.Mark
}

// DefineAttribute asks for a definition on a category to be as given. It holds
// for the category and everything below it, unless a category below defines
// the same name anew.
type DefineAttribute struct {
	By       account.Actor
	Category id.Category
	Name     string
	Version  int64 // of the definition; 0: whatever is there, or nothing
	New      bool  // it must not be there yet, else Stale (version_conflict)

	Label         string // "": the name
	Type          catalog.AttributeType
	Unit          string
	Choices       []catalog.Choice // for Enum, at least one
	Required      bool
	Filterable    bool
	VariantOption bool
	Position      int
}

// DefineAttribute creates or replaces a definition. Values that products have
// already are left as they are; the next write of them must fit. NotFound for a
// category that is not there; Stale (version_conflict, current 0 when there is
// none) for another version.
func (c *Catalog) DefineAttribute(ctx context.Context, cmd DefineAttribute) (SavedAttribute, error) {
	d := catalog.AttributeDefinition{
		Category: cmd.Category, Name: cmd.Name, Label: cmp.Or(cmd.Label, cmd.Name), Type: cmd.Type, Unit: cmd.Unit,
		Choices: append([]catalog.Choice{}, cmd.Choices...), Required: cmd.Required, Filterable: cmd.Filterable,
		VariantOption: cmd.VariantOption, Position: cmd.Position,
	}
	created := false
	mark, err := c.changeDefinition(ctx, cmd.By, cmd.Category, cmd.Name, func(ctx context.Context, tx ports.CatalogTx, now *catalog.AttributeDefinition) error {
		if err := d.Validate(); err != nil {
			return err
		}
		created = now == nil
		switch {
		case now == nil && cmd.Version != 0:
			return fault.VersionConflict(0)
		case now != nil && (cmd.New || cmd.Version != 0 && cmd.Version != now.Version):
			return fault.VersionConflict(now.Version)
		}
		d.Version = 1
		if now != nil {
			d.Version = now.Version + 1
		}
		return tx.Attributes.SaveDefinitions(ctx, d)
	})
	if err != nil {
		return SavedAttribute{}, err
	}
	return SavedAttribute{AttributeDefinition: d, Created: created, Mark: mark}, nil
}

// changeDefinition changes a category's own definition of a name under the
// lock of the tree, and raises the category's version: whoever judged a product
// by the definition finds out. The index needs no product anew, only to be told
// of the definition: one job does that.
func (c *Catalog) changeDefinition(ctx context.Context, by account.Actor, category id.Category, name string, change func(context.Context, ports.CatalogTx, *catalog.AttributeDefinition) error) (ports.Mark, error) {
	if err := allow(by, account.CatalogWrite); err != nil {
		return ports.Mark{}, err
	}
	heard := c.s.listeners(ctx)
	mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		tree, err := c.tree(ctx, tx)
		if err != nil {
			return err
		}
		owner, err := current(tree, category, 0)
		if err != nil {
			return err
		}
		all, err := tx.Attributes.Definitions(ctx)
		if err != nil {
			return err
		}
		var now *catalog.AttributeDefinition
		if i := slices.IndexFunc(all, func(d catalog.AttributeDefinition) bool { return d.Category == category && d.Name == name }); i >= 0 {
			now = &all[i]
		}
		if err := change(ctx, tx, now); err != nil {
			return err
		}
		owner.Version++
		if err := tx.Categories.SaveCategories(ctx, owner); err != nil {
			return err
		}
		if err := tx.Jobs.Add(ctx, c.s.tellCategory(ctx, heard, webhook.CategoryUpdated, &owner)...); err != nil {
			return err
		}
		within, err := tx.Categories.ProductsIn(ctx, tree.Within(category)...)
		if err != nil {
			return err
		}
		return c.s.concern(ctx, tx.Jobs, within[:min(len(within), 1)])
	})
	if err != nil {
		return ports.Mark{}, err
	}
	c.s.Caches.TaxonomyChanged(ctx, mark)
	return mark, nil
}

// DropAttribute asks for a definition to be forgotten.
type DropAttribute struct {
	By       account.Actor
	Category id.Category
	Name     string
	Version  int64 // of the definition; 0: whatever is there
}

// DropAttribute removes a definition. Values of products stay stored until
// somebody writes them.
func (c *Catalog) DropAttribute(ctx context.Context, cmd DropAttribute) (ports.Mark, error) {
	return c.changeDefinition(ctx, cmd.By, cmd.Category, cmd.Name, func(ctx context.Context, tx ports.CatalogTx, now *catalog.AttributeDefinition) error {
		switch {
		case now == nil:
			return fault.Missing("attribute")
		case cmd.Version != 0 && cmd.Version != now.Version:
			return fault.VersionConflict(now.Version)
		}
		return tx.Attributes.DeleteDefinition(ctx, cmd.Category, cmd.Name)
	})
}

// FindAttribute asks for a definition as it stands on a category.
type FindAttribute struct {
	By       account.Actor
	Category id.Category
	Name     string
}

// FindAttribute returns a category's own definition, not an inherited one.
func (c *Catalog) FindAttribute(ctx context.Context, q FindAttribute) (SavedAttribute, error) {
	t, _, err := c.primaryTree(ctx, q.By)
	if err != nil {
		return SavedAttribute{}, err
	}
	if _, ok := t.Category(q.Category); !ok {
		return SavedAttribute{}, fault.Missing("category")
	}
	d, ok := t.Own(q.Category, q.Name)
	if !ok {
		return SavedAttribute{}, fault.Missing("attribute")
	}
	return SavedAttribute{AttributeDefinition: d}, nil
}
