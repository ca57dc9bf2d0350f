package demo

func candle(c *canvas, l look) {
	shadow(c, 50, 22)
	c.fill(circle(50, 31, 17), fade(0xffd98a, 0.28))
	c.fill(circle(50, 31, 10), fade(0xffd98a, 0.4))
	glass := rect(31, 40, 38, 44.5, 5)
	c.fill(glass, fade(l.body, 0.75))
	c.fill(rect(33, 50, 34, 32.6, 4), l.label)
	c.fill(oval(50, 50, 17, 2), tint(l.label, -0.06))
	c.fill(from(50, 50).to(50, 40).line(0.9), black)
	c.fill(from(50, 21).curve(57, 31, 56, 38, 50, 39.5).curve(44, 38, 43, 31, 50, 21), 0xf7a83b)
	c.fill(from(50, 28).curve(53.6, 33, 53, 37.6, 50, 38.6).curve(47, 37.6, 46.4, 33, 50, 28), 0xfff0b8)
	c.fill(rect(38, 55, 24, 22, 1.4), paper)
	l.print(c, 50, 66, 24, 22)
	round(c, glass, 31, 69)
}

func soap(c *canvas, l look) {
	shadow(c, 50, 31)
	c.fill(from(30, 52).to(80, 52).bend(84, 52, 82, 56).to(78, 62).to(22, 62).to(26, 54), tint(l.body, 0.3))
	front := rect(20, 58, 60, 26.5, 7)
	c.fill(front, l.body)
	for i := range 30 {
		c.within(front).fill(oval(float64(20+i*23%60), float64(58+i*17%27), 0.9, 0.6), fade(l.label, 0.6))
	}
	round(c, front, 20, 80)
	if l.sign != nil {
		l.sign(c.turned(50, 71.6, 0.85, 0), l.mark)
	}
	for _, b := range []struct{ x, y, r float64 }{{30, 42, 6}, {43, 33, 4}, {68, 38, 7.4}, {57, 25, 3}, {78, 24, 4.6}} {
		c.fill(circle(b.x, b.y, b.r), fade(white, 0.4))
		c.fill(circle(b.x-b.r*0.3, b.y-b.r*0.3, b.r*0.25), fade(white, 0.8))
	}
}

func matches(c *canvas, l look) {
	shadow(c, 50, 32)
	for i := range 7 {
		x := 27 + float64(i)*7.6
		lean := float64(i-3) * 0.8
		c.fill(from(x, 60).to(x+lean, 33+float64(i*5%4)).line(1.9), 0xe6cfa0)
		c.turned(x+lean, 32+float64(i*5%4), 1, 0).fill(oval(0, 0, 2, 2.8), l.mark)
	}
	c.fill(rect(20, 54, 60, 12, 1.5), tint(l.body, -0.25))
	box := rect(18, 58, 64, 26.5, 2)
	c.fill(box, l.body)
	c.fill(rect(18, 77, 64, 5, 0), tint(black, 0.2))
	c.fill(rect(38, 60, 24, 15, 1), l.label)
	if l.sign != nil {
		l.sign(c.turned(50, 67.6, 0.58, 0), l.mark)
	}
	round(c, box, 18, 82)
}

// notebook is a bound one with an elastic.
func notebook(c *canvas, l look) {
	c = c.turned(50, 50, 1, -9)
	drop(c, rect(-25, -35, 51, 70, 2))
	c.fill(rect(-23, -33.6, 49, 69, 2), paper)
	for i := range 3 {
		c.fill(rect(25-float64(i)*0.9, -33, 0.3, 67, 0), tint(paper, -0.2))
	}
	cover := rect(-25, -35, 48.6, 69, 2.4)
	c.fill(cover, l.body)
	c.within(cover).fill(rect(-25, -35, 8, 70, 0), tint(l.body, -0.18))
	c.fill(rect(-17, -35, 0.6, 69, 0), tint(l.body, -0.3))
	c.fill(rect(15.4, -35, 2.2, 69, 0), l.mark)
	c.fill(rect(-11, -24, 21, 24, 1), l.label)
	l.print(c, -0.5, -12, 21, 24)
	c.fill(polygon(-10, 34, -6.6, 34, -6.6, 42, -8.3, 40, -10, 42), l.mark)
}

