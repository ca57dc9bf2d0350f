package httpapi

import (
	"net/http"
	"testing"
)

// Null clears what can be without a value, and is refused by name for everything
// else, in every operation that changes members.
func TestShop_PatchNull(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	product := "/v1/admin/products/" + read[CursorPage[AdminProduct]](c.admin("GET", "/v1/admin/products", "").ok(200)).Items[0].ProductID
	targets := map[string]string{
		"/v1/admin/products/{id}":   product,
		"/v1/admin/variants/{sku}":  "/v1/admin/variants/CUP",
		"/v1/admin/brands/{id}":     "/v1/admin/brands/" + read[AdminBrand](c.admin("POST", "/v1/admin/brands", `{"name":"Acme"}`).ok(201)).ID,
		"/v1/admin/categories/{id}": "/v1/admin/categories/" + read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"Cups"}`).ok(201)).ID,
	}
	doc := c.api.OpenAPI()
	for path, item := range doc.Paths {
		if item.Patch == nil {
			continue
		}
		t.Run(item.Patch.OperationID, func(t *testing.T) {
			target, refused := targets[path], 0
			for name, member := range resolve(doc.Components.Schemas, item.Patch.RequestBody.Content["application/json"].Schema).Properties {
				g := c.in(t).admin("PATCH", target, ` {"`+name+`" : null}`, "If-Match", "*")
				switch {
				case !member.Nullable:
					g.finding("body."+name, "type")
					refused++
				case name == "base_price": // can be sent as null, and is needed
					g.finding("body.base_price", "required")
				default:
					g.ok(http.StatusOK)
				}
			}
			if refused == 0 {
				t.Error("everything can be null")
			}
		})
	}
	// Of several findings each names its own; a null that is one of a map's or a list's
	// values is judged as such.
	c.admin("PATCH", product, `{"name":"Cup","slug":null,"featured":null}`, "If-Match", "*").finding("body.featured", "type")
	c.admin("PATCH", product, `{"image_ids":[null]}`, "If-Match", "*").finding("body.image_ids[0]", "type")
	c.admin("PATCH", "/v1/admin/variants/CUP", `{"options":{"size":null}}`, "If-Match", "*").finding("body.options.size", "type")
	c.admin("PATCH", product, `{"attributes":{"size":null},"seo":{"title":null}}`, "If-Match", "*").ok(200)
	if p := read[AdminProduct](c.admin("GET", product, "").ok(200)); p.Name == "" || p.Slug == "" {
		t.Errorf("left %+v", p)
	}
}
