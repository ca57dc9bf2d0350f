package core

import (
	"context"
	"strings"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
)

// prepared is a line with what can be said of it before its product is known.
type prepared struct {
	*feed.Line
	brand    id.Brand
	category id.Category        // that it names
	values   catalog.Attributes // in that category
	reject   *feed.Reject       // why it has no values there; nil: it has
}

// prepareAll sends the feed's lines in batches.
func (r *importRun) prepareAll(ctx context.Context, batches chan<- batch) error {
	b := batch{lines: make([]prepared, 0, chunkLines)}
	send := func() error {
		select {
		case batches <- b:
			b = batch{lines: make([]prepared, 0, chunkLines)}
			return nil
		case <-ctx.Done():
			return fault.Wrap(fault.Canceled, "core.import", ctx.Err())
		}
	}
	err := r.each(ctx, func(e fed) error {
		l, reject := e.line, e.reject
		if l != nil {
			b.unknown += l.Unknown
			if reject = r.currencyOf(l); reject == nil && !r.survey.First(l) {
				reject = l.Reject("duplicate", "an earlier line has the same sku")
			}
		}
		if reject != nil {
			b.rejects = append(b.rejects, *reject)
		} else {
			b.lines = append(b.lines, r.prepare(l))
		}
		if len(b.lines)+len(b.rejects) < chunkLines {
			return nil
		}
		return send()
	})
	if err != nil {
		return err
	}
	return send()
}

func (r *importRun) prepare(l *feed.Line) prepared {
	p := prepared{Line: l, category: r.categories[pathKey(l.Category)]}
	if l.Brand != "" {
		p.brand = r.brands[feed.BrandKey(l.Brand)]
	}
	p.values, p.reject = r.values(l, p.category)
	return p
}

// values are those of a new variant in a category. One that does not fit its
// definition is a reject, and so is a required one that is not there.
func (r *importRun) values(l *feed.Line, category id.Category) (catalog.Attributes, *feed.Reject) {
	values := make(catalog.Attributes, len(l.Attributes))
	for i := range l.Attributes {
		a := &l.Attributes[i]
		if category.IsZero() {
			values[a.Name] = a.Value
			continue
		}
		d := r.taxonomy.Definition(category, a.Name)
		if d == nil {
			return nil, l.Reject("unknown_reference", "attributes."+a.Name+" is not defined for the product's category")
		}
		v, ok := d.Fit(a.Value)
		if !ok {
			code, message := d.Accepts(a.Value)
			return nil, l.Reject(code, "attributes."+a.Name+" "+message)
		}
		values[a.Name] = v
	}
	if l.Status == string(catalog.Draft) || l.Status == string(catalog.Archived) {
		return values, nil
	}
	for _, d := range r.taxonomy.Required(category) {
		if _, ok := values[d.Name]; !ok && !hasOption(l, d.Name) {
			return nil, l.Reject("required", "attributes."+d.Name+" is required by the category")
		}
	}
	return values, nil
}

func hasOption(l *feed.Line, name string) bool {
	for _, o := range l.Options {
		if o.Name == name {
			return true
		}
	}
	return false
}

// pathKey is a category's path as one text.
func pathKey(path []string) string { return strings.Join(path, "\x00") }