// booklets are three thin ones, fanned out.
func booklets(c *canvas, l look) {
	for i, b := range []look{{body: l.mark}, {body: l.label}, {body: l.body}} {
		at := c.turned(38+float64(i)*11, 53-float64(i)*2, 1, float64(i-1)*13)
		cover := rect(-18, -29, 36, 56, 3)
		drop(at, cover)
		at.fill(cover, b.body)
		at.fill(rect(-18, -29, 1.4, 56, 0.7), tint(b.body, -0.25))
		at.fill(rect(-9, -18, 20, 10, 0.8), paper)
		at.fill(rect(-6, -15.4, 14, 1.2, 0.6), fade(black, 0.5))
		at.fill(rect(-6, -12, 9, 1.2, 0.6), fade(black, 0.3))
	}
}

func pencils(c *canvas, l look) {
	for i := range 6 {
		lacquer := l.body
		if i%2 == 1 {
			lacquer = l.label
		}
		at := c.turned(24+float64(i)*10.4, 50+float64(i*5%3)*2.4, 1, 14)
		drop(at, rect(-3, -30, 6, 64, 0))
		at.fill(polygon(-3, -28, 0, -40, 3, -28), 0xe2bd8a)
		at.fill(polygon(-1, -36, 0, -40, 1, -36), black)
		at.fill(from(-3, -28).bend(-1.5, -25.6, 0, -28).bend(1.5, -25.6, 3, -28).to(3, 34).to(-3, 34), lacquer)
		at.fill(rect(-3, -27, 1.6, 61, 0), fade(white, 0.25))
		at.fill(rect(1.4, -27, 1.6, 61, 0), fade(black, 0.15))
		at.fill(rect(-3, 29, 6, 5, 0.6), l.mark)
	}
}

func pen(c *canvas, l look) {
	c = c.turned(50, 50, 1, 38)
	barrel := from(0, -40).to(-3.6, -40).to(-4.2, 26).to(-1.2, 40).to(0, 40).mirrored(0)
	drop(c, barrel)
	c.fill(barrel, l.body)
	in := c.within(barrel)
	in.fill(rect(-2.8, -50, 1.6, 100, 0), fade(white, 0.5))
	in.fill(rect(1.6, -50, 5, 100, 0), fade(black, 0.18))
	in.fill(rect(-6, -7, 12, 1.2, 0), tint(l.body, -0.3))
	in.fill(rect(-6, 25, 12, 0.8, 0), tint(l.body, -0.3))
	in.fill(rect(-6, 37, 12, 5, 0), tint(l.body, -0.45))
	c.fill(rect(-1.6, -45, 3.2, 6, 1.2), tint(l.body, -0.12))
	c.fill(rect(1.6, -36, 2, 24, 1), tint(l.body, 0.3))
}

func inkwell(c *canvas, l look) {
	shadow(c, 50, 25)
	glass := from(50, 44).to(42, 44).curve(42, 50, 28, 48, 28, 58).to(28, 79).bend(28, 84.5, 34, 84.5).to(50, 84.5).mirrored(50)
	c.fill(glass, l.body)
	c.fill(rect(37, 60, 26, 18, 1.2), l.label)
	l.sign(c.turned(50, 67.6, 0.6, 0), l.body)
	c.fill(rect(43, 75, 14, 1, 0.5), fade(black, 0.4))
	round(c, glass, 28, 72)
	lid := rect(38, 28, 24, 17, 2)
	c.fill(lid, l.mark)
	for i := range 9 {
		c.fill(rect(39.4+float64(i)*2.5, 31, 0.8, 12, 0.4), fade(white, 0.16))
	}
	round(c, lid, 38, 62)
}

// cards are one with its envelope.
func cards(c *canvas, l look) {
	at := c.turned(46, 56, 1, -11)
	envelope := rect(-32, -21, 64, 44, 1.4)
	drop(at, envelope)
	at.fill(envelope, kraft)
	at.fill(from(-32, -20).to(0, 6).to(32, -20).line(0.8), tint(kraft, -0.25))
	at = c.turned(56, 44, 1, 7)
	card := rect(-27, -19, 54, 38, 0.8)
	drop(at, card)
	at.fill(card, l.body)
	at.fill(rect(-23.6, -15.6, 47.2, 31.2, 0.5), tint(l.body, -0.05))
	at.fill(rect(-23, -15, 46, 30, 0.5), l.body)
	l.sign(at.turned(0, -2, 1.1, 0), l.mark)
	at.fill(rect(-9, 10.4, 18, 1.4, 0.7), fade(l.mark, 0.7))
}
