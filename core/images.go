package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// The limits of an uploaded picture.
const (
	MaxImageBytes  = 10 << 20
	MaxImagePixels = 40_000_000
)

// Images takes in pictures, which needs catalog.write, and gives them out to
// everybody.
type Images struct{ s *shared }

// UploadImage offers a picture.
type UploadImage struct {
	By   account.Actor
	File io.Reader // JPEG, PNG or WebP
	Alt  string    // what it shows, for who cannot see it
}

// SavedImage is a picture as it was taken in.
type SavedImage struct {
	catalog.Image
	Mark ports.Mark
}

// Upload takes in a picture: drops everything but the pixels and stores it in
// several sizes. TooLarge (body_too_large) over MaxImageBytes; Invalid at file
// for what is no picture or has more than MaxImagePixels.
func (im *Images) Upload(ctx context.Context, cmd UploadImage) (SavedImage, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedImage{}, err
	}
	if im.s.Imager == nil {
		return SavedImage{}, fault.New(fault.Unavailable, "unavailable", "this shop takes no pictures")
	}
	if err := catalog.CheckAlt(cmd.Alt); err != nil {
		return SavedImage{}, err
	}
	picture, err := io.ReadAll(io.LimitReader(cmd.File, MaxImageBytes+1))
	if err != nil {
		if _, ok := errors.AsType[*fault.Error](err); ok {
			return SavedImage{}, err // the edge's own limit
		}
		return SavedImage{}, fault.Wrap(fault.Malformed, "core.Upload", err)
	}
	if len(picture) > MaxImageBytes {
		return SavedImage{}, fault.New(fault.TooLarge, "body_too_large", "a picture has at most 10 MiB")
	}
	renditions, err := im.s.Imager.Renditions(ctx, picture, MaxImagePixels, imageWidths)
	if err != nil {
		return SavedImage{}, err
	}
	img := catalog.Image{ID: id.Image{UUID: im.s.ids.New()}, Alt: cmd.Alt, Sizes: []catalog.ImageSize{}}
	for i, r := range renditions {
		key := fmt.Sprintf("images/%s/%d.%s", img.ID, r.Width, r.Extension)
		if err := im.s.Files.Put(ctx, key, r.ContentType, bytes.NewReader(r.Bytes)); err != nil {
			return SavedImage{}, err
		}
		if i == 0 {
			img.Key, img.Width, img.Height = key, r.Width, r.Height
		} else {
			img.Sizes = append(img.Sizes, catalog.ImageSize{Width: r.Width, Key: key})
		}
	}
	mark, err := im.s.Catalog.Images.AddImage(ctx, img, im.s.Now())
	return SavedImage{Image: img, Mark: mark}, err
}

// imageWidths are the sizes a picture is stored in, below its own.
var imageWidths = []int{160, 320, 640, 1280}

var imageKey = regexp.MustCompile(`^images/[0-9a-f-]{36}/[0-9]{1,6}\.[a-z]{3,4}$`)

// Open returns the bytes of a picture or of one of its sizes by its key. What
// is under a key never changes. The caller closes it. NotFound for everything
// that is no picture.
func (im *Images) Open(ctx context.Context, key string) (ports.File, error) {
	if !imageKey.MatchString(key) {
		return ports.File{}, fault.Missing("image")
	}
	return im.s.Files.Open(ctx, key)
}
