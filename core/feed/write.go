package feed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// Entry is a product with what its lines need to be understood elsewhere.
type Entry struct {
	catalog.Product
	Brand    string                     // name
	Category []string                   // names from the root
	Label    func(name string) string   // what an attribute is called; nil: its name
	OnHand   map[string]int             // by id.SKU.Fold; SKUs that never had stock are left out
	ImageURL func(catalog.Image) string // "": the image is left out
}

// Writer writes products as lines that a Reader reads. Nothing is written for
// sure before Flush.
type Writer struct {
	out *bufio.Writer
	enc *json.Encoder
}

// NewWriter returns a Writer.
func NewWriter(w io.Writer) *Writer {
	out := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &Writer{out, enc}
}

// Flush hands on what is not yet written.
func (w *Writer) Flush() error { return w.out.Flush() }

// row is a line's JSON.
type row struct {
	SKU           id.SKU                `json:"sku"`
	Title         string                `json:"title"`
	Name          string                `json:"name,omitempty"`
	Price         money.Amount          `json:"price"`
	CompareAt     *money.Amount         `json:"compare_at_price,omitempty"`
	BasePrice     *money.Amount         `json:"base_price,omitempty"`
	Brand         string                `json:"brand,omitempty"`
	Category      []string              `json:"category,omitempty"`
	Description   string                `json:"description,omitempty"`
	EAN           []string              `json:"ean,omitempty"`
	Images        []string              `json:"images,omitempty"`
	Released      *time.Time            `json:"released,omitempty"`
	Attributes    catalog.Attributes    `json:"attributes,omitempty"`
	Family        string                `json:"family,omitempty"`
	Options       options               `json:"options,omitempty"`
	Stock         *int                  `json:"stock,omitempty"`
	Status        catalog.Status        `json:"status,omitempty"`
	VariantStatus catalog.VariantStatus `json:"variant_status,omitempty"`
	Featured      bool                  `json:"featured,omitempty"`
	Slug          string                `json:"slug,omitempty"`
	SEO           *catalog.SEO          `json:"seo,omitempty"`
}

// options is an object whose members stay in order.
type options []catalog.Option

// MarshalJSON writes {"color":"red"}.
func (o options) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(one.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Write writes a product's lines, the first of which speaks for the product.
func (w *Writer) Write(e Entry) error {
	for i := range e.Variants {
		v := &e.Variants[i]
		r := row{
			SKU: v.SKU, Title: v.Title, Price: e.Price(v), EAN: v.EAN, Family: e.family(), Options: v.Options,
			Attributes: e.attributes(v), Images: e.addresses(v.Images),
		}
		if r.Title == "" {
			r.Title = e.Name
		}
		if !v.CompareAt.IsNone() {
			r.CompareAt = &v.CompareAt
		}
		if v.Status != catalog.VariantActive {
			r.VariantStatus = v.Status
		}
		if n, ok := e.OnHand[v.SKU.Fold()]; ok {
			r.Stock = &n
		}
		if i == 0 {
			e.speakForProduct(&r)
		}
		if err := w.enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func (e *Entry) speakForProduct(r *row) {
	if r.Price != e.BasePrice {
		r.BasePrice = &e.BasePrice
	}
	if r.Title != e.Name {
		r.Name = e.Name
	}
	r.Brand, r.Category, r.Description = e.Brand, e.Category, e.Description
	r.Featured, r.Slug, r.Images = e.Featured, e.Slug, e.addresses(e.Images)
	r.CompareAt, r.Released, r.SEO = nil, nil, nil
	if !e.CompareAt.IsNone() {
		r.CompareAt = &e.CompareAt
	}
	if !e.Released.IsZero() {
		r.Released = &e.Released
	}
	if e.SEO != (catalog.SEO{}) {
		r.SEO = &e.SEO
	}
	if e.Status != catalog.Active {
		r.Status = e.Status
	}
}

// family is what holds the product's lines together.
func (e *Entry) family() string {
	if e.Family == "" && len(e.Variants) > 1 {
		return e.Slug
	}
	return e.Family
}

// attributes is all the variant is, under names that make the same definitions.
func (e *Entry) attributes(v *catalog.Variant) catalog.Attributes {
	all := e.Effective(v)
	if e.Label == nil {
		return all
	}
	named := make(catalog.Attributes, len(all))
	for name, value := range all {
		if fed := e.Label(name); fed != label(name, name) && keptBy(fed) == name {
			name = fed
		}
		named[name] = value
	}
	return named
}

func (e *Entry) addresses(images []catalog.Image) []string {
	var all []string
	for _, i := range images {
		address := i.URL
		if e.ImageURL != nil {
			address = e.ImageURL(i)
		}
		if address != "" {
			all = append(all, address)
		}
	}
	return all
}
