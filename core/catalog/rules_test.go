package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

func validProduct() Product {
	return Product{
		Slug: "tee", Name: "Tee", Status: Active, BasePrice: money.New(1500, "EUR"),
		Variants: []Variant{{SKU: "TEE-S", Status: VariantActive, Options: []Option{{"size", "s"}}}},
	}
}

func at(fields []fault.Field) string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Location+" "+f.Code)
	}
	return strings.Join(all, ", ")
}

func TestProduct_Check(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Product)
		want   string
	}{
		"Fine":             {func(*Product) {}, ""},
		"NoName":           {func(p *Product) { p.Name = " " }, "name required"},
		"LongName":         {func(p *Product) { p.Name = strings.Repeat("é", 501) }, "name too_long"},
		"LongestName":      {func(p *Product) { p.Name = strings.Repeat("é", 500) }, ""},
		"NUL":              {func(p *Product) { p.Description = "a\x00" }, "description pattern"},
		"NotUTF8":          {func(p *Product) { p.SEO.Title = "\xff" }, "seo.title pattern"},
		"BadSlug":          {func(p *Product) { p.Slug = "Tee" }, "slug pattern"},
		"DoubleDash":       {func(p *Product) { p.Slug = "a--b" }, "slug pattern"},
		"LongSlug":         {func(p *Product) { p.Slug = strings.Repeat("a", 300) }, "slug too_long"},
		"NoSlug":           {func(p *Product) { p.Slug = "" }, "slug required"},
		"NoPrice":          {func(p *Product) { p.BasePrice = money.Amount{} }, "base_price required"},
		"NegativePrice":    {func(p *Product) { p.BasePrice = money.New(-1, "EUR") }, "base_price.amount too_small"},
		"HugeOverride":     {func(p *Product) { p.Variants[0].PriceOverride = money.New(money.Max+1, "EUR") }, "variants[0].price.amount too_large"},
		"Status":           {func(p *Product) { p.Status = "sold" }, "status enum"},
		"NoVariant":        {func(p *Product) { p.Variants = nil }, "variants required"},
		"BadSKU":           {func(p *Product) { p.Variants[0].SKU = "-x" }, "variants[0].sku pattern"},
		"VariantStatus":    {func(p *Product) { p.Variants[0].Status = "draft" }, "variants[0].status enum"},
		"EAN":              {func(p *Product) { p.Variants[0].EAN = []string{"12345678", "1234567"} }, "variants[0].ean[1] pattern"},
		"SameSKUOtherCase": {func(p *Product) { p.Variants = append(p.Variants, Variant{SKU: "tee-s", Status: VariantActive}) }, "variants[1].sku duplicate"},
		"SameOptions": {func(p *Product) {
			p.Variants[0].Options = []Option{{"size", "s"}, {"color", "red"}}
			p.Variants = append(p.Variants, Variant{SKU: "B", Status: VariantActive, Options: []Option{{"color", "red"}, {"size", "s"}}})
		}, "variants[1].options duplicate"},
		"OptionTwice":   {func(p *Product) { p.Variants[0].Options = []Option{{"size", "s"}, {"size", "m"}} }, "variants[0].options.size duplicate"},
		"EmptyOption":   {func(p *Product) { p.Variants[0].Options = []Option{{"size", ""}} }, "variants[0].options.size required"},
		"OptionName":    {func(p *Product) { p.Variants[0].Options = []Option{{"Size", "s"}} }, "variants[0].options pattern"},
		"AttributeName": {func(p *Product) { p.Attributes = Attributes{"a b": Text("x")} }, "attributes pattern"},
		"LongValue":     {func(p *Product) { p.Attributes = Attributes{"a": Text(strings.Repeat("x", 10_001))} }, "attributes.a too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := validProduct()
			c.change(&p)
			if got := at(p.Check()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAttributeDefinition_Validate(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]AttributeDefinition{
		"":                             {Name: "a_1", Type: Number, Unit: "mm"},
		"name pattern":                 {Name: "A", Type: String},
		"type enum":                    {Name: "a", Type: "date"},
		"choices required":             {Name: "a", Type: Enum},
		"choices unknown_field":        {Name: "a", Type: String, Choices: []Choice{{Value: "x"}}},
		"choices[1].value duplicate":   {Name: "a", Type: Enum, Choices: []Choice{{Value: "x"}, {Value: "x"}}},
		"choices[0].value required":    {Name: "a", Type: Enum, Choices: []Choice{{}}},
		"unit too_long":                {Name: "a", Type: String, Unit: strings.Repeat("m", 33)},
		"label pattern, unit too_long": {Name: "a", Label: "\x00", Type: String, Unit: strings.Repeat("m", 33)},
	} {
		var got string
		if err := d.Validate(); err != nil {
			e, _ := errors.AsType[*fault.Error](err)
			got = at(e.Fields)
		}
		if got != want {
			t.Errorf("%+v: got %q, want %q", d, got, want)
		}
	}
}

func TestAttributeDefinition_Fit(t *testing.T) {
	t.Parallel()
	enum := []Choice{{Value: "red"}}
	for _, c := range []struct {
		def  AttributeDefinition
		v    Value
		want string
		ok   bool
	}{
		{AttributeDefinition{Type: String}, Num(5.50), "5.5", true},
		{AttributeDefinition{Type: String}, Bool(true), "true", true},
		{AttributeDefinition{Type: Number}, Num(5), "5", true},
		{AttributeDefinition{Type: Number}, Text("5"), "", false},
		{AttributeDefinition{Type: Boolean}, Num(1), "", false},
		{AttributeDefinition{Type: Enum, Choices: enum}, Text("red"), "red", true},
		{AttributeDefinition{Type: Enum, Choices: enum}, Text("Red"), "", false},
	} {
		got, ok := c.def.Fit(c.v)
		if ok != c.ok || ok && got.String() != c.want {
			t.Errorf("%s takes %v as %v, %v", c.def.Type, c.v, got, ok)
		}
	}
}

// shelf is a tree of categories by name, each defining what is listed.
func shelf(t *testing.T, path []string, defs map[string][]AttributeDefinition) (*Taxonomy, map[string]id.Category) {
	t.Helper()
	ids := map[string]id.Category{}
	var all []Category
	var definitions []AttributeDefinition
	var parent id.Category
	for i, name := range path {
		c := Category{ID: id.Category{UUID: id.UUID{byte(i + 1)}}, Slug: name, Name: name, Parent: parent}
		all = append(all, c)
		ids[name] = c.ID
		parent = c.ID
		for _, d := range defs[name] {
			d.Category = c.ID
			definitions = append(definitions, d)
		}
	}
	return NewTaxonomy(all, nil, definitions, nil, nil), ids
}

func TestTaxonomy_DefinitionNearestWins(t *testing.T) {
	t.Parallel()
	tax, ids := shelf(t, []string{"all", "wear", "tees"}, map[string][]AttributeDefinition{
		"all":  {{Name: "color", Type: String, Position: 2}, {Name: "weight", Type: Number, Position: 1}},
		"tees": {{Name: "color", Type: Enum, Position: 0, Choices: []Choice{{Value: "red"}}}},
	})
	if d := tax.Definition(ids["tees"], "color"); d == nil || d.Type != Enum {
		t.Errorf("a tee's color is %+v", d)
	}
	if d := tax.Definition(ids["wear"], "color"); d == nil || d.Type != String {
		t.Errorf("wear's color is %+v", d)
	}
	if d := tax.Definition(ids["tees"], "size"); d != nil {
		t.Errorf("size is defined: %+v", d)
	}
	if d := tax.Definition(id.Category{}, "color"); d != nil {
		t.Errorf("color is defined nowhere: %+v", d)
	}
	if _, own := tax.Own(ids["wear"], "color"); own {
		t.Error("wear inherits color and does not own it")
	}
	var names []string
	for _, d := range tax.Definitions(ids["tees"]) {
		names = append(names, fmt.Sprintf("%s %s", d.Name, d.Type))
	}
	if got := strings.Join(names, ", "); got != "color enum, weight number" {
		t.Errorf("a tee has %s", got)
	}
}

func TestTaxonomy_Misfits(t *testing.T) {
	t.Parallel()
	tax, ids := shelf(t, []string{"wear", "tees"}, map[string][]AttributeDefinition{
		"wear": {{Name: "weight", Type: Number}, {Name: "fabric", Type: String, Required: true}},
		"tees": {{Name: "size", Type: Enum, VariantOption: true, Required: true, Choices: []Choice{{Value: "s"}}}},
	})
	for name, c := range map[string]struct {
		change func(*Product)
		want   string
	}{
		"Fine":            {func(*Product) {}, ""},
		"Unknown":         {func(p *Product) { p.Attributes["colour"] = Text("red") }, "attributes.colour unknown_reference"},
		"Type":            {func(p *Product) { p.Attributes["weight"] = Text("heavy") }, "attributes.weight type"},
		"VariantType":     {func(p *Product) { p.Variants[0].Attributes = Attributes{"weight": Bool(true)} }, "variants[0].attributes.weight type"},
		"Option":          {func(p *Product) { p.Variants[0].Options[0].Value = "xxl" }, "variants[0].options.size enum"},
		"RequiredMissing": {func(p *Product) { delete(p.Attributes, "fabric") }, "attributes.fabric required"},
		"DraftMayLack":    {func(p *Product) { delete(p.Attributes, "fabric"); p.Status = Draft }, ""},
		"OneVariantLacks": {func(p *Product) {
			p.Variants = append(p.Variants, Variant{SKU: "B", Status: VariantActive})
		}, "attributes.size required"},
		"DisabledMayLack": {func(p *Product) {
			p.Variants = append(p.Variants, Variant{SKU: "B", Status: VariantDisabled})
		}, ""},
		"NoCategory": {func(p *Product) { p.Category = id.Category{}; p.Attributes["any"] = Text("thing") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := validProduct()
			p.Category = ids["tees"]
			p.Attributes = Attributes{"weight": Num(150), "fabric": Text("cotton")}
			c.change(&p)
			if got := at(tax.Misfits(&p, nil)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTaxonomy_MisfitsOfBeforeMayStay(t *testing.T) {
	t.Parallel()
	tax, ids := shelf(t, []string{"wear", "tees"}, map[string][]AttributeDefinition{
		"wear": {{Name: "weight", Type: Number}, {Name: "fabric", Type: String, Required: true}},
	})
	was := validProduct()
	was.Category = ids["tees"]
	was.Attributes = Attributes{"weight": Text("heavy"), "gone": Text("x")}
	was.Variants[0].Attributes = Attributes{"gone": Text("y")}
	same := was
	same.Name = "Other"
	if got := at(tax.Misfits(&same, &was)); got != "" {
		t.Errorf("another name: %s", got)
	}
	moved := was
	moved.Category = ids["wear"]
	if got := tax.Misfits(&moved, &was); len(got) != 4 {
		t.Errorf("another category: %v", got)
	}
	changed := was
	changed.Attributes = Attributes{"weight": Text("light"), "gone": Text("x")}
	if got := at(tax.Misfits(&changed, &was)); got != "attributes.weight type" {
		t.Errorf("another weight: %s", got)
	}
	draft := was
	draft.Status = Draft
	if got := at(tax.Misfits(&was, &draft)); got != "attributes.fabric required" {
		t.Errorf("published: %s", got)
	}
}

func TestTaxonomy_CheckMove(t *testing.T) {
	t.Parallel()
	tax, ids := shelf(t, strings.Split("12345678", ""), nil)
	if err := tax.CheckMove(ids["2"], ids["5"]); fault.CodeOf(err) != "category_cycle" {
		t.Errorf("below itself: %v", err)
	}
	if err := tax.CheckMove(ids["2"], ids["2"]); fault.CodeOf(err) != "category_cycle" {
		t.Errorf("into itself: %v", err)
	}
	if err := tax.CheckMove(id.Category{}, ids["8"]); !fault.Is(err, fault.Invalid) {
		t.Errorf("a ninth level: %v", err)
	}
	if err := tax.CheckMove(id.Category{}, ids["7"]); err != nil {
		t.Errorf("an eighth level: %v", err)
	}
	if err := tax.CheckMove(ids["8"], id.Category{}); err != nil {
		t.Errorf("to the roots: %v", err)
	}
	if err := tax.CheckMove(ids["8"], id.Category{UUID: id.UUID{99}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("below nothing: %v", err)
	}
}

func TestOptionKey(t *testing.T) {
	t.Parallel()
	if OptionKey([]Option{{"a", "1"}, {"b", "2"}}) != OptionKey([]Option{{"b", "2"}, {"a", "1"}}) {
		t.Error("order counts")
	}
	if OptionKey([]Option{{"a", "1"}}) == OptionKey(nil) {
		t.Error("an option is none")
	}
}
