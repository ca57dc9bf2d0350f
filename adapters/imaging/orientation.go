package imaging

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
)

// upright is the orientation (EXIF tag 0x0112) of a picture whose first row is
// its top and whose first column is its left. The others, 2 to 8, say how a
// camera was held.
const upright = 1

// orientation returns how a JPEG is to be turned; upright if it does not say.
func orientation(picture []byte) int {
	exif := exifOf(picture)
	if len(exif) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(exif[:2]) == "II" {
		order = binary.LittleEndian
	} else if string(exif[:2]) != "MM" {
		return upright
	}
	directory := int64(order.Uint32(exif[4:]))
	if directory+2 > int64(len(exif)) {
		return upright
	}
	entries := exif[directory+2:]
	for range order.Uint16(exif[directory:]) {
		if len(entries) < 12 {
			break
		}
		// An entry is tag, type (3: 16 bits), count and value.
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == 3 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			break
		}
		entries = entries[12:]
	}
	return upright
}

// exifOf returns the TIFF structure of a JPEG's EXIF segment, nil if it has none.
func exifOf(picture []byte) []byte {
	rest, ok := bytes.CutPrefix(picture, []byte("\xff\xd8"))
	if !ok {
		return nil
	}
	for len(rest) >= 4 && rest[0] == 0xff {
		marker, size := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if marker == 0xff { // a fill byte
			rest = rest[1:]
			continue
		}
		// Segments before the first scan all have a size, which counts itself.
		if marker == 0xda || size < 2 || 2+size > len(rest) {
			return nil
		}
		if exif, ok := bytes.CutPrefix(rest[4:2+size], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return exif
		}
		rest = rest[2+size:]
	}
	return nil
}

// turned returns a picture made upright.
func turned(m image.Image, orientation int) image.Image {
	if orientation == upright {
		return m
	}
	src := rgba(m)
	w, h := src.Rect.Dx(), src.Rect.Dy()
	// Where the new picture's first pixel lies in the old one, and how far it
	// is from there to its right and to its lower neighbour, in bytes.
	const px = 4
	row := src.Stride
	right, bottom := (w-1)*px, (h-1)*row
	var start, across, down int
	switch orientation {
	case 2:
		start, across, down = right, -px, row
	case 3:
		start, across, down = right+bottom, -px, -row
	case 4:
		start, across, down = bottom, px, -row
	case 5:
		start, across, down = 0, row, px
	case 6:
		start, across, down = bottom, -row, px
	case 7:
		start, across, down = right+bottom, -row, -px
	default: // 8
		start, across, down = right, row, -px
	}
	if orientation >= 5 {
		w, h = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		from, to := start+y*down, y*dst.Stride
		for range w {
			copy(dst.Pix[to:to+px], src.Pix[from:from+px])
			from += across
			to += px
		}
	}
	return dst
}

// rgba returns a picture in the one form that is worked on.
func rgba(m image.Image) *image.RGBA {
	if m, ok := m.(*image.RGBA); ok && m.Rect.Min == (image.Point{}) {
		return m
	}
	dst := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(dst, dst.Rect, m, m.Bounds().Min, draw.Src)
	return dst
}
