package imaging

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// parallel is how many pictures are worked on at once. One of 40 megapixels
// takes up to 250 MB, twice that with 16 bits a channel.
const parallel = 2

// quality of the JPEGs: where a finer one is no longer seen.
const quality = 85

var _ ports.Imager = (*Imager)(nil)

// Imager decodes, turns, scales and encodes pictures.
type Imager struct{ places chan struct{} }

// New returns an Imager.
func New() *Imager { return &Imager{make(chan struct{}, parallel)} }

// Renditions waits for its turn, then works at the speed of a core: 12
// megapixels in five sizes take about a second. Opaque pictures become JPEG, others PNG.
func (im *Imager) Renditions(ctx context.Context, picture []byte, maxPixels int, widths []int) ([]ports.Rendition, error) {
	f, err := inspect(picture, maxPixels)
	if err != nil {
		return nil, err
	}
	select {
	case im.places <- struct{}{}:
		defer func() { <-im.places }()
	case <-ctx.Done():
		return nil, canceled(ctx)
	}
	decoded, err := f.decode(bytes.NewReader(picture))
	if err != nil {
		return nil, invalid("cannot be read: the picture is damaged", err)
	}
	transparent := !opaque(decoded)
	m := turned(decoded, orientation(picture))

	full, err := encode(ctx, m, transparent)
	if err != nil {
		return nil, err
	}
	all := []ports.Rendition{full}
	for _, width := range below(full.Width, widths) {
		height := max(1, (full.Height*width+full.Width/2)/full.Width)
		// Each from the next wider one: it looks the same, for less work.
		if m, err = scaled(ctx, m, width, height); err != nil {
			return nil, err
		}
		r, err := encode(ctx, m, transparent)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// below returns the widths that are narrower than a picture, widest first.
func below(width int, widths []int) []int {
	fit := slices.DeleteFunc(slices.Clone(widths), func(w int) bool { return w < 1 || w >= width })
	slices.Sort(fit)
	slices.Reverse(fit)
	return slices.Compact(fit)
}

func opaque(m image.Image) bool {
	o, ok := m.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

func encode(ctx context.Context, m image.Image, transparent bool) (ports.Rendition, error) {
	if ctx.Err() != nil {
		return ports.Rendition{}, canceled(ctx)
	}
	r := ports.Rendition{Width: m.Bounds().Dx(), Height: m.Bounds().Dy(), ContentType: "image/jpeg", Extension: "jpg"}
	var b bytes.Buffer
	var err error
	if transparent {
		r.ContentType, r.Extension = "image/png", "png"
		err = png.Encode(&b, m)
	} else {
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	}
	if err != nil {
		return ports.Rendition{}, fault.Wrap(fault.Internal, "imaging: encode", err)
	}
	r.Bytes = b.Bytes()
	return r, nil
}

func canceled(ctx context.Context) error {
	return fault.Wrap(fault.Canceled, "imaging", ctx.Err())
}

// invalid answers what is wrong with the uploaded file.
func invalid(message string, cause error) error {
	e := fault.InvalidField("file", "type", message)
	e.Err = cause
	return e
}
