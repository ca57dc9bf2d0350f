package search_test

import (
	"testing"

	"github.com/bodega-commerce/bodega/core/search"
)

func TestHead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Acme X300 toner cartridge Original Black 1 pc(s)": "cartridge",
		"Acme Comfort , US keyboard USB Black":             "keyboard",
		"Acme ActionFit headphones/headset Ear-hook Red":   "headphones/headset",
		"Acme KEYB-7 keyboard cover":                       "cover",
		"Acme Desk Lamp - Black":                           "Lamp",
		"Acme Rotating Chair, 3 ft":                        "Chair",
		"Cable for Printer":                                "Cable",
		"Acme LE-40R TV 101.6 cm (40\") HD":                "TV",
		"Acme Clip":                                        "Clip",
		"Acme 3000":                                        "",
		"oak dining table":                                 "table",
		"":                                                 "",
	} {
		if got := search.Head(name, "Acme"); got != want {
			t.Errorf("%q is a %q, want a %q", name, got, want)
		}
	}
}
