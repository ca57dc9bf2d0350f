package demo

func mug(c *canvas, l look) {
	shadow(c, 53, 25)
	c.fill(from(68, 45).curve(85, 40, 85, 71, 66, 71).line(5.4), tint(l.body, -0.12))
	for i := range 3 {
		x := 42 + float64(i)*8
		c.fill(from(x, 29).curve(x-4, 23, x+4, 19, x, 12).line(1.3), fade(white, 0.65))
	}
	vessel(c, l, 29, 36)
}

// vessel is a straight-sided cup from x to its mirror image, its rim at y.
func vessel(c *canvas, l look, x, y float64) {
	body := from(50, y).to(x, y).to(x+2, 76).curve(x+2.4, 82, x+7, 84.5, x+11, 84.5).to(50, 84.5).mirrored(50)
	c.fill(body, l.body)
	in := c.within(body)
	in.fill(from(0, 100).to(0, 77).bend(50, 83, 100, 77).to(100, 100), clay)
	speckle(in, l.body)
	round(c, body, x, 100-x)
	c.fill(oval(50, y, 50-x, (50-x)*0.21), tint(l.body, 0.12))
	c.fill(oval(50, y+0.5, 47.6-x, (47.6-x)*0.19), tint(l.body, -0.28))
	c.fill(oval(50, y+1.4, 45-x, (45-x)*0.16), l.label)
}

// speckle is what iron does in a glaze.
func speckle(c *canvas, glaze ink) {
	for i := range 46 {
		c.fill(circle(float64(i*37%101), float64(i*61%97), 0.35+0.2*float64(i%3)), fade(tint(glaze, -0.45), 0.35))
	}
}

// cups are two small ones on saucers.
func cups(c *canvas, l look) {
	for _, at := range []point{{2, 25}, {36, 35}} {
		one := c.turned(at.x, at.y, 0.62, 0)
		shadow(one, 50, 42)
		one.fill(oval(50, 85, 42, 7), tint(l.body, -0.12))
		one.fill(oval(50, 83.6, 42, 7), l.body)
		one.fill(oval(50, 83.6, 24, 3.6), tint(l.body, -0.1))
		one.fill(from(74, 56).curve(92, 52, 90, 76, 72, 75).line(5), tint(l.body, -0.12))
		vessel(one, l, 25, 46)
	}
}

func bowl(c *canvas, l look) {
	shadow(c, 50, 30)
	c.fill(rect(39, 79, 22, 5.6, 1.4), clay)
	body := from(50, 45).to(17, 45).curve(19, 68, 33, 81, 44, 81).to(50, 81).mirrored(50)
	c.fill(body, l.body)
	speckle(c.within(body), l.body)
	round(c, body, 17, 83)
	c.fill(oval(50, 45, 33, 7.4), tint(l.body, 0.12))
	c.fill(oval(50, 45.6, 31, 6.2), tint(l.body, -0.28))
	c.fill(from(20, 38).to(88, 27).line(1.7), wood)
	c.fill(from(20, 41).to(89, 32).line(1.7), tint(wood, -0.15))
}

func plate(c *canvas, l look) {
	drop(c, circle(50, 50, 32))
	c.fill(circle(50, 50, 32), clay)
	rim := circle(50, 50, 31.2)
	c.fill(rim, l.body)
	speckle(c.within(rim), l.body)
	c.fill(circle(50, 50, 23), tint(l.body, -0.1))
	c.fill(circle(50.4, 50.6, 22.4), tint(l.body, 0.06))
	c.fill(from(10, 22).to(10, 78).line(2), steel)
	for i := range 3 {
		x := 7 + float64(i)*3
		c.fill(from(x, 22).to(x, 36).line(1.2), steel)
	}
	c.fill(rect(6.4, 34, 7.2, 4, 2), steel)
	c.fill(from(90, 50).to(90, 78).line(2.4), steel)
	c.fill(from(88.6, 52).to(88.6, 24).bend(93, 28, 92.4, 52), steel)
}

