package core

import (
	"context"
	"io"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/ports"
)

// The limits of an uploaded picture.
const (
	MaxImageBytes  = 10 << 20
	MaxImagePixels = 40_000_000
)

// Images takes in pictures and gives them out.
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
	return SavedImage{}, errNotYet
}

// Open returns the bytes of a picture or of one of its sizes by its key. What
// is under a key never changes. The caller closes it. NotFound for everything
// that is no picture.
func (im *Images) Open(ctx context.Context, key string) (ports.File, error) {
	return ports.File{}, errNotYet
}
