package demo

// look is how one picture differs from others of the same thing.
type look struct {
	wall  ink  // behind it
	body  ink  // what it is made of
	label ink  // paper, wax, foil: what is on or in it
	mark  ink  // print, lids and trimmings
	sign  sign // what is printed on it; nil: nothing
}

// still is a thing on the counter, its foot at y = 84; flat is one seen from above.
type (
	still func(*canvas, look)
	flat  func(*canvas, look)
)

func (draw still) paint(c *canvas, l look) {
	c.fill(rect(0, 0, 100, 100, 0), l.wall)
	c.fill(circle(50, 45, 38), tint(l.wall, 0.35))
	c.fill(rect(0, 79, 100, 21, 0), tint(l.wall, -0.1))
	c.fill(rect(0, 79, 100, 0.8, 0), tint(l.wall, -0.18))
	draw(c, l)
}

func (draw flat) paint(c *canvas, l look) {
	c.fill(rect(0, 0, 100, 100, 0), l.wall)
	c.fill(circle(50, 50, 43), tint(l.wall, 0.3))
	draw(c, l)
}

const (
	black ink = 0x1f1a17
	white ink = 0xffffff
	paper ink = 0xf7f0e1
	kraft ink = 0xc9a274
	wood  ink = 0xb98552
	steel ink = 0xb9c0c6
	clay  ink = 0xcdb49a
	brew  ink = 0x4a2c1d
)

// shadow darkens the counter under a thing of some half-width.
func shadow(c *canvas, x, halfWidth float64) {
	c.fill(oval(x, 84.2, halfWidth, 3), fade(black, 0.16))
}

// round shades a thing that stands between two edges as if lit from the left.
func round(c *canvas, shape path, left, right float64) {
	in, w := c.within(shape), right-left
	in.fill(rect(left+w*0.62, 0, w, 100, 0), fade(black, 0.07))
	in.fill(rect(left+w*0.84, 0, w, 100, 0), fade(black, 0.08))
	in.fill(rect(left+w*0.1, 0, w*0.07, 100, 0), fade(white, 0.22))
}

// drop puts a soft shadow under something flat.
func drop(c *canvas, shape path) {
	for i := range 3 {
		d := 0.6 + 0.7*float64(i)
		c.fill(shape.moved(d*0.7, d), fade(black, 0.07))
	}
}

// print fills a label of the given size around (x, y) with a sign above two
// lines too small to read.
func (l look) print(c *canvas, x, y, w, h float64) {
	size := min(w, h)
	if l.sign != nil {
		l.sign(c.turned(x, y-h*0.12, size/32, 0), l.mark)
	}
	c.fill(rect(x-w*0.28, y+h*0.27, w*0.56, size*0.055, size*0.027), fade(l.mark, 0.75))
	c.fill(rect(x-w*0.18, y+h*0.37, w*0.36, size*0.055, size*0.027), fade(l.mark, 0.4))
}

// sign is a small drawing in one colour around the origin, 20 units wide.
type sign func(c *canvas, k ink)

func bean(c *canvas, k ink) {
	c = c.turned(0, 0, 1, 35)
	shape := oval(0, 0, 6.5, 9.5)
	c.fill(shape, k)
	c.within(shape).fill(from(0.5, -10).curve(-4, -4, 4, 4, -0.5, 10).line(1.6), fade(paper, 0.9))
}

func leaf(c *canvas, k ink) {
	c = c.turned(0, 0, 1, 40)
	c.fill(from(0, -11).curve(8, -5, 7, 5, 0, 9).curve(-7, 5, -8, -5, 0, -11), k)
	c.fill(from(0, -6).to(0, 12).line(1.1), tint(k, 0.5))
}

func sprig(c *canvas, k ink) {
	c.fill(from(-1, 11).bend(2, 0, 0, -11).line(1.1), k)
	for i, side := range []float64{-1, 1, -1, 1, -1, 1} {
		at := c.turned(0.3, 8-float64(i)*3.4, 1, side*52)
		at.fill(from(0, 0).curve(3.2, -3, 2.5, -7, 0, -9).curve(-2.5, -7, -3.2, -3, 0, 0), k)
	}
}

