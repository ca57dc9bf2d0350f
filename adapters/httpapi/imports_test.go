package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/feed"
)

// upload sends a body of a content type as an operator.
func (c *counter) upload(target, contentType string, body io.Reader, headers ...string) got {
	c.t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), "POST", target, body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+rootKey)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return c.send(r)
}

// form returns a multipart form of file and alt, those that are not nil.
func form(t testing.TB, file []byte, alt *string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = new(bytes.Buffer)
	w := multipart.NewWriter(body)
	if file != nil {
		part, err := w.CreateFormFile("file", "../../etc/passwd")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(file)
	}
	if alt != nil {
		_ = w.WriteField("alt", *alt)
	}
	_ = w.Close()
	return w.FormDataContentType(), body
}

func picture(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImages_UploadedAndServed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	alt := "A cup"
	kind, body := form(t, picture(t, 400, 200), &alt)
	g := c.upload("/v1/admin/images", kind, body).ok(201)
	img := read[Image](g)
	if img.Alt != alt || *img.Width != 400 || *img.Height != 200 || len(img.Sizes) != 2 || !strings.HasPrefix(img.URL, "https://shop.example/media/images/") || g.header.Get("Location") != img.URL {
		t.Fatalf("uploaded as %s", g.body)
	}
	p := read[AdminProduct](c.admin("POST", "/v1/admin/products", `{"name":"Cup","status":"active","base_price":{"amount":1,"currency":"EUR"},"image_ids":["`+img.ID+`"]}`).ok(201))
	if p.Image.Value.URL != img.URL || len(p.Images) != 1 {
		t.Errorf("the product shows %+v", p.Image)
	}
	path := strings.TrimPrefix(img.URL, "https://shop.example")
	shown := c.do("GET", path, "").ok(200)
	if shown.header.Get("Content-Type") != "image/jpeg" || !strings.Contains(shown.header.Get("Cache-Control"), "immutable") || shown.header.Get("ETag") == "" {
		t.Errorf("served with %v", shown.header)
	}
	c.do("GET", path, "", "If-None-Match", shown.header.Get("ETag")).ok(http.StatusNotModified)
	for _, nowhere := range []string{"/media/images/" + img.ID + "/401.jpg", "/media/images", "/media/..%2f..%2fshop.db", "/media/shop.db", "/media/", "/media/?key=x", "/media/x", "/media/%2e%2e"} {
		c.do("GET", nowhere, "").problem(http.StatusNotFound, "not_found")
	}
	c.do("POST", "/media/", "").problem(http.StatusMethodNotAllowed, "method_not_allowed")
}

