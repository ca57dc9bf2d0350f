package order_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/order"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func TestNumber(t *testing.T) {
	t.Parallel()
	t.Run("ReadsBackHoweverTyped", func(t *testing.T) {
		t.Parallel()
		for range 1000 {
			n := order.NewNumber(rand.Reader)
			typed := strings.ToLower(strings.ReplaceAll(strings.NewReplacer("0", "o", "1", "l").Replace(n), "-", " "))
			if got, ok := order.ParseNumber(typed); !ok || got != n {
				t.Fatalf("%q typed as %q is read as %q, %t", n, typed, got, ok)
			}
		}
	})
	t.Run("NoticesEverySlip", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			n := []byte(strings.ReplaceAll(order.NewNumber(rand.Reader), "-", ""))
			i, j := rapid.IntRange(0, 8).Draw(t, "i"), rapid.IntRange(0, 8).Draw(t, "j")
			if rapid.Bool().Draw(t, "swap") {
				if n[i] == n[j] {
					return
				}
				n[i], n[j] = n[j], n[i]
			} else {
				wrong := rapid.SampledFrom([]byte(alphabet)).Draw(t, "wrong")
				if n[i] == wrong {
					return
				}
				n[i] = wrong
			}
			if _, ok := order.ParseNumber(string(n)); ok {
				t.Fatalf("%s passes", n)
			}
		})
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"", "7QZ4-M2KD-X", "0000-0000-0", "oooo ooooo", "ÄÄÄÄ", "0000-0000-U"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := order.ParseNumber(s)
		if !ok {
			return
		}
		if again, ok := order.ParseNumber(n); !ok || again != n || len(n) != 11 {
			t.Errorf("%q is read as %q and then as %q, %t", s, n, again, ok)
		}
	})
}

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"Ada@Example.com": "ada@example.com", " a+b@x.co ": "a+b@x.co", "ö@münchen.example": "ö@münchen.example",
		"": "", "ada": "", "@x": "", "ada@": "", "a@b@c": "", "a b@x.co": "", "a@x.co\r\nBcc: y@z": "", "a@x.co,b@x.co": "",
		"<a@x.co>": "", "a\x00@x.co": "", "a\xff@x.co": "", strings.Repeat("a", 250) + "@x.co": "",
	} {
		got, err := order.ParseEmail(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseEmail(%q) = %q, %v, want %q", typed, got, err, want)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"", "a@b.co", " A@B.co ", "a@b@c", "a\r\n@b", "\xff@\xfe", "<a@b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		email, err := order.ParseEmail(s)
		if err != nil {
			return
		}
		if again, err := order.ParseEmail(email); err != nil || again != email || strings.ContainsAny(email, " \r\n\x00,;<>") {
			t.Errorf("%q is read as %q and then as %q, %v", s, email, again, err)
		}
	})
}
