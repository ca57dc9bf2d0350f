package porttest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// TestImager is the contract of ports.Imager.
func TestImager(t *testing.T, open func(t *testing.T) ports.Imager) {
	t.Parallel()
	const most = 1_000_000

	opaque := fourColours(120, 80)
	glass := image.NewNRGBA(opaque.Rect)
	copy(glass.Pix, opaque.Pix)
	for i := 3; i < len(glass.Pix); i += 4 {
		glass.Pix[i] = 128
	}
	for name, c := range map[string]struct {
		picture       []byte
		width, height int
		kind, ext     string
	}{
		"JPEG":            {jpegOf(opaque), 120, 80, "image/jpeg", "jpg"},
		"PNG":             {pngOf(opaque), 120, 80, "image/jpeg", "jpg"},
		"TransparentPNG":  {pngOf(glass), 120, 80, "image/png", "png"},
		"GrayPNG":         {pngOf(image.NewGray16(image.Rect(0, 0, 30, 20))), 30, 20, "image/jpeg", "jpg"},
		"LossyWebP":       {tinyLossy, 1, 1, "image/jpeg", "jpg"},
		"TransparentWebP": {tinyGlass, 1, 1, "image/png", "png"},
		"LosslessWebP":    {tinyLossless, 1, 1, "image/png", "png"},
	} {
		t.Run("Takes/"+name, func(t *testing.T) {
			t.Parallel()
			all, err := open(t).Renditions(t.Context(), c.picture, most, []int{40, 1000, 60, 40, 120, 0, -5})
			if err != nil {
				t.Fatal(err)
			}
			widths := []int{c.width}
			for _, w := range []int{60, 40} {
				if w < c.width {
					widths = append(widths, w)
				}
			}
			if len(all) != len(widths) {
				t.Fatalf("%d renditions, want the widths %v", len(all), widths)
			}
			for i, r := range all {
				m := mustDecode(t, r)
				height := (c.height*widths[i] + c.width/2) / c.width
				if r.Width != widths[i] || r.Height != height || r.ContentType != c.kind || r.Extension != c.ext {
					t.Errorf("rendition %d is %d × %d %s .%s, want %d × %d %s .%s", i, r.Width, r.Height, r.ContentType, r.Extension, widths[i], height, c.kind, c.ext)
				}
				if c.width == 120 {
					mustShow(t, m, "rgbw", c.ext == "png")
				}
			}
		})
	}

	// How a camera was held, by EXIF: what is to be seen in the four corners.
	for turn, corners := range []string{1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"} {
		if turn == 0 {
			continue
		}
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			t.Run(fmt.Sprintf("TurnsUpright/%d%s", turn, order), func(t *testing.T) {
				t.Parallel()
				all, err := open(t).Renditions(t.Context(), withSegment(jpegOf(opaque), exif(order, turn)), most, []int{50})
				if err != nil {
					t.Fatal(err)
				}
				w, h := 120, 80
				if turn >= 5 {
					w, h = h, w
				}
				if all[0].Width != w || all[0].Height != h || len(all) != 2 {
					t.Errorf("%d renditions, the first %d × %d, want %d × %d and a smaller one", len(all), all[0].Width, all[0].Height, w, h)
				}
				for _, r := range all {
					mustShow(t, mustDecode(t, r), corners, false)
				}
			})
		}
	}

	t.Run("DropsEverythingButPixels", func(t *testing.T) {
		t.Parallel()
		secret := []byte("52.5200 N 13.4050 E")
		pictures := map[string][]byte{
			"comment":      withSegment(jpegOf(opaque), append([]byte{0xff, 0xfe, 0, byte(2 + len(secret))}, secret...)),
			"text chunk":   withChunk(pngOf(glass), "tEXt", secret),
			"after JPEG":   append(jpegOf(opaque), secret...),
			"after PNG":    append(pngOf(glass), secret...),
			"odd metadata": withSegment(jpegOf(opaque), []byte("\xff\xe1\x00\x0aExif\x00\x00XX")),
		}
		pictures["exif"] = withSegment(pictures["comment"], exif(binary.BigEndian, 1))
		for name, picture := range pictures {
			all, err := open(t).Renditions(t.Context(), picture, most, []int{50})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, r := range all {
				if bytes.Contains(r.Bytes, secret) || bytes.Contains(r.Bytes, []byte("Exif")) {
					t.Errorf("%s came through", name)
				}
			}
		}
	})

	t.Run("RefusesWhatIsNoPicture", func(t *testing.T) {
		t.Parallel()
		whole := jpegOf(opaque)
		for name, b := range map[string][]byte{
			"nothing": nil, "text": []byte("hello"), "html": []byte("<svg onload=alert(1)>"), "gif": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
			"half a JPEG": whole[:len(whole)/2], "only its start": whole[:3], "half a PNG": pngOf(opaque)[:60], "PNG's start": pngOf(opaque)[:8],
			"half a WebP": tinyLossy[:20], "zeros": make([]byte, 5000), "many passes": withPasses(whole, 5000),
		} {
			_, err := open(t).Renditions(t.Context(), b, most, nil)
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want it invalid", name, err)
			}
		}
	})

	t.Run("RefusesTooManyPixels", func(t *testing.T) {
		t.Parallel()
		for name, b := range map[string][]byte{
			"one more":     pngOf(image.NewGray(image.Rect(0, 0, 101, 100))),
			"PNG claims":   claimPNG(pngOf(opaque), 50_000, 50_000),
			"PNG overflow": claimPNG(pngOf(opaque), 1<<31-1, 1<<31-1),
			"JPEG claims":  claimJPEG(jpegOf(opaque), 65_535, 65_535),
			"WebP claims":  claimLossless(tinyLossless, 16_384, 16_384),
		} {
			_, err := open(t).Renditions(t.Context(), b, 10_000, nil)
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want it invalid", name, err)
			}
		}
		if _, err := open(t).Renditions(t.Context(), pngOf(image.NewGray(image.Rect(0, 0, 100, 100))), 10_000, nil); err != nil {
			t.Errorf("exactly as many as may be: %v", err)
		}
	})

	t.Run("ThinAsAHair", func(t *testing.T) {
		t.Parallel()
		for _, size := range []image.Point{{3000, 1}, {1, 3000}, {2999, 3}} {
			all, err := open(t).Renditions(t.Context(), pngOf(image.NewGray(image.Rectangle{Max: size})), most, []int{10, 100})
			if err != nil {
				t.Errorf("%v: %v", size, err)
			}
			for _, r := range all {
				if m := mustDecode(t, r); r.Height < 1 || m.Bounds().Dx() != r.Width || m.Bounds().Dy() != r.Height {
					t.Errorf("%v became %v, said to be %d × %d", size, m.Bounds(), r.Width, r.Height)
				}
			}
		}
	})

	t.Run("Canceled", func(t *testing.T) {
		t.Parallel()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := open(t).Renditions(gone, jpegOf(opaque), most, nil)
		wantKind(t, err, fault.Canceled)
	})

	t.Run("LeavesItsInputAlone", func(t *testing.T) {
		t.Parallel()
		picture, widths := jpegOf(opaque), []int{10, 50, 20}
		before := slices.Clone(picture)
		if _, err := open(t).Renditions(t.Context(), picture, most, widths); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, picture) || !slices.Equal(widths, []int{10, 50, 20}) {
			t.Error("it changed its arguments")
		}
	})
}