func fruit(c *canvas, k ink) {
	c.fill(circle(0, 2, 7.6), k)
	c.fill(from(0, -5).bend(0, -8, 2, -11).line(1.2), k)
	c.fill(from(1, -7).curve(4, -12, 9, -11, 10, -9).curve(8, -5, 4, -5, 1, -7), k)
	c.fill(from(-4.6, 1).bend(-4.4, -2, -2, -3.4).line(1.2), fade(paper, 0.8))
}

func berries(c *canvas, k ink) {
	for _, at := range []point{{-4, -2}, {4, -2}, {0, 4.5}} {
		c.fill(circle(at.x, at.y, 4.6), k)
		c.fill(circle(at.x-1.4, at.y-1.4, 1), fade(paper, 0.8))
	}
	c.fill(from(-4, -6).bend(0, -12, 5, -10).line(1.2), k)
}

func olives(c *canvas, k ink) {
	c.fill(from(-10, -7).bend(0, -10, 9, -4).line(1.1), k)
	c.turned(-3, 2, 1, 15).fill(oval(0, 0, 4.2, 5.8), k)
	c.turned(5, 4, 1, -15).fill(oval(0, 0, 4.2, 5.8), k)
	c.turned(-6, -8, 1, 70).fill(from(0, 0).curve(3, -3, 2, -8, 0, -9).curve(-2, -8, -3, -3, 0, 0), k)
	c.turned(4, -7, 1, 30).fill(from(0, 0).curve(3, -3, 2, -7, 0, -8).curve(-2, -7, -3, -3, 0, 0), k)
}

func comb(c *canvas, k ink) {
	for _, at := range []point{{0, -5.6}, {-4.9, 2.8}, {4.9, 2.8}} {
		cell := c.turned(at.x, at.y, 1, 0)
		cell.fill(polygon(0, -5.2, 4.5, -2.6, 4.5, 2.6, 0, 5.2, -4.5, 2.6, -4.5, -2.6), k)
	}
}

func sun(c *canvas, k ink) {
	c.fill(circle(0, 0, 5), k)
	for i := range 8 {
		c.turned(0, 0, 1, float64(i)*45).fill(from(0, -7.4).to(0, -10).line(1.6), k)
	}
}

func moon(c *canvas, k ink) {
	c.fill(from(3, -9).curve(-9, -8, -9, 8, 3, 9).curve(-3, 5, -3, -5, 3, -9), k)
	star(c.turned(5, -3, 0.4, 10), k)
}

func star(c *canvas, k ink) {
	c.fill(polygon(0, -10, 2.6, -3.4, 9.5, -3.1, 4.2, 1.3, 6, 8, 0, 4.2, -6, 8, -4.2, 1.3, -9.5, -3.1, -2.6, -3.4), k)
}

func droplet(c *canvas, k ink) {
	c.fill(from(0, -11).curve(4, -4, 7, 0, 7, 3).curve(7, 12, -7, 12, -7, 3).curve(-7, 0, -4, -4, 0, -11), k)
	c.fill(from(-3.4, 3).bend(-3.2, 6, -0.6, 7).line(1.3), fade(paper, 0.8))
}

func blossom(c *canvas, k ink) {
	for i := range 5 {
		c.turned(0, 0, 1, float64(i)*72).fill(oval(0, -5.6, 3.6, 4.6), k)
	}
	c.fill(circle(0, 0, 2.6), fade(paper, 0.9))
}

// awning is the shop's own sign.
func awning(c *canvas, k ink) {
	for i := range 5 {
		x := -10 + float64(i)*4
		stripe := from(x, -7).to(x+4, -7).to(x+4, 2).curve(x+4, 5.4, x, 5.4, x, 2)
		if i%2 == 0 {
			c.fill(stripe, k)
		} else {
			c.fill(stripe, tint(k, 0.75))
		}
	}
	c.fill(rect(-10.6, -9, 21.2, 2.4, 0.8), k)
}