func TestImages_WhatIsRefused(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	send := func(kind string, body io.Reader) got { return c.upload("/v1/admin/images", kind, body) }
	var moving bytes.Buffer
	if err := gif.Encode(&moving, image.NewGray(image.Rect(0, 0, 1, 1)), nil); err != nil {
		t.Fatal(err)
	}
	bomb := picture(t, 7000, 6000) // 42 megapixels in a few kilobytes
	long, text := strings.Repeat("a", 501), "ok"
	for name, try := range map[string]struct {
		file   []byte
		alt    *string
		status int
		at     string
	}{
		"NoFile": {nil, &text, 422, "body.file"}, "Empty": {[]byte{}, nil, 422, "body.file"}, "Text": {[]byte("hello"), nil, 422, "body.file"},
		"GIF": {moving.Bytes(), nil, 422, "body.file"}, "Cut": {picture(t, 10, 10)[:60], nil, 422, "body.file"}, "TooManyPixels": {bomb, nil, 422, "body.file"},
		"LongAlt": {picture(t, 1, 1), &long, 422, "body.alt"},
	} {
		kind, body := form(t, try.file, try.alt)
		g := send(kind, body)
		if p := g.problem(try.status, "validation_failed"); len(p.Errors) != 1 || p.Errors[0].Location != try.at {
			t.Errorf("%s: %s", name, g.body)
		}
	}
	kind, body := form(t, make([]byte, core.MaxImageBytes+1), nil)
	send(kind, body).problem(http.StatusRequestEntityTooLarge, "body_too_large")
	kind, body = form(t, make([]byte, core.MaxImageBytes+1<<20), nil)
	send(kind, body).problem(http.StatusRequestEntityTooLarge, "body_too_large")
	kind, body = form(t, picture(t, 10, 10), nil)
	body.Truncate(body.Len() - 20)
	send(kind, body).problem(http.StatusBadRequest, "malformed_json")
	kind, body = form(t, picture(t, 10, 10), nil)
	send(kind, bytes.NewReader(bytes.ReplaceAll(body.Bytes(), []byte(`name="file"`), []byte(`name="picture"`)))).finding("body.picture", "unknown_field")
	send("multipart/form-data", strings.NewReader("x")).problem(http.StatusBadRequest, "malformed_json")
	for _, kind := range []string{"image/png", "application/json", "", "x/y/z"} {
		send(kind, strings.NewReader("x")).problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
}

// finished waits for an import.
func (c *counter) finished(at string) Import {
	c.t.Helper()
	var r Import
	soon(c.t, "the import", func() bool {
		r = read[Import](c.admin("GET", at, "").ok(200))
		return r.Status == "succeeded" || r.Status == "failed"
	})
	return r
}

func TestImports_FromUploadToExport(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	lines := `{"sku":"CUP","title":"Cup","price":{"amount":900,"currency":"EUR"},"category":["Kitchen","Cups"],"attributes":{"color":"red"}}
{"sku":"MUG","title":"Mug","price":{"amount":1100,"currency":"EUR"},"category":["Kitchen","Cups"],"stock":4,"novelty":true}
{"sku":"USD","title":"Dollar cup","price":{"amount":1100,"currency":"USD"}}
`
	accepted := c.upload("/v1/admin/import?stock=7", ndjson, strings.NewReader(lines)).ok(202)
	at := accepted.header.Get("Location")
	if queued := read[Import](accepted); queued.Status != "queued" || at != "/v1/admin/imports/"+queued.ID {
		t.Fatalf("accepted as %s at %s", accepted.body, at)
	}
	r := c.finished(at)
	if r.Status != "succeeded" || r.Lines != 3 || r.Created != 2 || r.Rejected != 1 || r.UnknownMembers != 1 || r.Errors[0].Code != "currency_mismatch" || r.Errors[0].Line != 3 || !r.FinishedAt.Valid {
		t.Fatalf("reported %+v", r)
	}
	if list := c.admin("GET", at+"/errors", "").ok(200); strings.Count(list.body, "\n") != 1 || !strings.Contains(list.body, `"sku":"USD"`) || list.header.Get("Content-Type") != ndjson {
		t.Errorf("the errors are %s", list.body)
	}
	if v := read[AdminVariant](c.admin("GET", "/v1/admin/variants/CUP", "").ok(200)); v.StockQty != 7 {
		t.Errorf("the stock is %+v", v)
	}

	export := c.admin("GET", "/v1/admin/export", "").ok(200)
	if strings.Count(export.body, "\n") != 2 || export.header.Get("Content-Type") != ndjson || export.header.Get("Content-Encoding") != "" {
		t.Fatalf("exported %s", export.body)
	}
	packed := c.admin("GET", "/v1/admin/export", "", "Accept-Encoding", "br, gzip;q=0.5").ok(200)
	z, err := gzip.NewReader(strings.NewReader(packed.body))
	if err != nil || packed.header.Get("Content-Encoding") != "gzip" || packed.header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("packed with %v: %v", packed.header, err)
	}
	if plain, err := io.ReadAll(z); err != nil || string(plain) != export.body {
		t.Errorf("unpacked %s, %v", plain, err)
	}

	// What was exported changes nothing when it comes back, packed or not.
	for kind, body := range map[string]string{ndjson: export.body, "application/gzip": packed.body} {
		r := c.finished(c.upload("/v1/admin/import?dry_run=false", kind, strings.NewReader(body)).ok(202).header.Get("Location"))
		if r.Status != "succeeded" || r.Unchanged != 2 || r.Rejected+r.Created+r.Updated != 0 {
			t.Errorf("%s: reported %+v", kind, r)
		}
	}
}

func TestImports_DryAndStrictWriteNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	good := `{"sku":"CUP","title":"Cup","price":{"amount":900,"currency":"EUR"}}` + "\n"
	dry := c.finished(c.upload("/v1/admin/import?dry_run=true", ndjson, strings.NewReader(good)).ok(202).header.Get("Location"))
	if dry.Status != "succeeded" || !dry.DryRun || dry.Created != 1 {
		t.Errorf("dry: %+v", dry)
	}
	strict := c.finished(c.upload("/v1/admin/import?strict=true", ndjson, strings.NewReader(good+"{\n")).ok(202).header.Get("Location"))
	if strict.Status != "failed" || strict.Failure == nil || strict.Rejected != 1 {
		t.Errorf("strict: %+v", strict)
	}
	c.admin("GET", "/v1/admin/variants/CUP", "").problem(http.StatusNotFound, "not_found")
}

func TestImports_ManyErrorsAreSentWhole(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var b strings.Builder
	for i := range 2500 {
		fmt.Fprintf(&b, `{"sku":"S%d"}`+"\n", i)
	}
	at := c.upload("/v1/admin/import", ndjson, strings.NewReader(b.String())).ok(202).header.Get("Location")
	if r := c.finished(at); r.Rejected != 2500 || !r.ErrorsTruncated || len(r.Errors) != feed.ReportedRejects {
		t.Errorf("reported %d, %d of them", r.Rejected, len(r.Errors))
	}
	if list := c.admin("GET", at+"/errors", "").ok(200); strings.Count(list.body, "\n") != 2500 {
		t.Errorf("%d errors", strings.Count(list.body, "\n"))
	}
}

