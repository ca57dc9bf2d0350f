package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/id"
)

func TestShop_RefusesBadInputAtItsPlace(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	p := c.product("CUP", 1000, 5)
	b := c.basket("CUP", 1)
	unknown := id.UUID{15: 1}.String()
	variant := `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"variants":[%s]}`
	price := `{"name":"N","base_price":{"amount":%s,"currency":"EUR"}}`
	for _, try := range []struct {
		name, method, target, body string
		status                     int
		code                       string // of the problem; or, for 422, of the finding
		at                         string // of the finding
	}{
		{"Unreadable", "POST", "/v1/admin/products", `{"name":`, 400, "malformed_json", ""},
		{"NotJSON", "POST", "/v1/admin/products", `<xml/>`, 400, "malformed_json", ""},
		{"Twice", "POST", "/v1/admin/products", `{} {}`, 400, "malformed_json", ""},
		{"Empty", "POST", "/v1/admin/products", " ", 400, "malformed_json", ""},
		{"InvalidUTF8", "POST", "/v1/admin/products", "{\"name\":\"\xff\"}", 400, "malformed_json", ""},
		{"DeepNesting", "POST", "/v1/admin/products", strings.Repeat(`{"a":`, 10_000), 400, "malformed_json", ""},
		{"NUL", "POST", "/v1/admin/products", `{"name":"a\u0000b"}`, 422, "pattern", "body.name"},
		{"Array", "POST", "/v1/admin/products", `[]`, 422, "type", "body"},
		{"Null", "POST", "/v1/admin/products", `null`, 422, "type", "body"},
		{"UnknownMember", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"colour":1}`, 422, "unknown_field", "body.colour"},
		{"OtherCase", "POST", "/v1/admin/products", `{"name":"N","Base_Price":{"amount":1,"currency":"EUR"}}`, 422, "unknown_field", "body.Base_Price"},
		{"WrongType", "POST", "/v1/admin/products", `{"name":1,"base_price":{"amount":1,"currency":"EUR"}}`, 422, "type", "body.name"},
		{"NoName", "POST", "/v1/admin/products", `{"base_price":{"amount":1,"currency":"EUR"}}`, 422, "required", "body.name"},
		{"NoPrice", "POST", "/v1/admin/products", `{"name":"N"}`, 422, "required", "body.base_price"},
		{"BlankName", "POST", "/v1/admin/products", `{"name":" ","base_price":{"amount":1,"currency":"EUR"}}`, 422, "required", "body.name"},
		{"LongSlug", "POST", "/v1/admin/products", `{"name":"N","slug":"` + strings.Repeat("a", 300) + `","base_price":{"amount":1,"currency":"EUR"}}`, 422, "too_long", "body.slug"},
		{"BadSlug", "POST", "/v1/admin/products", `{"name":"N","slug":"A b","base_price":{"amount":1,"currency":"EUR"},"variants":[{"sku":"A"}]}`, 422, "pattern", "body.slug"},
		{"TakenSlug", "POST", "/v1/admin/products", `{"name":"N","slug":"cup","base_price":{"amount":1,"currency":"EUR"}}`, 409, "already_exists", ""},
		{"TakenSKU", "POST", "/v1/admin/products", fmt.Sprintf(variant, `{"sku":"cup"}`), 409, "already_exists", ""},
		{"NegativePrice", "POST", "/v1/admin/products", fmt.Sprintf(price, "-1"), 422, "too_small", "body.base_price.amount"},
		{"HugePrice", "POST", "/v1/admin/products", fmt.Sprintf(price, "1000000000001"), 422, "too_large", "body.base_price.amount"},
		{"OverflowingPrice", "POST", "/v1/admin/products", fmt.Sprintf(price, "99999999999999999999"), 422, "too_large", "body.base_price.amount"},
		{"InfinitePrice", "POST", "/v1/admin/products", fmt.Sprintf(price, "1e999"), 422, "too_large", "body.base_price.amount"},
		{"FractionalPrice", "POST", "/v1/admin/products", fmt.Sprintf(price, "2.0"), 422, "type", "body.base_price.amount"},
		{"TextPrice", "POST", "/v1/admin/products", fmt.Sprintf(price, `"12"`), 422, "type", "body.base_price.amount"},
		{"UnknownCurrency", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"XXX"}}`, 422, "enum", "body.base_price.currency"},
		{"BadCurrency", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"eur"}}`, 422, "pattern", "body.base_price.currency"},
		{"OtherCurrency", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"USD"}}`, 422, "currency_mismatch", ""},
		{"VariantPrice", "POST", "/v1/admin/products", fmt.Sprintf(variant, `{"sku":"A","price_override":{"amount":1,"currency":"XXX"}}`), 422, "enum", "body.variants[0].price_override.currency"},
		{"BadSKU", "POST", "/v1/admin/products", fmt.Sprintf(variant, `{"sku":"-a b"}`), 422, "pattern", "body.variants[0].sku"},
		{"SKUTwice", "POST", "/v1/admin/products", fmt.Sprintf(variant, `{"sku":"A","options":{"size":"S"}},{"sku":"a","options":{"size":"M"}}`), 422, "duplicate", "body.variants[1].sku"},
		{"OptionsTwice", "POST", "/v1/admin/products", fmt.Sprintf(variant, `{"sku":"A"},{"sku":"B"}`), 422, "duplicate", "body.variants[1].options"},
		{"AttributeObject", "POST", "/v1/admin/products", fmt.Sprintf(variant, `{"sku":"A","attributes":{"color":{}}}`), 422, "type", "body.variants[0].attributes.color"},
		{"AttributeNull", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"attributes":{"color":null}}`, 422, "type", "body.attributes.color"},
		{"UnknownBrand", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"brand_id":"` + unknown + `"}`, 422, "unknown_reference", "body.brand_id"},
		{"BrandOfNothing", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"brand_id":"00000000-0000-0000-0000-000000000000"}`, 422, "unknown_reference", "body.brand_id"},
		{"UnknownCategory", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"category_id":"` + unknown + `"}`, 422, "unknown_reference", "body.category_id"},
		{"UnknownImage", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"image_ids":["` + unknown + `"]}`, 422, "unknown_reference", "body.image_ids[0]"},
		{"NoID", "POST", "/v1/admin/products", `{"name":"N","base_price":{"amount":1,"currency":"EUR"},"brand_id":"acme"}`, 422, "pattern", "body.brand_id"},

		{"ZeroQuantityOfNothing", "PUT", "/v1/carts/" + b.id + "/lines/NOPE", `{"quantity":0}`, 404, "not_found", ""},
		{"UnknownSKU", "PUT", "/v1/carts/" + b.id + "/lines/NOPE", `{"quantity":1}`, 404, "not_found", ""},
		{"NegativeQuantity", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{"quantity":-1}`, 422, "too_small", "body.quantity"},
		{"OverCap", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{"quantity":1000}`, 422, "quantity_limit", ""},
		{"HugeQuantity", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{"quantity":2147483648}`, 422, "too_large", "body.quantity"},
		{"OverflowingQuantity", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{"quantity":18446744073709551617}`, 422, "too_large", "body.quantity"},
		{"FractionalQuantity", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{"quantity":1.5}`, 422, "type", "body.quantity"},
		{"MoreThanThereIs", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{"quantity":6}`, 409, "out_of_stock", ""},
		{"NoQuantity", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{}`, 422, "required", "body.quantity"},
		{"UnknownCart", "PUT", "/v1/carts/" + unknown + "/lines/CUP", `{"quantity":1}`, 404, "not_found", ""},
		{"NoCart", "PUT", "/v1/carts/mine/lines/CUP", `{"quantity":1}`, 404, "not_found", ""},
		{"StaleCart", "PUT", "/v1/carts/" + b.id + "/lines/CUP", `{"quantity":1}`, 412, "version_conflict", ""},

		{"PageBefore", "GET", "/v1/products?page=-1", "", 422, "too_small", "query.page"},
		{"PageZero", "GET", "/v1/products?page=0", "", 422, "too_small", "query.page"},
		{"PageBeyond", "GET", "/v1/products?page=42", "", 422, "page_out_of_range", ""},
		{"PageText", "GET", "/v1/products?page=one", "", 422, "type", "query.page"},
		{"PageHuge", "GET", "/v1/products?page=99999999999999999999", "", 422, "too_large", "query.page"},
		{"PerPage", "GET", "/v1/products?per_page=1000000000", "", 422, "too_large", "query.per_page"},
		{"PerPageExponent", "GET", "/v1/products?per_page=1e9", "", 422, "type", "query.per_page"},
		{"Sort", "GET", "/v1/products?sort=luck", "", 422, "enum", "query.sort"},
		{"ManySKUs", "GET", "/v1/products?skus=" + strings.Repeat("A,", 100) + "A", "", 422, "too_long", "query.skus"},
		{"OddSKU", "GET", "/v1/products?skus=A,%20,B", "", 422, "pattern", "query.skus"},
		{"Cursor", "GET", "/v1/products?cursor=abc", "", 422, "pattern", "query.cursor"},
		{"Since", "GET", "/v1/products?cursor=&updated_since=yesterday", "", 422, "pattern", "query.updated_since"},
		{"NULSlug", "GET", "/v1/products/a%00b", "", 422, "pattern", "path.slug"},
		{"LongSlugRead", "GET", "/v1/products/" + strings.Repeat("a", 300), "", 404, "not_found", ""},
		{"SearchSort", "GET", "/v1/search?sort=luck", "", 422, "enum", "query.sort"},
		{"SearchPage", "GET", "/v1/search?page=42", "", 422, "page_out_of_range", ""},
		{"SearchPerPage", "GET", "/v1/search?per_page=101", "", 422, "too_large", "query.per_page"},
		{"AttrWithoutColon", "GET", "/v1/search?attr=color", "", 422, "pattern", "query.attr"},
		{"AttrBadName", "GET", "/v1/search?attr=Color:red", "", 422, "pattern", "query.attr"},
		{"AttrBackwards", "GET", "/v1/search?attr=size:20..10", "", 422, "pattern", "query.attr"},
		{"AttrInfinite", "GET", "/v1/search?attr=size:" + strings.Repeat("9", 400) + "..", "", 422, "pattern", "query.attr"},
		{"Rating", "GET", "/v1/search?min_rating=NaN", "", 422, "pattern", "query.min_rating"},
		{"RatingHigh", "GET", "/v1/search?min_rating=5.5", "", 422, "too_large", "query.min_rating"},
		{"PriceNegative", "GET", "/v1/search?price_min=-1", "", 422, "too_small", "query.price_min"},
		{"PricesCrossed", "GET", "/v1/search?price_min=2&price_max=1", "", 422, "too_small", "query.price_max"},
		{"LongQuery", "GET", "/v1/search?q=" + strings.Repeat("a", 513), "", 422, "too_long", "query.q"},
		{"BrokenQuery", "GET", "/v1/search?q=%ff", "", 422, "pattern", "query.q"},
		{"SuggestLimit", "GET", "/v1/search/suggest?q=a&limit=0", "", 422, "too_small", "query.limit"},
		{"AdminCursor", "GET", "/v1/admin/orders?cursor=abc", "", 422, "pattern", "query.cursor"},
		{"AdminSort", "GET", "/v1/admin/products?sort=luck", "", 422, "enum", "query.sort"},
		{"AdminCategory", "GET", "/v1/admin/products?category=shirts", "", 422, "pattern", "query.category"},

		{"UnknownProduct", "GET", "/v1/admin/products/" + unknown, "", 404, "not_found", ""},
		{"UnknownOrder", "GET", "/v1/admin/orders/" + unknown, "", 404, "not_found", ""},
		{"UnknownNumber", "GET", "/v1/admin/orders/ABCD-EFGH-5", "", 404, "not_found", ""},
		{"UnknownPayment", "POST", "/v1/admin/payments/" + unknown + "/settle", "", 404, "not_found", ""},
		{"UnknownVariant", "POST", "/v1/admin/variants/NOPE/stock-adjustments", `{"delta":1,"reason":"received"}`, 404, "not_found", ""},
		{"NothingAdjusted", "POST", "/v1/admin/variants/CUP/stock-adjustments", `{"delta":0,"reason":"received"}`, 422, "too_small", "body.delta"},
		{"TooMuchAdjusted", "POST", "/v1/admin/variants/CUP/stock-adjustments", `{"delta":-6,"reason":"damaged"}`, 409, "out_of_stock", ""},
		{"HugeAdjustment", "POST", "/v1/admin/variants/CUP/stock-adjustments", `{"delta":1000000001,"reason":"received"}`, 422, "too_large", "body.delta"},
		{"OddReason", "POST", "/v1/admin/variants/CUP/stock-adjustments", `{"delta":1,"reason":"magic"}`, 422, "enum", "body.reason"},
		{"StaleProduct", "PATCH", "/v1/admin/products/" + p.ProductID, `{"name":"Other"}`, 412, "version_conflict", ""},
		{"RenamedSKU", "PATCH", "/v1/admin/variants/CUP?any", `{"sku":"MUG"}`, 422, "pattern", "body.sku"},
		{"DeepTree", "POST", "/v1/admin/categories", `{"name":"C","parent_id":"` + unknown + `"}`, 422, "unknown_reference", "body.parent_id"},
		{"UnknownPaymentStatus", "GET", "/v1/admin/payments?status=paid", "", 422, "enum", "query.status"},
		{"NoSteps", "PUT", "/v1/admin/shipping-methods/parcel", `{"name":"Parcel","rate":"flat","steps":[]}`, 422, "required", "body.steps"},
		{"DropAll", "POST", "/v1/admin/jobs/dead/drop", `{"limit":1}`, 422, "required", "body.queue"},
	} {
		t.Run(try.name, func(t *testing.T) {
			headers := []string{"X-Cart-Token", b.token, "Idempotency-Key", try.name}
			switch {
			case strings.Contains(try.target, "/admin/"):
				headers = []string{"Authorization", "Bearer " + rootKey, "Idempotency-Key", try.name}
			}
			switch {
			case try.status == 412:
				headers = append(headers, "If-Match", `"99"`)
			case try.method == "PATCH", strings.Contains(try.target, "shipping-methods"):
				headers = append(headers, "If-Match", "*")
			}
			g := c.in(t).do(try.method, try.target, try.body, headers...)
			if try.at != "" {
				g.finding(try.at, try.code)
			} else {
				g.problem(try.status, try.code)
			}
		})
	}
	if cart := b.show(); cart.Lines[0].Quantity != 1 {
		t.Errorf("the cart holds %+v", cart.Lines)
	}
}

