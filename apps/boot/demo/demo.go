package demo

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"image/png"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// goods is a feed as an operator would import it, priced in EUR.
//
//go:embed catalog.jsonl
var goods string

// pixels is the width and height of a picture: one that the shop stores anyway, so
// that it scales down only.
const pixels = 640

// Fill puts the demo shop into a store without products and calls progress with
// a line for each step. The prices are in the shop's currency. It keeps every
// processor busy for a second or two; called again, it completes what an
// earlier call began.
func Fill(ctx context.Context, shop *core.Shop, progress func(string)) error {
	f := filling{shop, account.System("demo")}
	lines, err := f.stock(ctx)
	if err != nil {
		return fmt.Errorf("demo shop: catalogue: %w", err)
	}
	list, err := shop.Catalog.Browse(ctx, core.BrowseProducts{By: f.by, Browse: catalog.Browse{Sort: catalog.BrowseByID, Limit: 100}})
	if err != nil {
		return fmt.Errorf("demo shop: catalogue: %w", err)
	}
	progress(fmt.Sprintf("demo shop: %d products in %d variants; drawing their pictures", len(list.Products), lines))
	if err := f.hang(ctx, list.Products); err != nil {
		return fmt.Errorf("demo shop: pictures: %w", err)
	}
	if err := f.describe(ctx, list.Products); err != nil {
		return fmt.Errorf("demo shop: categories: %w", err)
	}
	return nil
}

type filling struct {
	shop *core.Shop
	by   account.Actor
}

// stock imports the feed and returns how many lines it has.
func (f filling) stock(ctx context.Context) (int, error) {
	feed := inCurrency(goods, f.shop.Settings().Currency)
	report, err := f.shop.Imports.Run(ctx, core.RunImport{By: f.by, Strict: true, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(feed)), nil
	}})
	if err == nil && len(report.Errors) > 0 {
		err = fmt.Errorf("line %d: %s", report.Errors[0].Line, report.Errors[0].Message)
	}
	return report.Lines, err
}

func inCurrency(feed string, c money.Currency) string {
	return strings.ReplaceAll(feed, `"currency":"EUR"`, `"currency":"`+string(c)+`"`)
}

// hang draws the pictures of all products and leaves the products as they are
// with them.
func (f filling) hang(ctx context.Context, products []core.SavedProduct) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			easel := newCanvas(pixels)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(products) {
					return nil
				}
				if len(products[i].Images) > 0 {
					continue
				}
				saved, err := f.dress(ctx, easel, products[i].Product)
				if err != nil {
					return fmt.Errorf("%s: %w", products[i].Slug, err)
				}
				products[i] = saved
			}
		})
	}
	return group.Wait()
}

// dress gives a product and its variants their pictures, and its former price.
func (f filling) dress(ctx context.Context, easel *canvas, p catalog.Product) (core.SavedProduct, error) {
	name := p.Family
	if name == "" {
		name = string(p.Variants[0].SKU)
	}
	cmd := core.PatchProduct{By: f.by, Product: p.ID, Images: new([]id.Image)}
	if former := formerPrices()[name]; former > 0 {
		cmd.CompareAt = new(money.New(former, p.BasePrice.Currency()))
	}
	byValue := map[string]id.Image{}
	for _, pic := range gallery() {
		if pic.of != name {
			continue
		}
		img, err := f.upload(ctx, easel, pic, p.Name)
		if err != nil {
			return core.SavedProduct{}, err
		}
		*cmd.Images = append(*cmd.Images, img)
		byValue[pic.value] = img
	}
	if len(byValue) > 1 {
		for _, v := range p.Variants {
			shown := byValue[""]
			for _, o := range v.Options {
				if img, drawn := byValue[o.Value]; drawn {
					shown = img
				}
			}
			cmd.Variants = append(cmd.Variants, core.NewVariant{
				SKU: v.SKU, Title: v.Title, Options: v.Options, Attributes: v.Attributes, Price: v.PriceOverride, CompareAt: v.CompareAt,
				Status: v.Status, Images: []id.Image{shown}, EAN: v.EAN,
			})
		}
	}
	return f.shop.Catalog.Patch(ctx, cmd)
}