func TestImports_WhatIsRefused(t *testing.T) {
	t.Parallel()
	var spool string
	c := newCounter(t, func(s setup) { spool = s.edge.SpoolDir })
	c.upload("/v1/admin/import", "application/json", strings.NewReader("{}")).problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	for query, at := range map[string]string{"stock=-1": "query.stock", "stock=many": "query.stock", "stock=9999999999": "query.stock", "strict=maybe": "query.strict", "dry_run=2": "query.dry_run"} {
		g := c.upload("/v1/admin/import?"+query, ndjson, strings.NewReader("{}"))
		if p := g.problem(422, "validation_failed"); p.Errors[0].Location != at {
			t.Errorf("%s: %s", query, g.body)
		}
	}
	for _, at := range []string{"/v1/admin/imports/nowhere", "/v1/admin/imports/00000000-0000-7000-8000-000000000001", "/v1/admin/imports/00000000-0000-7000-8000-000000000001/errors"} {
		c.admin("GET", at, "").problem(http.StatusNotFound, "not_found")
	}
	r := c.finished(c.upload("/v1/admin/import", "application/gzip", strings.NewReader("\x1f\x8bnot gzip")).ok(202).header.Get("Location"))
	if r.Status != "failed" || r.Failure == nil {
		t.Errorf("a broken archive: %+v", r)
	}
	left, err := os.ReadDir(spool)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "import-") {
			t.Errorf("%s is left behind", f.Name())
		}
	}
}

func TestUploads_OnceForAKey(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	key := []string{"Idempotency-Key", "once"}
	again := func(first, second got) {
		t.Helper()
		if second.body != first.body || second.header.Get("Location") != first.header.Get("Location") || second.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("answered %s after %s", second.body, first.body)
		}
	}

	const line = `{"sku":"CUP","title":"Cup","price":{"amount":900,"currency":"EUR"}}`
	send := func(query, feed string) got {
		return c.upload("/v1/admin/import"+query, ndjson, strings.NewReader(feed), key...)
	}
	again(send("", line).ok(202), send("", line).ok(202))
	send("", line+"\n").problem(http.StatusUnprocessableEntity, "idempotency_key_reused")
	send("?dry_run=true", line).problem(http.StatusUnprocessableEntity, "idempotency_key_reused")

	show := func(width int, alt string) got { // each time in a form with another boundary
		kind, body := form(t, picture(t, width, 10), &alt)
		return c.upload("/v1/admin/images", kind, body, key...)
	}
	again(show(10, "a cup").ok(201), show(10, "a cup").ok(201))
	show(11, "a cup").problem(http.StatusUnprocessableEntity, "idempotency_key_reused")
	show(10, "a mug").problem(http.StatusUnprocessableEntity, "idempotency_key_reused")
}

func TestImports_BodyOverTheBound(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	register(c.edge, operation{
		ID: "small", Method: "POST", Path: "/small", Deadline: -1, MaxBody: 10, Summary: "Take little", Key: keyIgnored,
		Request: c.operations()["importCatalog"].RequestBody,
	}, func(ctx context.Context, _ *struct{}) (*reply[nothing], error) {
		a := &api{edge: c.edge}
		f, err := a.spool(uploaded(ctx))
		if err == nil {
			err = f.Close()
		}
		return &reply[nothing]{}, err
	})
	c.upload("/small", ndjson, strings.NewReader("0123456789")).ok(204)
	c.upload("/small", ndjson, strings.NewReader("0123456789a")).problem(http.StatusRequestEntityTooLarge, "body_too_large")
	c.upload("/small", ndjson, io.MultiReader(strings.NewReader("01"), broken{})).problem(http.StatusBadRequest, "malformed_json")
	c.opts.SpoolDir = "/dev/null/nowhere"
	c.upload("/small", ndjson, strings.NewReader("0")).problem(http.StatusServiceUnavailable, "unavailable")
}

// broken is a body that breaks off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReindex_AndBackup(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	if r := read[Reindex](c.admin("GET", "/v1/admin/search/reindex", "").ok(200)); r.Status != "idle" {
		t.Errorf("before: %+v", r)
	}
	c.product("CUP", 1000, 1)
	c.admin("POST", "/v1/admin/search/reindex", "").ok(202)
	soon(t, "the index", func() bool {
		r := read[Reindex](c.admin("GET", "/v1/admin/search/reindex", "").ok(200))
		return r.Status == "succeeded" && r.Products == 1
	})
	if r := read[SearchResult](c.do("GET", "/v1/search?q=cup", "").ok(200)); r.Total != 1 {
		t.Errorf("found %+v", r)
	}
	if g := c.admin("GET", "/v1/admin/backup", "").ok(200); g.body != "a tar" || g.header.Get("Content-Type") != "application/x-tar" {
		t.Errorf("backed up %q with %v", g.body, g.header)
	}
}
