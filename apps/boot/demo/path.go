package demo

import (
	"math"
	"slices"
)

type point struct{ x, y float64 }

// path is a number of closed contours, curves already broken into short lines.
type path [][]point

// segments is how many lines stand for a curve.
const segments = 24

// from begins a contour.
func from(x, y float64) path { return path{{{x, y}}} }

// to goes straight to (x, y).
func (p path) to(x, y float64) path {
	last := len(p) - 1
	p[last] = append(p[last], point{x, y})
	return p
}

// bend goes to (x, y), drawn aside by (bx, by): a quadratic Bézier curve.
func (p path) bend(bx, by, x, y float64) path {
	a := p.end()
	return p.curve(a.x+(bx-a.x)*2/3, a.y+(by-a.y)*2/3, x+(bx-x)*2/3, y+(by-y)*2/3, x, y)
}

// curve goes to (x, y) as a cubic Bézier curve.
func (p path) curve(b1x, b1y, b2x, b2y, x, y float64) path {
	a := p.end()
	for i := 1; i <= segments; i++ {
		t := float64(i) / segments
		u := 1 - t
		w0, w1, w2, w3 := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		p.to(w0*a.x+w1*b1x+w2*b2x+w3*x, w0*a.y+w1*b1y+w2*b2y+w3*y)
	}
	return p
}

func (p path) end() point {
	last := p[len(p)-1]
	return last[len(last)-1]
}

// mirrored closes the left half of a thing with its reflection in the line x.
func (p path) mirrored(x float64) path {
	last := len(p) - 1
	for _, at := range slices.Backward(slices.Clone(p[last])) {
		p[last] = append(p[last], point{2*x - at.x, at.y})
	}
	return p
}

// moved returns the path at another place.
func (p path) moved(dx, dy float64) path {
	moved := make(path, len(p))
	for i, contour := range p {
		moved[i] = make([]point, len(contour))
		for j, at := range contour {
			moved[i][j] = point{at.x + dx, at.y + dy}
		}
	}
	return moved
}

// and returns all contours as one path.
func (p path) and(others ...path) path {
	return slices.Concat(append([]path{p}, others...)...)
}

// line returns the path as a pen of a width draws it, with round ends. It does
// not close contours.
func (p path) line(width float64) path {
	var drawn path
	r := width / 2
	for _, contour := range p {
		for i, b := range contour {
			drawn = append(drawn, circle(b.x, b.y, r)...)
			if i == 0 {
				continue
			}
			a := contour[i-1]
			length := math.Hypot(b.x-a.x, b.y-a.y)
			if length == 0 {
				continue
			}
			nx, ny := -(b.y-a.y)/length*r, (b.x-a.x)/length*r
			drawn = append(drawn, []point{{a.x - nx, a.y - ny}, {b.x - nx, b.y - ny}, {b.x + nx, b.y + ny}, {a.x + nx, a.y + ny}})
		}
	}
	return drawn
}

func circle(x, y, r float64) path { return oval(x, y, r, r) }

func oval(x, y, rx, ry float64) path {
	p := path{make([]point, 0, 2*segments)}
	for i := range 2 * segments {
		sin, cos := math.Sincos(math.Pi * float64(i) / segments)
		p.to(x+rx*cos, y+ry*sin)
	}
	return p
}

// rect is a rectangle with round corners of radius r.
func rect(x, y, w, h, r float64) path {
	const k = 0.45 // a quarter of a circle, nearly
	return from(x+r, y).to(x+w-r, y).curve(x+w-r*k, y, x+w, y+r*k, x+w, y+r).
		to(x+w, y+h-r).curve(x+w, y+h-r*k, x+w-r*k, y+h, x+w-r, y+h).
		to(x+r, y+h).curve(x+r*k, y+h, x, y+h-r*k, x, y+h-r).
		to(x, y+r).curve(x, y+r*k, x+r*k, y, x+r, y)
}

// polygon joins points given as x, y, x, y.
func polygon(xy ...float64) path {
	p := from(xy[0], xy[1])
	for i := 2; i < len(xy); i += 2 {
		p.to(xy[i], xy[i+1])
	}
	return p
}
