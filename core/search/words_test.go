package search_test

import (
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/search"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // a star marks an extra word
		"":                            "",
		" \t- ":                       "",
		"HP LaserJet":                 "hp laserjet",
		`TV 139.7 cm (55")`:           "tv 139.7 cm 139.7cm* 55 55in*",
		"55 inches, 55-inch, 55in":    "55 inches 55in* 55 inch 55in* 55inch* 55in",
		"2 TB 2tb 2.0TB":              "2 tb 2tb* 2tb 2.0tb 2tb*",
		"USB-C wi-fi":                 "usb c usbc* wi fi wifi*",
		"2-in-1":                      "2 in 2in* 1 2in1*",
		"a-b-c-d-e":                   "a b c d e",
		"StarTech.com":                "startech com startechcom*",
		"men's O'Reilly Levi’s":       "men oreilly levi",
		"10/100/1000":                 "10 100 1000",
		"007 1.50 3.":                 "007 1.50 3",
		"007 gb":                      "007 gb 7gb*",
		"İstanbul Straße CAFÉ":        "istanbul straße café",
		"USB2 DDR4-3200":              "usb2 ddr4 3200 ddr43200*",
		"кабель 2 м":                  "кабель 2 м",
		"5' 5\"":                      "5 5 5in*",
		strings.Repeat("a", 100):      strings.Repeat("a", 64),
		"x" + strings.Repeat("é", 40): "x" + strings.Repeat("é", 31),
	} {
		var got []string
		for _, w := range search.Words(text) {
			if w.Extra {
				w.Text += "*"
			}
			got = append(got, w.Text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q is %q, want %q", text, strings.Join(got, " "), want)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add(`TV 139.7 cm (55") USB-C 2.0TB men's`)
	f.Add("a-b.c-d''e ’s 1.2.3in \xff\x00 é-ß")
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, w := range search.Words(text) {
			if w.Text == "" || len(w.Text) > 64+8 || strings.ContainsAny(w.Text, " \t\n\"'") {
				t.Fatalf("%q is a word of %q", w.Text, text)
			}
			if w.Start < 0 || w.Start >= w.End || w.End > len(text) {
				t.Fatalf("%+v lies outside %q", w, text)
			}
			if !w.Extra {
				if w.Start < end {
					t.Fatalf("%+v of %q stands before its predecessor's end", w, text)
				}
				end = w.End
			}
		}
	})
}
