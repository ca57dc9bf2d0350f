package demo

func shirt(c *canvas, l look) {
	body := from(50, 27).bend(43, 27, 41, 20).to(32, 23).to(12, 38).to(20, 52).to(30, 46).to(30, 85).to(50, 85).mirrored(50)
	drop(c, body)
	c.fill(body, l.body)
	in := c.within(body)
	in.fill(from(30, 28).bend(33, 38, 30, 48).line(0.6), fade(black, 0.2))
	in.fill(from(70, 28).bend(67, 38, 70, 48).line(0.6), fade(black, 0.2))
	in.fill(polygon(58, 85, 62, 60, 60, 85), fade(black, 0.08))
	in.fill(polygon(36, 85, 40, 66, 39, 85), fade(black, 0.08))
	in.fill(from(40.5, 19).bend(43, 28, 50, 28).bend(57, 28, 59.5, 19).line(2.6), tint(l.body, -0.12))
	in.fill(rect(0, 82.4, 100, 0.5, 0), fade(black, 0.2))
	awning(c.turned(60, 40, 0.42, 0), l.mark)
}

func sweater(c *canvas, l look) {
	body := from(50, 25).bend(43, 25, 41, 19).to(32, 21).curve(21, 27, 17, 46, 12, 76).to(21, 79).to(31, 50).to(30, 84).to(50, 84).mirrored(50)
	drop(c, body)
	c.fill(body, l.body)
	in, rib := c.within(body), tint(l.body, -0.14)
	in.fill(rect(28, 78, 44, 10, 0), rib)
	in.fill(polygon(8, 69, 26, 75, 24, 84, 6, 80), rib)
	in.fill(polygon(92, 69, 74, 75, 76, 84, 94, 80), rib)
	in.fill(from(40.5, 17).bend(43, 26, 50, 26).bend(57, 26, 59.5, 17).line(4), rib)
	in.fill(from(31, 24).bend(34, 38, 31, 52).line(0.7), fade(black, 0.2))
	in.fill(from(69, 24).bend(66, 38, 69, 52).line(0.7), fade(black, 0.2))
	awning(c.turned(50, 45, 1, 0), l.mark)
}

func apron(c *canvas, l look) {
	c.fill(from(40, 26).curve(35, 6, 65, 6, 60, 26).line(2.4), l.mark)
	c.fill(from(28, 48).bend(18, 50, 13, 60).line(2.2).and(from(72, 48).bend(82, 50, 87, 60).line(2.2)), l.mark)
	body := from(50, 24).to(39, 24).curve(39, 40, 31, 44, 26, 47).to(26, 87).to(50, 87).mirrored(50)
	drop(c, body)
	c.fill(body, l.body)
	in := c.within(body)
	in.fill(rect(0, 24, 100, 3, 0), tint(l.body, -0.15))
	in.fill(rect(0, 85, 100, 0.6, 0), fade(white, 0.4))
	pocket := rect(33, 58, 34, 18, 2)
	c.fill(pocket, tint(l.body, -0.1))
	c.fill(rect(49.6, 58, 0.8, 18, 0), tint(l.body, -0.25))
	c.fill(rect(33, 59.6, 34, 0.6, 0), fade(white, 0.4))
	for _, x := range []float64{40.4, 59.6} {
		c.fill(circle(x, 25.6, 1.1), 0xc9a24a)
	}
	awning(c.turned(50, 40, 0.62, 0), l.mark)
}

func tote(c *canvas, l look) {
	handle := from(38, 46).curve(36, 6, 64, 6, 62, 46).line(3.2)
	drop(c, handle)
	c.fill(handle.moved(0, -2), tint(l.body, -0.22))
	body := from(50, 38).to(27, 38).to(25.6, 86).bend(25.6, 88, 28, 88).to(50, 88).mirrored(50)
	drop(c, body)
	c.fill(body, l.body)
	c.fill(handle, tint(l.body, -0.1))
	in := c.within(body)
	in.fill(rect(0, 38, 100, 0.8, 0), tint(l.body, -0.25))
	in.fill(rect(0, 42.4, 100, 0.5, 0), fade(black, 0.15))
	in.fill(polygon(64, 88, 70, 56, 67, 88), fade(black, 0.06))
	awning(c.turned(50, 63, 1.3, 0), l.mark)
	c.fill(rect(36, 76, 28, 2, 1), fade(l.mark, 0.8))
}

func hat(c *canvas, l look) {
	dome := from(20, 62).curve(16, 22, 66, 16, 74, 56).curve(60, 62, 36, 66, 20, 62)
	brim := from(52, 61).curve(62, 53, 74, 53, 78, 55).curve(90, 58, 96, 64, 95, 68).curve(82, 66, 66, 66, 52, 67).to(46, 64)
	drop(c, dome.and(brim))
	c.fill(brim, tint(l.body, -0.18))
	c.fill(dome, l.body)
	in := c.within(dome)
	in.fill(from(45, 26).bend(58, 36, 60, 62).line(0.7), fade(black, 0.22))
	in.fill(from(45, 26).bend(32, 40, 34, 66).line(0.7), fade(black, 0.22))
	in.fill(from(18, 62).bend(44, 68, 76, 55).line(3), tint(l.body, -0.12))
	c.fill(circle(45.6, 26.4, 2.2), tint(l.body, -0.2))
	c.fill(rect(20, 56.6, 5, 4.4, 1), 0xc9a24a)
	awning(c.turned(51, 47, 0.6, -3), l.mark)
}

func socks(c *canvas, l look) {
	sock := from(0, 0).to(17, 0).to(17, 40).curve(17, 48, 34, 48, 37, 56).curve(40, 66, 32, 68, 26, 68).to(12, 68).curve(2, 67, 0, 58, 0, 50)
	for _, at := range []point{{46, 12}, {20, 19}} {
		one := c.turned(at.x, at.y, 1, 0)
		drop(one, sock)
		one.fill(sock, l.body)
		in := one.within(sock)
		for i := range 4 {
			in.fill(rect(-2, 14+float64(i)*7, 24, 3.4, 0), l.label)
		}
		in.fill(oval(-1, 60, 9, 11), l.mark)
		in.fill(oval(38, 62, 9, 12), l.mark)
		in.fill(rect(-1, 0, 20, 8, 0), l.mark)
		for i := range 6 {
			in.fill(rect(1.4+float64(i)*2.8, 0, 0.7, 8, 0), fade(black, 0.12))
		}
		in.fill(rect(13, 0, 5, 40, 0), fade(black, 0.06))
	}
}
