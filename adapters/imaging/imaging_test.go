package imaging

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"runtime"
	"testing"

	"golang.org/x/image/draw"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestImager(t *testing.T) {
	porttest.TestImager(t, func(*testing.T) ports.Imager { return New() })
}

// Strips and halving must not be seen: the result is that of the filter alone,
// to within what an eye can tell.
func TestScaled_HasNoSeams(t *testing.T) {
	t.Parallel()
	src := waves(997, 701)
	for _, width := range []int{996, 640, 333, 130, 20} {
		height := max(1, src.Rect.Dy()*width/src.Rect.Dx())
		got, err := scaled(t.Context(), src, width, height)
		if err != nil {
			t.Fatal(err)
		}
		want := image.NewRGBA(image.Rect(0, 0, width, height))
		draw.CatmullRom.Scale(want, want.Rect, src, src.Rect, draw.Src, nil)
		for i := range want.Pix {
			if d := int(got.Pix[i]) - int(want.Pix[i]); d < -6 || d > 6 {
				t.Fatalf("width %d: byte %d is %d, want %d", width, i, got.Pix[i], want.Pix[i])
			}
		}
	}
}

// A claim of many pixels is refused before memory is taken for them. Not
// parallel: it measures.
func TestRenditions_BombTakesNoMemory(t *testing.T) {
	bomb := encodePNG(t, image.NewPaletted(image.Rect(0, 0, 20_000, 20_000), color.Palette{color.Black, color.White}))
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := New().Renditions(t.Context(), bomb, 40_000_000, []int{100})
	runtime.ReadMemStats(&after)
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want invalid", err)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("refusing it took %d bytes", taken)
	}
}

func TestRenditions_WaitsForAPlace(t *testing.T) {
	t.Parallel()
	im := New()
	for range parallel {
		im.places <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	picture := encodeJPEG(t, waves(20, 20))
	go func() {
		_, err := im.Renditions(ctx, picture, 1000, nil)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("one more than may be: %v", err)
	default:
	}
	cancel()
	if err := <-done; !fault.Is(err, fault.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	<-im.places
	if _, err := im.Renditions(t.Context(), picture, 1000, nil); err != nil {
		t.Error(err)
	}
	if n := len(im.places); n != parallel-1 {
		t.Errorf("%d places are taken afterwards, want %d", n, parallel-1)
	}
}

// Whatever arrives, it is refused or comes out as pictures that decode.
func FuzzRenditions(f *testing.F) {
	small := waves(30, 20)
	f.Add(encodeJPEG(f, small))
	f.Add(encodePNG(f, small))
	f.Add(encodePNG(f, image.NewGray16(image.Rect(0, 0, 5, 9))))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x1eExif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	im := New()
	f.Fuzz(func(t *testing.T, picture []byte) {
		all, err := im.Renditions(t.Context(), picture, 1<<16, []int{8})
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		for _, r := range all {
			m, _, err := image.Decode(bytes.NewReader(r.Bytes))
			if err != nil || m.Bounds().Dx() != r.Width || m.Bounds().Dy() != r.Height || r.Width*r.Height > 1<<16 {
				t.Fatalf("%d × %d %s: %v", r.Width, r.Height, r.ContentType, err)
			}
		}
	})
}

func BenchmarkRenditions_12Megapixels(b *testing.B) {
	picture := encodeJPEG(b, waves(4000, 3000))
	im := New()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := im.Renditions(b.Context(), picture, 40_000_000, []int{160, 320, 640, 1280}); err != nil {
			b.Fatal(err)
		}
	}
}

// waves is a picture with slopes and some grain, as photographs have.
func waves(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	grain := rand.New(rand.NewPCG(1, 2))
	for y := range h {
		for x := range w {
			n := grain.IntN(8)
			m.SetRGBA(x, y, color.RGBA{uint8(x*200/w + n), uint8(y*200/h + n), uint8((x+y)*100/(w+h) + n), 255})
		}
	}
	return m
}

func encodeJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