func teapot(c *canvas, l look) {
	shadow(c, 48, 28)
	dark := tint(l.body, -0.14)
	c.fill(from(25, 52).curve(5, 44, 6, 76, 28, 73).line(4.6), dark)
	c.fill(from(68, 54).curve(80, 54, 78, 42, 86, 36).to(91, 39).curve(86, 50, 86, 70, 68, 74), dark)
	c.fill(rect(36, 80, 26, 4.6, 1.4), clay)
	body := oval(48, 60, 27, 22.4)
	c.fill(body, l.body)
	speckle(c.within(body), l.body)
	round(c, body, 21, 75)
	c.fill(from(48, 33).curve(36, 33, 32, 38, 31, 43).bend(48, 49, 65, 43).curve(64, 38, 60, 33, 48, 33), tint(l.body, 0.1))
	c.fill(from(31, 43).bend(48, 49, 65, 43).line(1), dark)
	c.fill(circle(48, 31, 3.4), l.label)
}

func vase(c *canvas, l look) {
	shadow(c, 50, 19)
	for i, at := range []point{{38, 15}, {52, 10}, {64, 20}} {
		c.fill(from(50, 44).bend(50, 30, at.x, at.y).line(1), 0x5c7a4b)
		leaf(c.turned((50+at.x)/2+2, (44+at.y)/2, 0.42, float64(20*i)), 0x6d8f59)
		blossom(c.turned(at.x, at.y, 0.78, float64(25*i)), []ink{l.mark, l.label, tint(l.mark, 0.35)}[i])
	}
	body := from(50, 40).to(45, 40).curve(46, 50, 33, 54, 33, 67).curve(33, 78, 40, 84.5, 46, 84.5).to(50, 84.5).mirrored(50)
	c.fill(body, l.body)
	speckle(c.within(body), l.body)
	round(c, body, 33, 67)
	c.fill(oval(50, 40, 5, 1.2), tint(l.body, -0.3))
}

// dripper is a cone with its filter on a glass carafe.
func dripper(c *canvas, l look) {
	shadow(c, 50, 23)
	glass := from(50, 58).to(42, 58).curve(42, 66, 29, 68, 29, 79).bend(29, 84.5, 35, 84.5).to(50, 84.5).mirrored(50)
	c.fill(glass, fade(white, 0.55))
	c.within(glass).fill(rect(0, 73, 100, 20, 0), brew)
	round(c, glass, 29, 71)
	c.fill(from(50, 18).to(25, 18).to(41, 50).to(50, 50).mirrored(50), tint(kraft, 0.35))
	c.fill(from(72, 32).curve(86, 30, 84, 46, 66, 48).line(3.8), tint(l.body, -0.14))
	cone := from(50, 26).to(24, 26).to(42, 56).to(50, 56).mirrored(50)
	c.fill(cone, l.body)
	for i := range 5 {
		x := 30 + float64(i)*10
		c.within(cone).fill(from(x, 26).to(50+(x-50)*0.35, 56).line(0.8), tint(l.body, -0.12))
	}
	round(c, cone, 24, 76)
	c.fill(rect(33, 55, 34, 3.6, 1.8), tint(l.body, -0.06))
}

func press(c *canvas, l look) {
	shadow(c, 50, 22)
	c.fill(from(66, 40).curve(84, 40, 84, 74, 66, 74).line(4.2), l.body)
	glass := rect(33, 32, 34, 52.5, 3)
	c.fill(glass, fade(white, 0.55))
	c.within(glass).fill(rect(30, 46, 40, 40, 0), brew)
	c.within(glass).fill(rect(30, 46, 40, 1.6, 0), 0x9a6a43)
	round(c, glass, 33, 67)
	for _, y := range []float64{38, 71} {
		c.fill(rect(32.4, y, 35.2, 2.6, 0.6), steel)
	}
	c.fill(rect(33, 81, 34, 3.6, 1), steel)
	c.fill(rect(49, 13, 2, 18, 0), steel)
	c.fill(circle(50, 12, 3.6), l.body)
	lid := from(50, 24).curve(40, 24, 33, 28, 32, 33).to(50, 33).mirrored(50)
	c.fill(lid, tint(steel, 0.2))
	round(c, lid, 32, 68)
}

