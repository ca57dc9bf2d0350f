package catalog

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// A store keeps a product as one JSON document, so that reading it is reading
// one column. Zero members are left out, amounts are [minor, currency], times
// microseconds. Members may be added later: a program that does not know one
// skips it.

// AppendDocument appends the document of a product.
func (p *Product) AppendDocument(b []byte) []byte {
	d := document{b}
	d.product(p)
	return d.b
}

// ParseDocument reads what AppendDocument wrote. Nothing of b is kept. The
// product's texts, but for SKUs, are parts of one copy of it: whoever keeps one of
// them for long clones it.
func ParseDocument(b []byte) (Product, error) {
	s := scanner{b: b, copied: string(b)}
	p := s.product()
	return p, s.end()
}

// AppendOptions appends the document of a variant's options, for what an offer
// says of them.
func AppendOptions(b []byte, options []Option) []byte {
	d := document{b}
	d.options(options)
	return d.b
}

// ParseOptions reads what AppendOptions wrote; the list is not nil.
func ParseOptions(b []byte) ([]Option, error) {
	s := scanner{b: b}
	options := s.options()
	return options, s.end()
}

// AppendDocument appends the document of an image.
func (img *Image) AppendDocument(b []byte) []byte {
	d := document{b}
	d.image(img)
	return d.b
}

// ParseImage reads what Image.AppendDocument wrote.
func ParseImage(b []byte) (Image, error) {
	s := scanner{b: b}
	img := s.image()
	return img, s.end()
}

// document writes JSON.
type document struct{ b []byte }

// element begins a member or an element: a comma unless it is the first.
func (d *document) element() {
	if last := d.b[len(d.b)-1]; last != '{' && last != '[' {
		d.b = append(d.b, ',')
	}
}

// key begins a member. Names that come from outside are written with text.
func (d *document) key(name string) {
	d.element()
	d.b = append(d.b, '"')
	d.b = append(d.b, name...)
	d.b = append(d.b, '"', ':')
}

func (d *document) text(name, v string) {
	if v != "" {
		d.key(name)
		d.b = appendText(d.b, v)
	}
}

func (d *document) int(name string, v int64) {
	if v != 0 {
		d.key(name)
		d.b = strconv.AppendInt(d.b, v, 10)
	}
}

func (d *document) bool(name string, v bool) {
	if v {
		d.key(name)
		d.b = append(d.b, "true"...)
	}
}

func (d *document) uuid(name string, u id.UUID) {
	if !u.IsZero() {
		d.text(name, u.String())
	}
}

func (d *document) time(name string, t time.Time) {
	if !t.IsZero() {
		d.key(name)
		d.b = strconv.AppendInt(d.b, t.UnixMicro(), 10)
	}
}

func (d *document) amount(name string, a money.Amount) {
	if !a.IsNone() {
		d.key(name)
		d.b = append(d.b, '[')
		d.b = strconv.AppendInt(d.b, a.Minor(), 10)
		d.b = append(d.b, ',')
		d.b = appendText(d.b, string(a.Currency()))
		d.b = append(d.b, ']')
	}
}

// list writes an array of n elements, or nothing if there are none.
func (d *document) list(name string, n int, write func(i int)) {
	if n == 0 {
		return
	}
	d.key(name)
	d.b = append(d.b, '[')
	for i := range n {
		d.element()
		write(i)
	}
	d.b = append(d.b, ']')
}

func (d *document) attributes(as Attributes) {
	if len(as) == 0 {
		return
	}
	d.key("attributes")
	d.b = append(d.b, '{')
	var few [64]string // as nearly all have fewer
	names := few[:0]
	for name := range as {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		d.element()
		d.b = appendText(d.b, name)
		d.b = append(d.b, ':')
		switch v := as[name]; v.Type() {
		case Number:
			n, _ := v.Number()
			d.b = strconv.AppendFloat(d.b, n, 'g', -1, 64)
		case Boolean:
			yes, _ := v.Boolean()
			d.b = strconv.AppendBool(d.b, yes)
		default:
			d.b = appendText(d.b, v.String())
		}
	}
	d.b = append(d.b, '}')
}

