package catalog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bodega-commerce/bodega/core/fault"
)

var attributePattern = regexp.MustCompile(`^[a-z0-9_]{1,100}$`)

// ValidAttributeName reports whether an attribute or option can have the name.
func ValidAttributeName(name string) bool { return attributePattern.MatchString(name) }

// maxChoices bounds the values of an enum.
const maxChoices = 1000

// Validate answers Invalid with everything that is wrong with the definition.
func (d *AttributeDefinition) Validate() error {
	var f fault.Fields
	if !ValidAttributeName(d.Name) {
		f.Add("name", "pattern", "must be 1 to 100 lower-case letters, digits and '_'")
	}
	checkText(&f, "label", d.Label, MaxName)
	checkText(&f, "unit", d.Unit, maxUnit)
	switch d.Type {
	case String, Number, Boolean:
		if len(d.Choices) > 0 {
			f.Add("choices", "unknown_field", "only an enum has choices")
		}
	case Enum:
		d.checkChoices(&f)
	default:
		f.Add("type", "enum", "must be string, number, boolean or enum")
	}
	return f.Err()
}

func (d *AttributeDefinition) checkChoices(f *fault.Fields) {
	switch {
	case len(d.Choices) == 0:
		f.Add("choices", "required", "an enum needs choices")
	case len(d.Choices) > maxChoices:
		f.Add("choices", "too_long", "must be at most 1000")
		return
	}
	seen := make(map[string]bool, len(d.Choices))
	for i, c := range d.Choices {
		at := "choices[" + strconv.Itoa(i) + "]"
		if c.Value == "" {
			f.Add(at+".value", "required", "is required")
		}
		checkText(f, at+".value", c.Value, MaxOptionValue)
		checkText(f, at+".label", c.Label, MaxName)
		if seen[c.Value] {
			f.Add(at+".value", "duplicate", "comes twice")
		}
		seen[c.Value] = true
	}
}

// Accepts tells what is wrong with a value of the attribute: the code and the
// message of a fault.Field, both empty when it fits.
func (d *AttributeDefinition) Accepts(v Value) (code, message string) {
	want := d.Type
	if want == Enum {
		want = String
	}
	if v.Type() != want {
		return "type", "must be a " + string(want)
	}
	if d.Type == Enum && !slices.ContainsFunc(d.Choices, func(c Choice) bool { return c.Value == v.text }) {
		return "enum", "is none of the choices"
	}
	return "", ""
}

// Fit returns the value as the attribute's type has it: every value can be a
// string. ok is false for one that would have to be guessed.
func (d *AttributeDefinition) Fit(v Value) (fitting Value, ok bool) {
	if d.Type == String {
		return Text(v.String()), true
	}
	code, _ := d.Accepts(v)
	return v, code == ""
}

// Check returns everything that is wrong with a product by itself: texts,
// slug, prices, statuses, SKUs and options. References and attribute
// definitions are for Taxonomy.Misfits, the shop's currency for who knows it.
func (p *Product) Check() []fault.Field {
	var f fault.Fields
	checkSlug(&f, p.Slug)
	checkName(&f, "name", p.Name)
	checkText(&f, "description", p.Description, MaxDescription)
	switch p.Status {
	case Draft, Active, Archived:
	default:
		f.Add("status", "enum", "must be draft, active or archived")
	}
	if p.BasePrice.IsNone() {
		f.Add("base_price", "required", "is required")
	} else {
		f.Join("base_price", p.BasePrice.Validate())
	}
	if !p.CompareAt.IsNone() {
		f.Join("compare_at_price", p.CompareAt.Validate())
	}
	p.SEO.check(&f)
	p.Attributes.check(&f, "attributes")
	if len(p.Images) > maxImages {
		f.Add("images", "too_long", "must be at most 250")
	}
	switch n := len(p.Variants); {
	case n == 0:
		f.Add("variants", "required", "a product needs a variant")
	case n > MaxVariants:
		f.Add("variants", "too_long", "must be at most 2000")
		return f.List()
	}
	skus := make(map[string]bool, len(p.Variants))
	options := make(map[string]bool, len(p.Variants))
	for i := range p.Variants {
		v := &p.Variants[i]
		at := "variants[" + strconv.Itoa(i) + "]"
		v.check(&f, at)
		if skus[v.SKU.Fold()] {
			f.Add(at+".sku", "duplicate", "comes twice")
		}
		skus[v.SKU.Fold()] = true
		if key := OptionKey(v.Options); options[key] {
			f.Add(at+".options", "duplicate", "another variant has the same options")
		} else {
			options[key] = true
		}
	}
	return f.List()
}

