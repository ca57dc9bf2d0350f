package imaging

import (
	"context"
	"image"

	"golang.org/x/image/draw"
)

// strip is how many rows or columns are scaled at a time. x/image keeps 32
// bytes for each of its intermediate pixels: for a whole picture that would be
// more than the picture.
const strip = 64

// scaled returns a picture in another size, narrower than its own.
func scaled(ctx context.Context, m image.Image, width, height int) (*image.RGBA, error) {
	src := rgba(m)
	// Halving by averages is fast, and leaves to the good filter what it is
	// good at.
	for src.Rect.Dx() >= 4*width && src.Rect.Dy() >= 4*height {
		if ctx.Err() != nil {
			return nil, canceled(ctx)
		}
		src = halved(src)
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()

	// The filter works on rows and columns apart, and leaves alone the side
	// that keeps its length. So strips of rows are narrowed first, then strips
	// of columns shortened, and no seam is seen.
	narrow := image.NewRGBA(image.Rect(0, 0, width, h))
	for y := 0; y < h; y += strip {
		if ctx.Err() != nil {
			return nil, canceled(ctx)
		}
		to := min(y+strip, h)
		draw.CatmullRom.Scale(narrow, image.Rect(0, y, width, to), src, image.Rect(0, y, w, to), draw.Src, nil)
	}
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := 0; x < width; x += strip {
		if ctx.Err() != nil {
			return nil, canceled(ctx)
		}
		to := min(x+strip, width)
		draw.CatmullRom.Scale(dst, image.Rect(x, 0, to, height), narrow, image.Rect(x, 0, to, h), draw.Src, nil)
	}
	return dst, nil
}

// halved returns a picture of half the width and height, each pixel the mean
// of four. An odd last row or column is left out.
func halved(src *image.RGBA) *image.RGBA {
	w, h := src.Rect.Dx()/2, src.Rect.Dy()/2
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		upper := src.Pix[2*y*src.Stride:][:8*w]
		lower := src.Pix[(2*y+1)*src.Stride:][:8*w]
		out := dst.Pix[y*dst.Stride:][:4*w]
		for i := range out {
			at := i/4*8 + i%4
			out[i] = uint8((uint(upper[at]) + uint(upper[at+4]) + uint(lower[at]) + uint(lower[at+4]) + 2) / 4)
		}
	}
	return dst
}