func (d *document) images(images []Image) {
	d.list("images", len(images), func(i int) { d.image(&images[i]) })
}

// image has the members of Image's own JSON.
func (d *document) image(img *Image) {
	d.b = append(d.b, '{')
	d.uuid("id", img.ID.UUID)
	d.text("key", img.Key)
	d.text("url", img.URL)
	d.text("alt", img.Alt)
	d.int("width", int64(img.Width))
	d.int("height", int64(img.Height))
	d.list("sizes", len(img.Sizes), func(i int) {
		d.b = append(d.b, '{')
		d.int("width", int64(img.Sizes[i].Width))
		d.text("key", img.Sizes[i].Key)
		d.b = append(d.b, '}')
	})
	d.b = append(d.b, '}')
}

// options have the members of Option's own JSON.
func (d *document) options(options []Option) {
	d.b = append(d.b, '[')
	for _, o := range options {
		d.element()
		d.b = append(d.b, '{')
		d.text("name", o.Name)
		d.text("value", o.Value)
		d.b = append(d.b, '}')
	}
	d.b = append(d.b, ']')
}

func (d *document) product(p *Product) {
	d.b = append(d.b, '{')
	d.uuid("id", p.ID.UUID)
	d.text("slug", p.Slug)
	d.text("name", p.Name)
	d.text("status", string(p.Status))
	d.int("version", p.Version)
	d.uuid("brand", p.Brand.UUID)
	d.uuid("category", p.Category.UUID)
	d.amount("price", p.BasePrice)
	d.amount("compare_at", p.CompareAt)
	d.bool("featured", p.Featured)
	d.text("family", p.Family)
	d.int("rating", int64(p.Rating.Average))
	d.int("ratings", int64(p.Rating.Count))
	d.int("popularity", p.Popularity)
	d.time("released", p.Released)
	d.time("created_at", p.CreatedAt)
	d.time("updated_at", p.UpdatedAt)
	d.text("description", p.Description)
	d.text("seo_title", p.SEO.Title)
	d.text("seo_description", p.SEO.Description)
	d.attributes(p.Attributes)
	d.images(p.Images)
	d.list("variants", len(p.Variants), func(i int) { d.variant(&p.Variants[i]) })
	d.b = append(d.b, '}')
}

func (d *document) variant(v *Variant) {
	d.b = append(d.b, '{')
	d.uuid("id", v.ID.UUID)
	d.text("sku", string(v.SKU))
	d.text("title", v.Title)
	d.text("status", string(v.Status))
	d.amount("price", v.PriceOverride)
	d.amount("compare_at", v.CompareAt)
	if len(v.Options) > 0 {
		d.key("options")
		d.options(v.Options)
	}
	d.attributes(v.Attributes)
	d.images(v.Images)
	d.list("ean", len(v.EAN), func(i int) { d.b = appendText(d.b, v.EAN[i]) })
	d.b = append(d.b, '}')
}