// moka is the eight-sided pot.
func moka(c *canvas, l look) {
	shadow(c, 50, 22)
	c.fill(from(64, 31).to(79, 31).to(76, 58).line(5), black)
	c.fill(polygon(36, 27, 27, 24, 38, 46), tint(l.body, -0.12))
	for _, part := range []path{
		polygon(38, 58, 62, 58, 67, 84.5, 33, 84.5),
		polygon(33, 27, 67, 27, 60, 53, 40, 53),
		polygon(42, 19, 58, 19, 67, 27, 33, 27),
	} {
		c.fill(part, l.body)
		in := c.within(part)
		in.fill(rect(27, 0, 15, 100, 0), fade(white, 0.28))
		in.fill(rect(58, 0, 20, 100, 0), fade(black, 0.16))
	}
	c.fill(rect(37, 52, 26, 7, 1), tint(l.body, -0.22))
	c.fill(rect(33, 26.4, 34, 1.2, 0), tint(l.body, -0.22))
	c.fill(rect(47, 13, 6, 6.4, 1.6), black)
}

// kettle pours in a thin stream.
func kettle(c *canvas, l look) {
	shadow(c, 48, 27)
	c.fill(from(66, 76).curve(86, 78, 72, 44, 89, 36).line(3.6), tint(l.body, -0.14))
	c.fill(from(30, 46).curve(8, 40, 10, 62, 14, 74).line(4.6), l.mark)
	body := from(48, 40).to(33, 40).curve(27, 56, 24, 74, 24, 80).bend(24, 84.5, 30, 84.5).to(48, 84.5).mirrored(48)
	c.fill(body, l.body)
	round(c, body, 24, 72)
	c.fill(rect(32, 37, 32, 4, 1.6), tint(l.body, -0.12))
	c.fill(from(48, 31).curve(40, 31, 36, 34, 35, 37).to(48, 37).mirrored(48), tint(l.body, 0.12))
	c.fill(rect(45, 25.6, 6, 6, 2), l.mark)
}

func grinder(c *canvas, l look) {
	shadow(c, 50, 17)
	c.fill(from(50, 25).to(76, 20).line(2.6), tint(steel, -0.15))
	c.fill(rect(72.6, 8, 7, 13, 3), l.label)
	c.fill(rect(48.6, 22, 2.8, 10, 0), tint(steel, -0.15))
	body := rect(37, 36, 26, 48.5, 3)
	c.fill(body, l.body)
	c.fill(rect(36.4, 54, 27.2, 12, 1.2), l.label)
	for i := range 6 {
		c.fill(rect(38+float64(i)*4.4, 55.5, 1.2, 9, 0.6), tint(l.label, -0.2))
	}
	round(c, body, 37, 63)
	c.fill(from(50, 29).curve(42, 29, 38, 32, 37, 37).to(50, 37).mirrored(50), tint(l.body, 0.12))
}

// filters are paper cones, one in the other.
func filters(c *canvas, l look) {
	for i := range 5 {
		d := float64(4-i) * 3
		cone := from(22+d, 24-d*0.6).bend(50+d, 30-d*0.6, 78+d, 24-d*0.6).to(62+d, 74-d*0.6).to(38+d, 74-d*0.6).moved(-6, 8)
		drop(c, cone)
		c.fill(cone, tint(l.body, 0.12*float64(i%2)))
		in := c.within(cone)
		in.fill(polygon(70+d, 20, 90+d, 20, 66+d, 80, 56+d, 80).moved(-6, 8-d*0.6), fade(black, 0.06))
		in.fill(rect(0, 79-d*0.6, 100, 0.8, 0), tint(l.body, -0.2))
	}
}