// The most a product may have.
const (
	MaxVariants   = 2000
	maxOptions    = 10
	maxAttributes = 1000
	maxImages     = 250
	maxEANs       = 250
)

var eanPattern = regexp.MustCompile(`^[0-9]{8,14}$`)

func (v *Variant) check(f *fault.Fields, at string) {
	f.Join(at, v.SKU.Validate())
	checkText(f, at+".title", v.Title, MaxName)
	switch v.Status {
	case VariantActive, VariantDisabled, VariantArchived:
	default:
		f.Add(at+".status", "enum", "must be active, disabled or archived")
	}
	if !v.PriceOverride.IsNone() {
		f.Join(at+".price", v.PriceOverride.Validate())
	}
	if !v.CompareAt.IsNone() {
		f.Join(at+".compare_at_price", v.CompareAt.Validate())
	}
	checkOptions(f, at+".options", v.Options)
	v.Attributes.check(f, at+".attributes")
	if len(v.Images) > maxImages {
		f.Add(at+".images", "too_long", "must be at most 250")
	}
	if len(v.EAN) > maxEANs {
		f.Add(at+".ean", "too_long", "must be at most 250")
	}
	for i, e := range v.EAN {
		if !eanPattern.MatchString(e) {
			f.Add(at+".ean["+strconv.Itoa(i)+"]", "pattern", "must be 8 to 14 digits")
		}
	}
}

func checkOptions(f *fault.Fields, at string, options []Option) {
	if len(options) > maxOptions {
		f.Add(at, "too_long", "must be at most 10")
		return
	}
	for i, o := range options {
		switch {
		case !ValidAttributeName(o.Name):
			f.Add(at, "pattern", "a name must be 1 to 100 lower-case letters, digits and '_'")
		case o.Value == "":
			f.Add(at+"."+o.Name, "required", "is required")
		default:
			checkText(f, at+"."+o.Name, o.Value, MaxOptionValue)
		}
		if slices.ContainsFunc(options[:i], func(other Option) bool { return other.Name == o.Name }) {
			f.Add(at+"."+o.Name, "duplicate", "comes twice")
		}
	}
}

// OptionKey is equal for options with the same names and values in any order.
func OptionKey(options []Option) string {
	pairs := make([]string, len(options))
	for i, o := range options {
		pairs[i] = o.Name + "\x00" + o.Value
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "\x01")
}

func (a Attributes) check(f *fault.Fields, at string) {
	if len(a) > maxAttributes {
		f.Add(at, "too_long", "must be at most 1000")
		return
	}
	for name, v := range a {
		if !ValidAttributeName(name) {
			f.Add(at, "pattern", "a name must be 1 to 100 lower-case letters, digits and '_'")
			continue
		}
		checkText(f, at+"."+name, v.text, MaxAttributeText)
	}
}

// Validate answers Invalid with everything that is wrong with the category by itself.
func (c *Category) Validate() error {
	var f fault.Fields
	checkSlug(&f, c.Slug)
	checkName(&f, "name", c.Name)
	checkText(&f, "description", c.Description, MaxDescription)
	c.SEO.check(&f)
	if c.Position < 0 {
		f.Add("position", "too_small", "must not be negative")
	}
	return f.Err()
}

// Validate answers Invalid with everything that is wrong with the brand by itself.
func (b *Brand) Validate() error {
	var f fault.Fields
	checkSlug(&f, b.Slug)
	checkName(&f, "name", b.Name)
	checkText(&f, "description", b.Description, MaxDescription)
	b.SEO.check(&f)
	return f.Err()
}
