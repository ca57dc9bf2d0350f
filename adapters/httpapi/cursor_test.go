package httpapi

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCursor_RoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scope := rapid.String().Draw(t, "scope")
		position := rapid.SliceOfN(rapid.StringN(0, 40, 100), 1, 4).Draw(t, "position")
		got, err := decodeCursor(scope, encodeCursor(scope, position...), len(position))
		if err != nil || !slices.Equal(got, position) {
			t.Fatalf("decode(encode(%q)) = %q, %v", position, got, err)
		}
	})
}

func TestCursor_Refused(t *testing.T) {
	t.Parallel()
	good := encodeCursor("products:id", "a", "b")
	for name, c := range map[string]string{
		"Foreign":         encodeCursor("orders:id", "a", "b"),
		"MissingValue":    encodeCursor("products:id", "a"),
		"FurtherValue":    encodeCursor("products:id", "a", "b", "c"),
		"NotBase64":       "!!!",
		"Padded":          good + "=",
		"Cut":             good[:len(good)-3],
		"UnknownVersion":  "Ag" + good[2:],
		"LengthPastEnd":   good[:len(good)-4] + "_3__",
		"TooLong":         strings.Repeat("A", maxCursor+1),
		"OnlyWhitespaces": "  ",
	} {
		if got, err := decodeCursor("products:id", c, 2); err == nil {
			t.Errorf("%s: %q was read as %q", name, c, got)
		} else if p := problemOf(err, body); p.Status != 422 || p.Errors[0].Location != "query.cursor" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if got, err := decodeCursor("products:id", "", 2); got != nil || err != nil {
		t.Errorf("the empty cursor is %q, %v; want the beginning", got, err)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(encodeCursor("s", "a", "b"))
	f.Add("")
	f.Fuzz(func(t *testing.T, c string) {
		got, err := decodeCursor("s", c, 2)
		if err != nil || got == nil {
			return
		}
		if again := encodeCursor("s", got...); again != c {
			// Lengths may be written in more than one way, values may not.
			back, err := decodeCursor("s", again, 2)
			if err != nil || !slices.Equal(back, got) {
				t.Fatalf("%q → %q → %q, %v", c, got, back, err)
			}
		}
	})
}

func body(location string) string { return "body." + location }
