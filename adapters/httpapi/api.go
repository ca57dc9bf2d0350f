package httpapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// api is the shop's operations.
type api struct {
	*edge
	shop  *core.Shop
	media string // where pictures of ours are served, without a slash at the end
	seen  *rendered
	pages *pages
}

// New returns the shop over HTTP: every operation of the contract, its document
// and its reference page.
func New(shop *core.Shop, opts Options) http.Handler { return newShopAPI(shop, opts) }

func newShopAPI(shop *core.Shop, opts Options) *api {
	a := &api{edge: newEdge(opts), shop: shop, media: strings.TrimRight(opts.MediaURL, "/"), seen: newRendered(), pages: newPages()}
	a.registerShop()
	a.registerProducts()
	a.registerCategories()
	a.registerBrands()
	a.registerSearch()
	a.registerAdminSearch()
	a.registerDrift()
	a.registerMedia()
	a.registerCarts()
	a.registerCheckout()
	a.registerOrders()
	a.registerAdminOrders()
	a.registerStock()
	a.registerPayments()
	a.registerWebhooks()
	a.registerJobs()
	a.registerAdminWebhooks()
	a.registerDeliveries()
	a.registerAdminProducts()
	a.registerAdminCategories()
	a.registerAdminBrands()
	a.registerAdminPrices()
	a.registerImages()
	a.registerImports()
	a.registerMaintenance()
	return a
}

// pathID reads an id from a path. What is no id names nothing: NotFound.
func pathID(text, resource string) (id.UUID, error) {
	u, ok := id.Parse(text)
	if !ok {
		return id.UUID{}, fault.Missing(resource)
	}
	return u, nil
}

// Image is a picture. One of a feed is known by its address only.
type Image struct {
	ID     string      `json:"id"`
	URL    string      `json:"url" doc:"absolute"`
	Alt    string      `json:"alt"`
	Width  *int        `json:"width"`
	Height *int        `json:"height"`
	Sizes  []ImageSize `json:"sizes"`
}

// ImageSize is a smaller rendition.
type ImageSize struct {
	URL   string `json:"url"`
	Width int    `json:"width"`
}

func (a *api) image(img *catalog.Image) Null[Image] {
	if img == nil {
		return Null[Image]{}
	}
	out := Image{ID: img.ID.String(), URL: img.URL, Alt: img.Alt, Sizes: make([]ImageSize, len(img.Sizes))}
	if img.Key != "" {
		out.URL, out.Width, out.Height = a.media+"/"+img.Key, &img.Width, &img.Height
	}
	for i, s := range img.Sizes {
		out.Sizes[i] = ImageSize{URL: a.media + "/" + s.Key, Width: s.Width}
	}
	return Some(out)
}

func options(list []catalog.Option) map[string]string {
	out := make(map[string]string, len(list))
	for _, o := range list {
		out[o.Name] = o.Value
	}
	return out
}

// text is null for "".
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
