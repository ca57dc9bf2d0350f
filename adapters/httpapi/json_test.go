package httpapi

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/money"
)

func TestJSON_Shapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    any
		want string
	}{
		{moneyOf(money.New(1999, "EUR")), `{"amount":1999,"currency":"EUR"}`},
		{optionalMoney(money.Amount{}), `null`},
		{optionalMoney(money.New(0, "EUR")), `{"amount":0,"currency":"EUR"}`},
		{Time{time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))}, `"2026-01-02T02:04:05.000000Z"`},
		{Time{time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)}, `"2026-01-02T03:04:05.123456Z"`},
		{optionalTime(time.Time{}), `null`},
		{optionalTime(time.Unix(0, 0)), `"1970-01-01T00:00:00.000000Z"`},
		{Some(NoteLine{"<a&b>", 1}), `{"sku":"<a&b>","quantity":1}`},
		{Page[Note]{Items: []Note{}, MaxPage: 3}, `{"items":[],"page":0,"per_page":0,"total":0,"max_page":3}`},
		{CursorPage[Note]{Items: []Note{}}, `{"items":[],"next_cursor":null}`},
		{Opt[string]{Value: "a", Set: true}, `"a"`},
		{Opt[string]{Set: true, Null: true}, `null`},
	} {
		if got, err := encode(c.v); err != nil || string(got) != c.want {
			t.Errorf("%#v is written %s, %v; want %s", c.v, got, err, c.want)
		}
	}
	if back := moneyOf(money.New(7, "EUR")).amount(); back != money.New(7, "EUR") {
		t.Errorf("money came back as %v", back)
	}
}

func TestJSON_TimesComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "at"))
		b, err := json.Marshal(Some(Time{at}))
		var back Null[Time]
		if err != nil || json.Unmarshal(b, &back) != nil || !back.Valid || !back.Value.Equal(at) {
			t.Fatalf("%v → %s → %v", at, b, back)
		}
	})
}