// asked is a body that its sender holds back until it is asked for.
type asked struct{ t *testing.T }

func (a asked) Read([]byte) (int, error) {
	a.t.Error("the body was asked for")
	return 0, io.EOF
}

func TestShop_BodiesRefusedUnread(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	send := func(target, kind, coding string, length int64) got {
		r := httptest.NewRequestWithContext(context.Background(), "POST", target, asked{t})
		r.ContentLength = length
		for name, value := range map[string]string{"Authorization": "Bearer " + rootKey, "Content-Type": kind, "Content-Encoding": coding, "Expect": "100-continue"} {
			r.Header.Set(name, value)
		}
		return c.send(r)
	}
	send("/v1/admin/products", "application/json", "", 2<<20).problem(http.StatusRequestEntityTooLarge, "body_too_large")
	send("/v1/admin/import", ndjson, "", 1<<30).problem(http.StatusRequestEntityTooLarge, "body_too_large")
	send("/v1/admin/products", "application/json", "gzip", 10).problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	send("/v1/admin/images", "multipart/form-data; boundary=x", "br", 10).problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	send("/v1/admin/import", ndjson, "zstd", 10).problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
}

func TestShop_TwoWritersOfOneProduct(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	p := c.product("CUP", 1000, 0)
	at := "/v1/admin/products/" + p.ProductID
	tag := c.admin("GET", at, "").ok(200).header.Get("ETag")
	c.admin("PATCH", at, `{"name":"First"}`).problem(http.StatusPreconditionRequired, "if_match_required")
	c.admin("PATCH", at, `{"name":"First"}`, "If-Match", "W/"+tag).finding("header.If-Match", "pattern")
	first := c.admin("PATCH", at, `{"name":"First"}`, "If-Match", tag).ok(200)
	if p := c.admin("PATCH", at, `{"name":"Second"}`, "If-Match", tag).problem(http.StatusPreconditionFailed, "version_conflict"); p.CurrentVersion != 2 {
		t.Errorf("the current version is said to be %d", p.CurrentVersion)
	}
	c.admin("PUT", at, `{"name":"Second","base_price":{"amount":1,"currency":"EUR"}}`, "If-Match", tag).problem(http.StatusPreconditionFailed, "version_conflict")
	c.admin("DELETE", at, "", "If-Match", tag).problem(http.StatusPreconditionFailed, "version_conflict")
	c.admin("PATCH", at, `{"name":"Second"}`, "If-Match", first.header.Get("ETag")).ok(200)
	if last := read[AdminProduct](c.admin("PATCH", at, `{"name":"Third"}`, "If-Match", "*").ok(200)); last.Version != 4 || last.Name != "Third" {
		t.Errorf("ended as %+v", last)
	}
	if token := first.header.Get("X-Consistency-Token"); token == "" || len(token) > 256 {
		t.Errorf("the token is %q", token)
	}
}

