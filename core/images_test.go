package core_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/imaging"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

func picture(t *testing.T, width, height int) io.Reader {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return &b
}

func withImager(_ *stall, d *core.Deps) { d.Imager = imaging.New() }

func TestImages_Upload(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil, withImager)
	ctx := t.Context()
	saved := done(t, first(w.shop.Images.Upload(ctx, core.UploadImage{By: shopkeeper, File: picture(t, 700, 350), Alt: "A tee"})))
	if saved.Width != 700 || saved.Height != 350 || len(saved.Sizes) != 3 || saved.Sizes[0].Width != 640 || saved.Mark.IsZero() {
		t.Fatalf("saved %+v", saved)
	}
	for _, key := range []string{saved.Key, saved.Sizes[2].Key} {
		f, err := w.shop.Images.Open(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, format, err := image.Decode(f); err != nil || f.ContentType != "image/"+format {
			t.Errorf("%s is %s: %v", key, f.ContentType, err)
		}
		_ = f.Close()
	}
	for _, key := range []string{"", "shop.db", "../shop.db", "images/../shop.db", saved.Key + "x", "images/" + saved.ID.String() + "/9.png"} {
		_, err := w.shop.Images.Open(ctx, key)
		mustRefuse(t, err, fault.NotFound, "not_found")
	}

	p := w.create(tee(func(c *core.CreateProduct) { c.Images = []id.Image{saved.ID} }))
	other := done(t, first(w.shop.Images.Upload(ctx, core.UploadImage{By: shopkeeper, File: picture(t, 10, 10)})))
	shown := done(t, first(w.shop.Catalog.SetImages(ctx, core.SetProductImages{By: shopkeeper, Product: p.ID, Version: 1, Images: []id.Image{other.ID, saved.ID}})))
	if len(shown.Images) != 2 || shown.Images[0].ID != other.ID || shown.Images[1].Alt != "A tee" {
		t.Errorf("shown are %+v", shown.Images)
	}
	_, err := w.shop.Catalog.SetImages(ctx, core.SetProductImages{By: shopkeeper, Product: p.ID, Images: []id.Image{other.ID, {UUID: id.UUID{1}}, other.ID}})
	mustRefuseAt(t, err, "images[1] unknown_reference", "images[2] duplicate")
	c := done(t, first(w.shop.Catalog.CreateCategory(ctx, core.CreateCategory{By: shopkeeper, Name: "C", Image: saved.ID})))
	if c.Image == nil || c.Image.Key != saved.Key {
		t.Errorf("the category shows %+v", c.Image)
	}
	none := id.Image{}
	if c = done(t, first(w.shop.Catalog.PatchCategory(ctx, core.PatchCategory{By: shopkeeper, Category: c.ID, Image: &none}))); c.Image != nil {
		t.Errorf("the category still shows %+v", c.Image)
	}
	_, err = w.shop.Catalog.PatchCategory(ctx, core.PatchCategory{By: shopkeeper, Category: c.ID, Image: &id.Image{UUID: id.UUID{1}}})
	mustRefuseAt(t, err, "image_id unknown_reference")
}

func TestImages_UploadRefuses(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil, withImager)
	upload := func(by account.Actor, file io.Reader, alt string) error {
		_, err := w.shop.Images.Upload(t.Context(), core.UploadImage{By: by, File: file, Alt: alt})
		return err
	}
	mustRefuse(t, upload(account.Actor{}, picture(t, 1, 1), ""), fault.Unauthenticated, "")
	mustRefuse(t, upload(shopkeeper, strings.NewReader("GIF89a"), ""), fault.Invalid, "validation_failed")
	mustRefuse(t, upload(shopkeeper, io.MultiReader(picture(t, 1, 1), bytes.NewReader(make([]byte, core.MaxImageBytes))), ""), fault.TooLarge, "body_too_large")
	mustRefuseAt(t, upload(shopkeeper, picture(t, 1, 1), strings.Repeat("x", 501)), "alt too_long")
	mustRefuseAt(t, upload(shopkeeper, picture(t, 1, 1), "a\x00"), "alt pattern")
	large := fault.New(fault.TooLarge, "body_too_large", "the body is too large")
	if err := upload(shopkeeper, brokenBy(large), ""); !errors.Is(err, large) {
		t.Errorf("the edge's limit became %v", err)
	}
	mustRefuse(t, upload(shopkeeper, failing{}, ""), fault.Malformed, "")

	without := openStall(t, nil)
	_, err := without.shop.Images.Upload(t.Context(), core.UploadImage{By: shopkeeper, File: picture(t, 1, 1)})
	mustRefuse(t, err, fault.Unavailable, "")
}

// brokenBy is a body that fails with an error of the edge's.
func brokenBy(err error) io.Reader { return io.MultiReader(strings.NewReader("x"), failingWith{err}) }

type failingWith struct{ err error }

func (f failingWith) Read([]byte) (int, error) { return 0, f.err }
