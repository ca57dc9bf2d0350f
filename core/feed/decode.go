package feed

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/money"
)

// Decoder reads lines. It remembers the names it met, so one Decoder should
// read a whole feed; it is not safe for concurrent use.
type Decoder struct {
	scan  scanner
	names map[string]attributeName // of attributes and options, as fed
	room  []Attribute              // for those of the line being read
}

// attributeName is what a feed calls an attribute, and what it is kept by.
type attributeName struct{ label, name string }

// NewDecoder returns a Decoder that has met nothing yet.
func NewDecoder() *Decoder {
	return &Decoder{scan: scanner{seen: map[string]string{}}, names: map[string]attributeName{}}
}

// Decode reads and checks one line, given without its end. The answer shares
// nothing with data. A line that cannot be taken is a Reject.
func (d *Decoder) Decode(number int, data []byte) (*Line, *Reject) {
	l := &Line{Number: number}
	d.scan.data, d.scan.pos = data, 0
	at := ""
	err := d.scan.object(func(name []byte) error {
		at = string(name)
		return d.member(l, at)
	})
	if err == nil && !d.scan.end() {
		at, err = "", errSyntax
	}
	if err != nil {
		p, ok := errors.AsType[*problem](err)
		if !ok {
			p = &problem{"malformed_json", err.Error()}
		}
		if p == errSyntax || at == "" {
			return nil, l.Reject(p.code, "the line "+p.message)
		}
		return nil, l.Reject(p.code, strings.ToValidUTF8(at[:min(len(at), 100)], "")+" "+p.message)
	}
	if r := l.check(); r != nil {
		return nil, r
	}
	return l, nil
}

// member reads the value of one member. null is as if it were not there.
func (d *Decoder) member(l *Line, name string) error {
	s := &d.scan
	if null, err := s.null(); null || err != nil {
		return err
	}
	text := func(m Members, to *string) error {
		v, err := s.str()
		*to = v
		l.Said |= m
		return err
	}
	word := func(m Members, to *string) error {
		v, err := s.word()
		*to = v
		l.Said |= m
		return err
	}
	var err error
	switch name {
	case "sku":
		return text(MemberSKU, (*string)(&l.SKU))
	case "title":
		return text(MemberTitle, &l.Title)
	case "price":
		l.Said |= MemberPrice
		l.Price, err = s.amount()
	case "base_price":
		l.BasePrice, err = s.amount()
	case "compare_at_price":
		l.Said |= MemberCompareAt
		l.CompareAt, err = s.amount()
	case "name":
		return text(MemberName, &l.Name)
	case "brand":
		return word(MemberBrand, &l.Brand)
	case "category":
		l.Said |= MemberCategory
		l.Category, err = s.list(s.word)
	case "description":
		return text(MemberDescription, &l.Description)
	case "ean":
		l.Said |= MemberEAN
		l.EAN, err = s.list(s.str)
	case "image":
		var one string
		if one, err = s.str(); one != "" {
			l.Said |= MemberImages
			l.Images = append([]string{one}, l.Images...)
		}
	case "images":
		var more []string
		more, err = s.list(s.str)
		l.Said |= MemberImages
		l.Images = append(l.Images, more...)
	case "released":
		l.Said |= MemberReleased
		l.Released, err = s.date()
	case "attributes":
		l.Said |= MemberAttributes
		err = d.attributes(l)
	case "family":
		return text(MemberFamily, &l.Family)
	case "options":
		l.Said |= MemberOptions
		err = d.options(l)
	case "stock":
		var n int64
		l.Said |= MemberStock
		n, err = s.integer()
		l.Stock = int(n)
	case "status":
		return word(MemberStatus, &l.Status)
	case "variant_status":
		return word(MemberVariantStatus, (*string)(&l.VariantStatus))
	case "featured":
		l.Said |= MemberFeatured
		l.Featured, err = s.boolean()
	case "slug":
		err = text(MemberSlug, &l.Slug)
		l.Slug = catalog.FitSlug(l.Slug)
	case "seo":
		l.Said |= MemberSEO
		err = d.seo(l)
	default:
		l.Unknown++
		err = s.skip(0)
	}
	return err
}