// Whatever is thrown at any operation, the answer is documented, and no 500.
func TestShop_NothingThrownAtItIsA500(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 5)
	bodies := []string{
		"", " ", "{", "{}", "[]", "null", "1", `""`, `{"a":1}`, "{\"a\":\"\xff\"}", `{"name":"\u0000"}`, strings.Repeat("[", 100_000),
		`{"quantity":1e400}`, `{"limit":-1}`, `{"name":{},"text":[],"cart_id":1,"quantity":"x","base_price":{"amount":-9223372036854775809,"currency":"€"}}`,
		`{"name":"` + strings.Repeat("x", 70_000) + `"}`, `{"name":"` + strings.Repeat("x", 2<<20) + `"}`,
	}
	values := []string{"", "-1", "0", "1e9", "99999999999999999999", "NaN", "\x00", "\xff", "..", "%", "'", strings.Repeat("z", 3000), "a:b", "00000000-0000-7000-8000-000000000001"}
	throw := func(op *huma.Operation, target, body string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), op.Method, "/", strings.NewReader(body))
		u, err := url.Parse(target)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		r.URL = u
		r.Header.Set("Authorization", "Bearer "+rootKey)
		r.Header.Set("X-Cart-Token", "t")
		r.Header.Set("If-Match", "*")
		r.Header.Set("Idempotency-Key", "k")
		if op.RequestBody != nil {
			for kind := range op.RequestBody.Content {
				r.Header.Set("Content-Type", kind+"; boundary=b")
			}
		}
		if g := c.send(r); g.status >= 500 {
			t.Errorf("%s %.200s %.100q is answered %d %s", op.Method, target, body, g.status, g.body)
		}
	}
	for path, item := range c.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			plain := path
			for _, value := range append(slices.Clone(values), "CUP", "cup") {
				target := path
				var query []string
				for _, p := range op.Parameters {
					switch {
					case p.In == "path" && value != "" && value != "..":
						target = strings.ReplaceAll(target, "{"+p.Name+"}", url.PathEscape(value))
					case p.In == "query":
						query = append(query, p.Name+"="+url.QueryEscape(value))
					}
				}
				if strings.Contains(target, "{") {
					target = strings.NewReplacer("{", "", "}", "").Replace(target)
				}
				plain = target
				throw(op, target+"?"+strings.Join(query, "&"), "{}")
				for _, q := range query {
					throw(op, target+"?"+q, "{}")
				}
			}
			for _, body := range bodies {
				throw(op, plain, body)
			}
		}
	}
}
