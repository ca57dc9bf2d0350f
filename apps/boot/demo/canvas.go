package demo

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// canvas is a square picture of 100 by 100 units, y downwards. The canvases
// that turned and within return draw on the same picture.
type canvas struct {
	img  *image.RGBA
	m    affine
	clip *image.Alpha // nil: everything may be painted
}

// affine maps units to pixels: (a·x+c·y+e, b·x+d·y+f).
type affine struct{ a, b, c, d, e, f float64 }

func (m affine) apply(p point) point { return point{m.a*p.x + m.c*p.y + m.e, m.b*p.x + m.d*p.y + m.f} }

func newCanvas(pixels int) *canvas {
	unit := float64(pixels) / 100
	return &canvas{img: image.NewRGBA(image.Rect(0, 0, pixels, pixels)), m: affine{a: unit, d: unit}}
}

// turned returns a canvas whose origin is at (x, y), in units of the given
// size, turned clockwise.
func (c *canvas) turned(x, y, unit, degrees float64) *canvas {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	o := c.m.apply(point{x, y})
	return &canvas{c.img, affine{
		(c.m.a*cos + c.m.c*sin) * unit, (c.m.b*cos + c.m.d*sin) * unit,
		(c.m.c*cos - c.m.a*sin) * unit, (c.m.d*cos - c.m.b*sin) * unit, o.x, o.y,
	}, c.clip}
}

// within returns a canvas that paints nothing outside p.
func (c *canvas) within(p path) *canvas {
	clip, _ := c.mask(p)
	return &canvas{c.img, c.m, clip}
}

// fill paints what p encloses.
func (c *canvas) fill(p path, k ink) {
	if mask, at := c.mask(p); mask != nil {
		draw.DrawMask(c.img, at, image.NewUniform(k), image.Point{}, mask, at.Min, draw.Over)
	}
}

// mask returns how much of each pixel lies in p and in the clip, and where
// that is more than nothing; nil if nowhere.
func (c *canvas) mask(p path) (*image.Alpha, image.Rectangle) {
	contours, box := c.project(p)
	box = box.Intersect(c.img.Rect)
	if c.clip != nil {
		box = box.Intersect(c.clip.Rect)
	}
	if box.Empty() {
		return image.NewAlpha(image.Rectangle{}), box
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	for _, contour := range contours {
		for i, p := range contour {
			x, y := float32(p.x-float64(box.Min.X)), float32(p.y-float64(box.Min.Y))
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	}
	mask := image.NewAlpha(box)
	r.DrawOp = draw.Src
	r.Draw(mask, box, image.Opaque, image.Point{})
	if c.clip != nil {
		for y := box.Min.Y; y < box.Max.Y; y++ {
			row, under := mask.Pix[mask.PixOffset(box.Min.X, y):], c.clip.Pix[c.clip.PixOffset(box.Min.X, y):]
			for x := range box.Dx() {
				row[x] = uint8(int(row[x]) * int(under[x]) / 255)
			}
		}
	}
	return mask, box
}

// project returns p in pixels and the pixels it touches.
func (c *canvas) project(p path) ([][]point, image.Rectangle) {
	least, most := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	contours := make([][]point, len(p))
	for i, contour := range p {
		contours[i] = make([]point, len(contour))
		for j, at := range contour {
			at = c.m.apply(at)
			least, most = point{min(least.x, at.x), min(least.y, at.y)}, point{max(most.x, at.x), max(most.y, at.y)}
			contours[i][j] = at
		}
	}
	if len(p) == 0 {
		return contours, image.Rectangle{}
	}
	return contours, image.Rect(int(math.Floor(least.x)), int(math.Floor(least.y)), int(math.Ceil(most.x)), int(math.Ceil(most.y)))
}

// ink is a colour as designers write it, 0xRRGGBB. The byte above is how
// transparent it is, 0 for not at all.
type ink uint32

// RGBA makes ink a color.Color.
func (k ink) RGBA() (r, g, b, a uint32) {
	return color.NRGBA{uint8(k >> 16), uint8(k >> 8), uint8(k), 255 - uint8(k>>24)}.RGBA()
}

// fade returns an opaque ink at a share of its opacity.
func fade(k ink, share float64) ink {
	return k&0xffffff | ink(math.Round(255*(1-share)))<<24
}

// tint mixes an opaque ink with white, or with black for a negative share.
func tint(k ink, share float64) ink {
	to := 255.0
	if share < 0 {
		to, share = 0, -share
	}
	mix := func(shift int) ink {
		v := float64(k >> shift & 0xff)
		return ink(math.Round(v+(to-v)*share)) << shift
	}
	return mix(16) | mix(8) | mix(0)
}
