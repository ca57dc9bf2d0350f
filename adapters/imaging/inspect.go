package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/bodega-commerce/bodega/core/fault"
)

// format is a kind of picture, known by its first bytes: what other packages
// register with package image changes nothing here.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

func formatOf(b []byte) (format, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return format{jpeg.DecodeConfig, jpeg.Decode}, true
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return format{png.DecodeConfig, png.Decode}, true
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return format{webp.DecodeConfig, webp.Decode}, true
	}
	return format{}, false
}

const (
	// maxSide is the longest side that can be encoded as JPEG.
	maxSide = 65_535
	// maxScans bounds a JPEG's passes over its pixels. Cameras and programs
	// write up to some twenty; a few bytes each, a hostile file could ask for a
	// hundred thousand.
	maxScans = 200
)

// inspect decides, without decoding it, whether a picture is one we take.
func inspect(picture []byte, maxPixels int) (format, error) {
	f, ok := formatOf(picture)
	if !ok {
		return f, invalid("must be a JPEG, PNG or WebP picture", nil)
	}
	config, err := f.config(bytes.NewReader(picture))
	if err != nil {
		return f, invalid("cannot be read: the picture is damaged", err)
	}
	w, h := config.Width, config.Height
	switch {
	case w < 1 || h < 1:
		return f, invalid("has no pixels", nil)
	case w > maxSide || h > maxSide || int64(w)*int64(h) > int64(maxPixels):
		return f, fault.InvalidField("file", "too_large", fmt.Sprintf("must have at most %d pixels", maxPixels))
	// In a JPEG's data the byte FF is followed by 00: FF DA begins a scan.
	case bytes.Count(picture, []byte("\xff\xda")) > maxScans && bytes.HasPrefix(picture, []byte("\xff\xd8")):
		return f, invalid("has too many passes", nil)
	}
	return f, nil
}