var (
	tinyLossy    = mustBase64("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	tinyGlass    = mustBase64("UklGRkoAAABXRUJQVlA4WAoAAAAQAAAAAAAAAAAAQUxQSAwAAAARBxAR/Q9ERP8DAABWUDggGAAAABQBAJ0BKgEAAQAAAP4AAA3AAP7mtQAAAA==")
	tinyLossless = mustBase64("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
)

func mustBase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var cornerColours = map[byte]color.NRGBA{'r': {200, 30, 30, 255}, 'g': {30, 200, 30, 255}, 'b': {30, 30, 200, 255}, 'w': {240, 240, 240, 255}}

// fourColours is red, green, blue and white, read like text.
func fourColours(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, cornerColours["rgbw"[y*2/h*2+x*2/w]])
		}
	}
	return m
}

// mustShow compares what is in the corners; half is for pictures of glass.
func mustShow(t *testing.T, m image.Image, corners string, half bool) {
	t.Helper()
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for i, want := range []byte(corners) {
		x, y := w/6+i%2*(w*2/3), h/6+i/2*(h*2/3)
		c, _ := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
		wanted := cornerColours[want]
		if half {
			wanted.A = 128
		}
		for _, d := range []int{int(c.R) - int(wanted.R), int(c.G) - int(wanted.G), int(c.B) - int(wanted.B), int(c.A) - int(wanted.A)} {
			if d < -20 || d > 20 {
				t.Fatalf("corner %d of %d × %d is %v, want %v", i, w, h, c, wanted)
			}
		}
	}
}

func mustDecode(t *testing.T, r ports.Rendition) image.Image {
	t.Helper()
	decode := jpeg.Decode
	if strings.HasSuffix(r.ContentType, "png") {
		decode = png.Decode
	}
	m, err := decode(bytes.NewReader(r.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func jpegOf(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func pngOf(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// withSegment puts a segment behind a JPEG's first marker.
func withSegment(picture, segment []byte) []byte {
	return slices.Concat(picture[:2], segment, picture[2:])
}

// withPasses repeats the beginning of a JPEG's scan.
func withPasses(picture []byte, n int) []byte {
	at := bytes.Index(picture, []byte("\xff\xda"))
	size := 2 + int(binary.BigEndian.Uint16(picture[at+2:]))
	return slices.Concat(picture[:at], bytes.Repeat(picture[at:at+size], n), picture[at+size:])
}

// withChunk puts a chunk behind a PNG's header.
func withChunk(picture []byte, kind string, data []byte) []byte {
	const header = 8 + 25
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), kind...)
	chunk = append(chunk, data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(picture[:header], chunk, picture[header:])
}

// exif is a segment that says how the camera was held, behind another entry.
func exif(order binary.AppendByteOrder, turn int) []byte {
	b := []byte("MM\x00\x2a")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II\x2a\x00")
	}
	b = order.AppendUint32(b, 8) // where the entries are
	b = order.AppendUint16(b, 2)
	for _, entry := range [][2]uint16{{0x0100, 120}, {0x0112, uint16(turn)}} {
		b = order.AppendUint16(b, entry[0])
		b = order.AppendUint16(b, 3) // 16 bits
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, entry[1])
		b = order.AppendUint16(b, 0)
	}
	b = order.AppendUint32(b, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+6+len(b)))
	return slices.Concat(segment, []byte("Exif\x00\x00"), b)
}

// The claims: pictures whose headers promise more than there is.

func claimPNG(picture []byte, w, h uint32) []byte {
	b := slices.Clone(picture)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func claimJPEG(picture []byte, w, h uint16) []byte {
	b := slices.Clone(picture)
	at := bytes.Index(b, []byte("\xff\xc0"))
	binary.BigEndian.PutUint16(b[at+5:], h)
	binary.BigEndian.PutUint16(b[at+7:], w)
	return b
}

func claimLossless(picture []byte, w, h uint32) []byte {
	b := slices.Clone(picture)
	binary.LittleEndian.PutUint32(b[21:], (w-1)|(h-1)<<14|1<<28)
	return b
}
