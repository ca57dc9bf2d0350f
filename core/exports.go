package core

import (
	"context"
	"io"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// ExportCatalog asks for the whole catalogue as a feed.
type ExportCatalog struct {
	By       account.Actor
	To       io.Writer
	ImageURL func(catalog.Image) string // where a picture is, "": nowhere; nil: only pictures of other sites are named
	Progress func(lines int)            // called now and then; nil: not
}

// Exported counts what was written.
type Exported struct {
	Products int
	Lines    int // variants
}

// Export writes every product, whatever its status, one variant a line, so
// that importing it into an empty shop of the same currency makes the same
// catalogue. It streams: To sees lines while the store is being read.
func (im *Imports) Export(ctx context.Context, cmd ExportCatalog) (Exported, error) {
	if err := allow(cmd.By, account.CatalogRead); err != nil {
		return Exported{}, err
	}
	taxonomy, err := im.s.primaryTaxonomy(ctx, ports.Mark{})
	if err != nil {
		return Exported{}, err
	}
	var done Exported
	out := feed.NewWriter(cmd.To)
	batch := make([]catalog.Product, 0, exportBatch)
	flush := func() error {
		var skus []id.SKU
		for i := range batch {
			skus = append(skus, batch[i].SKUs()...)
		}
		levels, err := im.s.levels(ctx, skus)
		if err != nil {
			return err
		}
		onHand := make(map[string]int, len(levels))
		for sku, l := range levels {
			onHand[sku] = l.OnHand
		}
		for i := range batch {
			if err := out.Write(entry(taxonomy, batch[i], onHand, cmd.ImageURL)); err != nil {
				return fault.Wrap(fault.Canceled, "core.Export", err) // nobody takes the lines
			}
			done.Products++
			done.Lines += len(batch[i].Variants)
		}
		batch = batch[:0]
		if cmd.Progress != nil {
			cmd.Progress(done.Lines)
		}
		return nil
	}
	err = im.s.Catalog.Records.All(ctx, func(p catalog.Product) error {
		if batch = append(batch, p); len(batch) < exportBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		if failed := out.Flush(); failed != nil {
			err = fault.Wrap(fault.Canceled, "core.Export", failed)
		}
	}
	return done, err
}

// exportBatch is how many products are written at once.
const exportBatch = 200

func entry(t *catalog.Taxonomy, p catalog.Product, onHand map[string]int, imageURL func(catalog.Image) string) feed.Entry {
	e := feed.Entry{Product: p, OnHand: onHand, ImageURL: imageURL, Label: func(name string) string {
		if d := t.Definition(p.Category, name); d != nil {
			return d.Label
		}
		return name
	}}
	if b, ok := t.Brand(p.Brand); ok {
		e.Brand = b.Name
	}
	for _, c := range t.Path(p.Category) {
		e.Category = append(e.Category, c.Name)
	}
	return e
}