// attributes reads the values. Of two names that are kept under one, the first
// counts; an empty text is no value.
func (d *Decoder) attributes(l *Line) error {
	s := &d.scan
	d.room = append(d.room[:0], l.Attributes...)
	err := s.object(func(raw []byte) error {
		n := d.name(raw)
		v, ok, err := s.value()
		switch {
		case err != nil:
			return err
		case !ok:
			return nil
		case len(d.room) == maxAttributes:
			return &problem{"too_long", "has more than 1000 members"}
		}
		for i := range d.room {
			if d.room[i].Name == n.name {
				l.Unknown++
				return nil
			}
		}
		d.room = append(d.room, Attribute{n.name, n.label, v})
		return nil
	})
	l.Attributes = slices.Clone(d.room)
	return err
}

// name returns the name an attribute is kept by.
func (d *Decoder) name(raw []byte) attributeName {
	if known, ok := d.names[string(raw)]; ok {
		return known
	}
	n := attributeName{label: string(raw), name: keptBy(string(raw))}
	if len(d.names) < maxSeen {
		d.names[n.label] = n
	}
	return n
}

// keptBy returns the name for what a feed calls an attribute. One without a
// Latin letter or a digit gets a name that stays the same from feed to feed.
func keptBy(label string) string {
	if catalog.ValidAttributeName(label) {
		return label
	}
	if name := catalog.AttributeName(label); name != "" {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(label))
	return fmt.Sprintf("x_%08x", h.Sum32())
}

func (d *Decoder) options(l *Line) error {
	s := &d.scan
	l.Options = nil
	return s.object(func(raw []byte) error {
		n := d.name(raw)
		v, ok, err := s.value()
		switch {
		case err != nil:
			return err
		case !ok:
			return nil
		case len(l.Options) == maxOptions:
			return &problem{"too_long", "has more than 10 members"}
		}
		for _, o := range l.Options {
			if o.Name == n.name {
				return &problem{"duplicate", "has " + n.name + " twice"}
			}
		}
		l.Options = append(l.Options, catalog.Option{Name: n.name, Value: s.intern([]byte(v.String()))})
		return nil
	})
}

func (d *Decoder) seo(l *Line) error {
	s := &d.scan
	return s.object(func(name []byte) error {
		to := &l.SEO.Title
		switch string(name) {
		case "title":
		case "description":
			to = &l.SEO.Description
		default:
			l.Unknown++
			return s.skip(0)
		}
		if null, err := s.null(); null || err != nil {
			return err
		}
		var err error
		*to, err = s.str()
		return err
	})
}

// value reads a string, number or boolean; ok is false for null and the empty text.
func (s *scanner) value() (v catalog.Value, ok bool, err error) {
	switch c := s.peek(); c {
	case '"':
		text, err := s.text()
		if err != nil || len(text) == 0 {
			return v, false, err
		}
		if len(text) <= 32 {
			return catalog.Text(s.intern(text)), true, nil
		}
		return catalog.Text(string(text)), true, nil
	case 't', 'f':
		b, err := s.boolean()
		return catalog.Bool(b), true, err
	case 'n':
		return v, false, s.literal("null")
	case '{', '[':
		return v, false, s.unexpected("strings, numbers and booleans")
	default:
		n, err := s.float()
		return catalog.Num(n), true, err
	}
}

func (s *scanner) amount() (money.Amount, error) {
	var minor int64
	var currency string
	var has [2]bool
	err := s.object(func(name []byte) error {
		var err error
		switch string(name) {
		case "amount":
			has[0] = true
			minor, err = s.integer()
		case "currency":
			has[1] = true
			currency, err = s.word()
		default:
			err = s.skip(0)
		}
		return err
	})
	if err == nil && has != [2]bool{true, true} {
		err = &problem{"required", "needs amount and currency"}
	}
	return money.New(minor, money.Currency(currency)), err
}

func (s *scanner) list(element func() (string, error)) ([]string, error) {
	all := []string{}
	err := s.array(func() error {
		v, err := element()
		all = append(all, v)
		return err
	})
	return all, err
}

// date reads a date or a time; a date is its midnight in UTC.
func (s *scanner) date() (time.Time, error) {
	b, err := s.text()
	if err != nil {
		return time.Time{}, err
	}
	layout := time.RFC3339
	if len(b) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, string(b))
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, &problem{"pattern", "must be a date or an RFC 3339 time"}
	}
	return t.UTC().Truncate(time.Microsecond), nil
}