func (s *scanner) product() Product {
	p := Product{Attributes: Attributes{}, Images: []Image{}, Variants: []Variant{}}
	s.object(func(name []byte) {
		switch string(name) {
		case "id":
			p.ID.UUID = s.uuid()
		case "slug":
			p.Slug = s.text()
		case "name":
			p.Name = s.text()
		case "status":
			p.Status = Status(s.text())
		case "version":
			p.Version = s.int()
		case "brand":
			p.Brand.UUID = s.uuid()
		case "category":
			p.Category.UUID = s.uuid()
		case "price":
			p.BasePrice = s.amount()
		case "compare_at":
			p.CompareAt = s.amount()
		case "featured":
			p.Featured = s.bool()
		case "family":
			p.Family = s.text()
		case "rating":
			p.Rating.Average = int(s.int())
		case "ratings":
			p.Rating.Count = int(s.int())
		case "popularity":
			p.Popularity = s.int()
		case "released":
			p.Released = s.time()
		case "created_at":
			p.CreatedAt = s.time()
		case "updated_at":
			p.UpdatedAt = s.time()
		case "description":
			p.Description = s.text()
		case "seo_title":
			p.SEO.Title = s.text()
		case "seo_description":
			p.SEO.Description = s.text()
		case "attributes":
			p.Attributes = s.attributes()
		case "images":
			p.Images = s.images()
		case "variants":
			s.array(func() { p.Variants = append(p.Variants, s.variant()) })
		default:
			s.skip()
		}
	})
	return p
}

func (s *scanner) variant() Variant {
	v := Variant{Options: []Option{}, Attributes: Attributes{}, Images: []Image{}, EAN: []string{}}
	s.object(func(name []byte) {
		switch string(name) {
		case "id":
			v.ID.UUID = s.uuid()
		case "sku":
			v.SKU = id.SKU(strings.Clone(s.text())) // many keep one
		case "title":
			v.Title = s.text()
		case "status":
			v.Status = VariantStatus(s.text())
		case "price":
			v.PriceOverride = s.amount()
		case "compare_at":
			v.CompareAt = s.amount()
		case "options":
			v.Options = s.options()
		case "attributes":
			v.Attributes = s.attributes()
		case "images":
			v.Images = s.images()
		case "ean":
			s.array(func() { v.EAN = append(v.EAN, s.text()) })
		default:
			s.skip()
		}
	})
	return v
}

func (s *scanner) time() time.Time { return time.UnixMicro(s.int()).UTC() }

func (s *scanner) amount() money.Amount {
	var minor int64
	var currency money.Currency
	i := 0
	s.array(func() {
		switch i++; i {
		case 1:
			minor = s.int()
		case 2:
			currency = money.Currency(s.text())
		default:
			s.skip()
		}
	})
	return money.New(minor, currency)
}

func (s *scanner) attributes() Attributes {
	type attribute struct {
		name  string
		value Value
	}
	var room [32]attribute // so that the map is made once, as large as it has to be
	found := room[:0]
	s.object(func(name []byte) {
		a := attribute{name: s.string(name)}
		switch s.next() {
		case '"':
			a.value = Text(s.text())
		case 't', 'f':
			a.value = Bool(s.bool())
		default:
			a.value = Num(s.float())
		}
		found = append(found, a)
	})
	as := make(Attributes, len(found))
	for i := range found {
		as[found[i].name] = found[i].value
	}
	return as
}

func (s *scanner) options() []Option {
	options := []Option{}
	s.array(func() {
		var o Option
		s.object(func(name []byte) {
			switch string(name) {
			case "name":
				o.Name = s.text()
			case "value":
				o.Value = s.text()
			default:
				s.skip()
			}
		})
		options = append(options, o)
	})
	return options
}

func (s *scanner) images() []Image {
	images := []Image{}
	s.array(func() { images = append(images, s.image()) })
	return images
}

func (s *scanner) image() Image {
	var img Image
	s.object(func(name []byte) {
		switch string(name) {
		case "id":
			img.ID.UUID = s.uuid()
		case "key":
			img.Key = s.text()
		case "url":
			img.URL = s.text()
		case "alt":
			img.Alt = s.text()
		case "width":
			img.Width = int(s.int())
		case "height":
			img.Height = int(s.int())
		case "sizes":
			s.array(func() {
				var size ImageSize
				s.object(func(name []byte) {
					switch string(name) {
					case "width":
						size.Width = int(s.int())
					case "key":
						size.Key = s.text()
					default:
						s.skip()
					}
				})
				img.Sizes = append(img.Sizes, size)
			})
		default:
			s.skip()
		}
	})
	return img
}
