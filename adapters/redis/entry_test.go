package redis

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/ports"
)

func TestEntry_ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Map(rapid.Int64Range(0, 1<<40), func(n int64) time.Duration { return time.Duration(n) })
		e := ports.CacheEntry{
			Value: rapid.SliceOf(rapid.Byte()).Draw(t, "value"), At: drawMark(t),
			Born: time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "born")).UTC(),
			Cost: span.Draw(t, "cost"), Fresh: span.Draw(t, "fresh"), Keep: span.Draw(t, "keep"),
		}
		var seen []ports.Generation
		for _, name := range rapid.SliceOf(rapid.String()).Draw(t, "generations") {
			seen = append(seen, ports.Generation{Name: name, Number: rapid.Uint64().Draw(t, "number")})
		}
		raw := string(encodeEntry(e, seen))
		if got, ok := decodeEntry(raw); !ok || !reflect.DeepEqual(got, e) {
			t.Fatalf("%+v came back as %+v, %v", e, got, ok)
		}
		if got, ok := decodeEntry(raw[:rapid.IntRange(0, len(raw)-len(e.Value)-1).Draw(t, "cut")]); ok {
			t.Fatalf("a part of it is read as %+v", got)
		}
	})
}

func TestState_ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := ports.Generation{Name: "g", Number: rapid.Uint64().Draw(t, "number"), After: drawMark(t)}
		if got, ok := decodeState("g", hexOf(want.Number)+encodeMark(want.After)); !ok || got != want {
			t.Fatalf("%+v came back as %+v, %v", want, got, ok)
		}
	})
}

func drawMark(t *rapid.T) ports.Mark {
	if rapid.Bool().Draw(t, "no mark") {
		return ports.Mark{}
	}
	return ports.Mark{
		Realm: rapid.SampledFrom([]ports.Realm{ports.Catalog, ports.Orders, ports.Identity}).Draw(t, "realm"),
		Epoch: rapid.Uint64().Draw(t, "epoch"), Pos: rapid.Uint64().Draw(t, "position"),
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(string(encodeEntry(ports.CacheEntry{Value: []byte("x")}, []ports.Generation{{Name: "g", Number: 1}})))
	f.Add(hexOf(7) + encodeMark(ports.Mark{Realm: ports.Orders, Epoch: 1, Pos: 2}))
	f.Fuzz(func(t *testing.T, s string) {
		if e, ok := decodeEntry(s); ok && len(e.Value) > len(s) {
			t.Errorf("%d bytes of value in %d", len(e.Value), len(s))
		}
		if g, ok := decodeState("g", s); ok && len(s) < hexDigits {
			t.Errorf("%q is read as %+v", s, g)
		}
	})
}
