package id_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

func TestSource_New(t *testing.T) {
	t.Parallel()
	t.Run("IsAUUIDv7OfItsTime", func(t *testing.T) {
		t.Parallel()
		now := time.Date(2026, 11, 22, 12, 0, 0, 123e6, time.UTC)
		u := id.NewSource(func() time.Time { return now }, rand.Reader).New()
		if text := u.String(); text[14] != '7' || !strings.ContainsRune("89ab", rune(text[19])) {
			t.Errorf("%s is not version 7 of variant 10", text)
		}
		if !u.Time().Equal(now) {
			t.Errorf("its time is %v", u.Time())
		}
	})
	t.Run("RisesStrictlyAlsoWhenTheClockStepsBack", func(t *testing.T) {
		t.Parallel()
		now := time.Now()
		source := id.NewSource(func() time.Time { now = now.Add(-time.Second); return now }, rand.Reader)
		last := source.New()
		for range 10_000 { // more than a millisecond's counter holds
			next := source.New()
			if bytes.Compare(next[:8], last[:8]) <= 0 {
				t.Fatalf("%v after %v", next, last)
			}
			last = next
		}
	})
	t.Run("IsMadeOnceHoweverManyAsk", func(t *testing.T) {
		t.Parallel()
		source := id.NewSource(time.Now, rand.Reader)
		made := make([][]id.UUID, 8)
		var all sync.WaitGroup
		for i := range made {
			all.Go(func() {
				for range 1000 {
					made[i] = append(made[i], source.New())
				}
			})
		}
		all.Wait()
		seen := map[id.UUID]bool{}
		for _, u := range slices.Concat(made...) {
			if seen[u] {
				t.Fatalf("%v was made twice", u)
			}
			seen[u] = true
		}
	})
}

func TestUUID_Derive(t *testing.T) {
	t.Parallel()
	source := id.NewSource(time.Now, rand.Reader)
	a, b := source.New(), source.New()
	mail := a.Derive("mail")
	if mail != a.Derive("mail") {
		t.Error("it is not always the same")
	}
	if mail == a || mail == a.Derive("index") || mail == b.Derive("mail") {
		t.Error("it is not its own")
	}
	if !mail.Time().Equal(a.Time()) || mail.String()[14] != '7' || !strings.ContainsRune("89ab", rune(mail.String()[19])) {
		t.Errorf("%v is no UUIDv7 of the time of %v", mail, a)
	}
}

func TestUUID_Text(t *testing.T) {
	t.Parallel()
	source := id.NewSource(time.Now, rand.Reader)
	type held struct {
		Product id.Product `json:"product"`
		None    id.Order   `json:"none"`
	}
	before := held{Product: id.Product{UUID: source.New()}}
	raw, err := json.Marshal(before)
	if err != nil || !strings.Contains(string(raw), `"none":""`) {
		t.Fatalf("got %s, %v", raw, err)
	}
	var after held
	if err := json.Unmarshal(raw, &after); err != nil || after != before {
		t.Errorf("%s came back as %+v, %v", raw, after, err)
	}
	if u, ok := id.Parse(strings.ToUpper(before.Product.String())); !ok || u != before.Product.UUID {
		t.Error("upper case is not read")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "0199c0de-0000-7000-8000-000000000000", "0199c0de00007000800000000000000000000", "{0199c0de-0000-7000-8000-00000000000}", "0199c0de-0000-7000-8000-00000000000g"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if u, ok := id.Parse(s); ok && u.String() != strings.ToLower(s) {
			t.Errorf("%q was read as %v", s, u)
		}
	})
}

func TestSKU_Validate(t *testing.T) {
	t.Parallel()
	for sku, ok := range map[id.SKU]bool{
		"TEE-S": true, "a": true, "0": true, "A.b_c-9": true, id.SKU(strings.Repeat("x", 64)): true,
		"": false, "-a": false, ".a": false, "a b": false, "ä": false, "a/b": false, "a\n": false, id.SKU(strings.Repeat("x", 65)): false,
	} {
		if err := sku.Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", sku, err)
		}
	}
}

func TestSKU_AppendFold(t *testing.T) {
	t.Parallel()
	for _, sku := range []id.SKU{"", "TEE-s.1_Z", "tee", "ÄB", "aÄB", "İx"} {
		if got := string(sku.AppendFold([]byte("x"))); got != "x"+sku.Fold() {
			t.Errorf("%q folds to %q, appended to %q", sku, sku.Fold(), got)
		}
	}
}
