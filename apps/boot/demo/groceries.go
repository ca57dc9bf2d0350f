package demo

// pouch is a bag of coffee with its top rolled down.
func pouch(c *canvas, l look) {
	shadow(c, 50, 26)
	body := from(50, 22).to(31, 22).bend(27.5, 52, 29.5, 84).to(50, 84).mirrored(50)
	c.fill(body, l.body)
	round(c, body, 28, 72)
	c.fill(rect(31, 14, 38, 9, 1.2), tint(l.body, -0.12))
	c.fill(rect(28.5, 16.6, 43, 2.8, 1.4), l.mark)
	c.fill(circle(50, 31, 1.9), tint(l.body, -0.3))
	c.fill(rect(36, 40, 28, 31, 1.5), l.label)
	l.print(c, 50, 55.5, 28, 31)
}

// tin is a round caddy of tea with a lid.
func tin(c *canvas, l look) {
	shadow(c, 50, 24)
	body := from(50, 34).to(31, 34).to(31, 80).curve(31, 85, 43, 86, 50, 86).mirrored(50)
	c.fill(body, l.body)
	c.within(body).fill(from(31, 46).bend(50, 52, 69, 46).to(69, 74).bend(50, 80, 31, 74), l.label)
	l.print(c, 50, 63.5, 30, 27)
	round(c, body, 31, 69)
	lid := from(50, 22).to(30, 22).to(30, 35).curve(30, 39, 43, 40, 50, 40).mirrored(50)
	c.fill(lid, l.mark)
	round(c, lid, 30, 70)
	c.fill(oval(50, 22, 20, 4.4), tint(l.mark, 0.18))
	c.fill(oval(50, 21.8, 16, 3), tint(l.mark, 0.08))
}

// bottle is a tall one, for oil.
func bottle(c *canvas, l look) {
	shadow(c, 50, 18)
	body := from(50, 14).to(45.4, 14).to(45.4, 27).curve(45.4, 37, 36, 36, 36, 48).to(36, 81).bend(36, 84.5, 40, 84.5).to(50, 84.5).mirrored(50)
	c.fill(body, l.body)
	c.within(body).fill(rect(30, 51, 40, 25, 0), l.label)
	l.print(c, 50, 63.5, 26, 25)
	round(c, body, 36, 64)
	c.fill(rect(44.6, 8, 10.8, 11, 1.4), l.mark)
	c.fill(rect(44.6, 16.6, 10.8, 1.2, 0), tint(l.mark, -0.25))
}

// flask is a round-shouldered one with a cork, for vinegar.
func flask(c *canvas, l look) {
	shadow(c, 50, 21)
	c.fill(rect(46.4, 12, 7.2, 10, 1.4), wood)
	body := from(50, 20).to(45, 20).to(45, 34).curve(45, 42, 31, 44, 31, 58).to(31, 78).curve(31, 84, 36, 84.5, 40, 84.5).to(50, 84.5).mirrored(50)
	c.fill(body, fade(white, 0.55))
	c.within(body).fill(rect(0, 40, 100, 60, 0), l.body)
	c.fill(rect(43.6, 19, 12.8, 3, 1.4), tint(l.wall, 0.7))
	c.within(body).fill(rect(30, 54, 40, 22, 0), l.label)
	l.print(c, 50, 65, 28, 22)
	round(c, body, 31, 69)
}

// jar is what jam and honey come in.
func jar(c *canvas, l look) {
	shadow(c, 50, 23)
	glass := rect(30, 33, 40, 51.5, 7)
	c.fill(glass, fade(white, 0.6))
	inside := rect(31.6, 37, 36.8, 46, 5.6)
	c.fill(inside, l.body)
	in := c.within(inside)
	for i := range 14 { // fruit, never in line
		x, y := 33+float64(i*29%35), 40+float64(i*47%41)
		in.fill(oval(x, y, 2.4, 1.9), fade(tint(l.body, -0.3), 0.45))
	}
	c.fill(rect(36, 47, 28, 27, 1.6), l.label)
	l.print(c, 50, 60.5, 28, 27)
	round(c, glass, 30, 70)
	lid := rect(29, 21, 42, 12.5, 2.6)
	c.fill(lid, l.mark)
	c.fill(rect(29, 29.6, 42, 1, 0), tint(l.mark, -0.2))
	round(c, lid, 29, 71)
}

// bar is chocolate, opened at one end.
func bar(c *canvas, l look) {
	c = c.turned(50, 50, 1, 12)
	drop(c, rect(-21, -39, 42, 78, 1.5))
	c.fill(rect(-19.5, -39, 39, 36, 1), l.label)
	for i := range 12 {
		x, y := -18.6+float64(i%4)*9.5, -38+float64(i/4)*9.6
		c.fill(rect(x, y, 8.7, 8.8, 1), tint(l.label, 0.09))
		c.fill(rect(x+1.5, y+1.5, 5.7, 5.8, 0.6), tint(l.label, 0.03))
	}
	foil := from(-21, -8)
	for i := range 14 {
		foil.to(-19.5+float64(i)*3, -10.5+float64(i*5%3)*1.7)
	}
	c.fill(foil.to(21, -8).to(21, 0).to(-21, 0), 0xdfd8c8)
	wrapper := rect(-21, -7, 42, 46, 1)
	c.fill(wrapper, l.body)
	c.within(wrapper).fill(rect(12, -10, 12, 60, 0), fade(black, 0.08))
	c.fill(rect(-21, 27, 42, 2, 0), l.mark)
	c.fill(rect(-21, 31, 42, 1, 0), fade(l.mark, 0.6))
	if l.sign != nil {
		l.sign(c.turned(0, 8, 1.05, 0), l.mark)
	}
	c.fill(rect(-11, 20.4, 22, 1.8, 0.9), fade(l.mark, 0.8))
}