// upload draws a picture and hands it in as an operator would.
func (f filling) upload(ctx context.Context, easel *canvas, pic picture, name string) (id.Image, error) {
	pic.draw.paint(easel, pic.look)
	var file bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&file, easel.img); err != nil {
		return id.Image{}, err
	}
	alt := name
	if pic.value != "" {
		alt += ", " + pic.value
	}
	saved, err := f.shop.Images.Upload(ctx, core.UploadImage{By: f.by, File: &file, Alt: alt})
	return saved.ID, err
}

// describe gives categories their text and a picture, and attributes their units.
func (f filling) describe(ctx context.Context, products []core.SavedProduct) error {
	categories, err := f.shop.Catalog.BrowseCategories(ctx, core.BrowseCategories{By: f.by})
	if err != nil {
		return err
	}
	for _, c := range categories {
		cmd := core.PatchCategory{By: f.by, Category: c.ID, Description: new(shelves()[c.Name])}
		best := slices.IndexFunc(products, func(p core.SavedProduct) bool {
			return p.Featured && slices.ContainsFunc(p.Path, func(in catalog.Category) bool { return in.ID == c.ID })
		})
		if best >= 0 {
			cmd.Image = &products[best].Images[0].ID
		}
		if _, err := f.shop.Catalog.PatchCategory(ctx, cmd); err != nil {
			return fmt.Errorf("%s: %w", c.Slug, err)
		}
		for _, d := range c.Definitions {
			unit := units()[d.Name]
			if d.Category != c.ID || unit == "" {
				continue
			}
			if _, err := f.shop.Catalog.DefineAttribute(ctx, core.DefineAttribute{
				By: f.by, Category: c.ID, Name: d.Name, Label: d.Label, Type: d.Type, Unit: unit, Choices: d.Choices,
				Required: d.Required, Filterable: true, VariantOption: d.VariantOption, Position: d.Position,
			}); err != nil {
				return fmt.Errorf("%s: %s: %w", c.Slug, d.Name, err)
			}
		}
	}
	return nil
}

// formerPrices are what reduced products cost before, in minor units.
func formerPrices() map[string]int64 {
	return map[string]int64{
		"CHO-MILK": 690, "JAM-PLUM": 720, "CER-PLATE": 2600, "BRW-KETTLE": 7900,
		"STA-INK": 1490, "CLO-SWEAT": 7200, "CLO-CAP": 3200, "WAX-MATCH": 590,
	}
}

// units belong to the feed's attributes, which come as bare numbers.
func units() map[string]string {
	return map[string]string{
		"weight": "g", "volume": "ml", "capacity": "ml", "cocoa": "%", "brew_temperature": "°C", "burn_time": "h",
	}
}

// shelves are what is written above each category.
func shelves() map[string]string {
	return map[string]string{
		"Drinks":          "What gets the street going in the morning and settles it at night.",
		"Coffee":          "Roasted on Tuesdays, on the shelf by Thursday. Whole beans, unless it says otherwise.",
		"Tea":             "Loose leaves in tins that close. A teaspoon for each cup and none for the pot.",
		"Pantry":          "Things that turn a heel of bread into supper.",
		"Oils & Vinegars": "Pressed, aged and bottled by people whose names we know.",
		"Jams & Honey":    "Summer, with a lid on.",
		"Chocolate":       "Bars of seventy grams. Nobody has to know how many.",
		"Home":            "For the kitchen table and what happens around it.",
		"Kitchen":         "Pots, cups and tools that are meant to be used every day.",
		"Ceramics":        "Thrown, glazed and fired three streets away. No two are quite the same.",
		"Brewing Gear":    "Everything between the bean and the cup.",
		"Candles & Soap":  "Small comforts, slowly made.",
		"Stationery":      "Paper that takes ink, and things to put on it.",
		"Clothing":        "What we wear behind the counter, cut for everybody in front of it.",
	}
}
