package money_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func TestAmount_Validate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		amount money.Amount
		code   string // of the one field that is wrong; "" for none
	}{
		{eur(0), ""},
		{eur(money.Max), ""},
		{money.New(5, "JPY"), ""},
		{eur(-1), "too_small"},
		{eur(money.Max + 1), "too_large"},
		{money.New(1, "EU"), "enum"},
		{money.New(1, "eur"), "enum"},
		{money.New(1, "E R"), "enum"},
		{money.New(1, ""), "enum"},
	} {
		err := test.amount.Validate()
		if test.code == "" {
			if err != nil {
				t.Errorf("%v: %v", test.amount, err)
			}
			continue
		}
		if e, ok := err.(*fault.Error); !ok || len(e.Fields) != 1 || e.Fields[0].Code != test.code { //nolint:errorlint // it is not wrapped
			t.Errorf("%v: got %v, want %s", test.amount, err, test.code)
		}
	}
}

func TestAmount_Arithmetic(t *testing.T) {
	t.Parallel()
	t.Run("NoneIsNothingToAdd", func(t *testing.T) {
		t.Parallel()
		for _, pair := range [][2]money.Amount{{{}, eur(7)}, {eur(7), {}}} {
			if sum, err := pair[0].Add(pair[1]); err != nil || sum != eur(7) {
				t.Errorf("got %v, %v", sum, err)
			}
		}
	})
	t.Run("CurrenciesDoNotMix", func(t *testing.T) {
		t.Parallel()
		if _, err := eur(1).Add(money.New(1, "USD")); fault.CodeOf(err) != "currency_mismatch" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("WhatLeavesTheBoundsIsRefused", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			a := rapid.Int64Range(-money.Max, money.Max).Draw(t, "a")
			n := rapid.Int64().Draw(t, "n")
			want := new(big.Int).Mul(big.NewInt(a), big.NewInt(n))
			fits := want.CmpAbs(big.NewInt(money.Max)) <= 0
			got, err := eur(a).Times(n)
			switch {
			case fits && (err != nil || got.Minor() != want.Int64()):
				t.Fatalf("%d × %d: got %v, %v", a, n, got, err)
			case !fits && fault.CodeOf(err) != "amount_exceeds":
				t.Fatalf("%d × %d leaves the bounds: got %v, %v", a, n, got, err)
			}
		})
	})
	t.Run("Within", func(t *testing.T) {
		t.Parallel()
		for _, test := range []struct {
			amount money.Amount
			code   string
		}{{eur(1), ""}, {eur(10), ""}, {eur(11), "amount_exceeds"}, {eur(0), "validation_failed"}, {eur(-1), "validation_failed"}, {money.New(1, "USD"), "currency_mismatch"}} {
			err := test.amount.Within(eur(10))
			if (err == nil) != (test.code == "") || err != nil && fault.CodeOf(err) != test.code {
				t.Errorf("%v: got %v, want %q", test.amount, err, test.code)
			}
		}
	})
}

func TestAmount_BasisPoints(t *testing.T) {
	t.Parallel()
	t.Run("RoundsHalfToEven", func(t *testing.T) {
		t.Parallel()
		for _, test := range []struct{ minor, bp, want int64 }{
			{10, 500, 0}, {30, 500, 2}, {50, 500, 2}, {70, 500, 4}, // 0.5, 1.5, 2.5, 3.5
			{100, 1900, 19}, {0, 1900, 0}, {-30, 500, -2}, {money.Max, 10_000, money.Max},
		} {
			if got := eur(test.minor).BasisPoints(test.bp); got != eur(test.want) {
				t.Errorf("%d × %d bp = %d, want %d", test.minor, test.bp, got.Minor(), test.want)
			}
		}
	})
	t.Run("IncludedTaxIsThatOfTheNet", func(t *testing.T) {
		t.Parallel()
		if got := eur(11_900).IncludedTax(1900); got != eur(1900) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("IsWithinHalfAUnitOfTheTruth", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			a := rapid.Int64Range(0, money.Max).Draw(t, "a")
			bp := rapid.Int64Range(0, 10_000).Draw(t, "bp")
			for name, share := range map[string]struct{ got, times, by int64 }{
				"on top":   {eur(a).BasisPoints(bp).Minor(), bp, 10_000},
				"included": {eur(a).IncludedTax(bp).Minor(), bp, 10_000 + bp},
			} {
				exact := new(big.Int).Mul(big.NewInt(a), big.NewInt(share.times))
				off := exact.Sub(exact, new(big.Int).Mul(big.NewInt(share.got), big.NewInt(share.by)))
				if off.Lsh(off.Abs(off), 1).Cmp(big.NewInt(share.by)) > 0 {
					t.Fatalf("%s: %d at %d bp gave %d", name, a, bp, share.got)
				}
			}
		})
	})
}

func TestAmount_Allocate(t *testing.T) {
	t.Parallel()
	t.Run("LargestRemainderFirstThenTheEarlier", func(t *testing.T) {
		t.Parallel()
		for _, test := range []struct {
			minor   int64
			weights []int64
			want    []int64
		}{
			{100, []int64{1, 1, 1}, []int64{34, 33, 33}},
			{5, []int64{3, 7}, []int64{2, 3}}, // 1.5 and 3.5: equal remainders
			{10, []int64{0, 0}, []int64{5, 5}},
			{7, []int64{}, []int64{}},
			{0, []int64{4, 5}, []int64{0, 0}},
		} {
			parts := eur(test.minor).Allocate(test.weights)
			if len(parts) != len(test.want) {
				t.Fatalf("got %v", parts)
			}
			for i, p := range parts {
				if p != eur(test.want[i]) {
					t.Errorf("%d over %v: got %v, want %v", test.minor, test.weights, parts, test.want)
				}
			}
		}
	})
	t.Run("AddsUpAndIsFair", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			a := rapid.Int64Range(0, money.Max).Draw(t, "a")
			weights := rapid.SliceOfN(rapid.Int64Range(0, money.Max), 1, 20).Draw(t, "weights")
			var total, sum int64
			for _, w := range weights {
				total += w
			}
			for i, p := range eur(a).Allocate(weights) {
				sum += p.Minor()
				if total == 0 {
					continue
				}
				share := new(big.Int).Div(new(big.Int).Mul(big.NewInt(a), big.NewInt(weights[i])), big.NewInt(total)).Int64()
				if p.Minor() != share && p.Minor() != share+1 {
					t.Fatalf("part %d of %d over %v is %d, its share %d", i, a, weights, p.Minor(), share)
				}
			}
			if sum != a {
				t.Fatalf("%d over %v adds up to %d", a, weights, sum)
			}
		})
	})
}

func TestAmount_Text(t *testing.T) {
	t.Parallel()
	for amount, want := range map[money.Amount]string{
		eur(1999): "19.99 EUR", eur(5): "0.05 EUR", eur(-5): "-0.05 EUR", money.New(500, "JPY"): "500 JPY", money.New(1234, "KWD"): "1.234 KWD", {}: "none",
	} {
		if got := amount.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAmount_JSON(t *testing.T) {
	t.Parallel()
	for amount, want := range map[money.Amount]string{eur(1999): `{"amount":1999,"currency":"EUR"}`, {}: `null`} {
		raw, err := json.Marshal(amount)
		if err != nil || string(raw) != want {
			t.Errorf("got %s, %v, want %s", raw, err, want)
		}
		back := eur(42)
		if err := json.Unmarshal(raw, &back); err != nil || back != amount {
			t.Errorf("%s came back as %v, %v", raw, back, err)
		}
	}
	for text, want := range map[string]money.Amount{
		`{"amount":-7,"currency":"EUR"}`:             eur(-7),
		`{ "currency": "EUR", "amount": 7 }`:         eur(7),
		`{"amount":7,"currency":"\u0045UR"}`:         eur(7),
		`{"amount":7,"currency":"EUR","more":[1,2]}`: eur(7),
		`{"amount":7,"currency":"eur"}`:              money.New(7, "eur"),
	} {
		var a money.Amount
		if err := json.Unmarshal([]byte(text), &a); err != nil || a != want {
			t.Errorf("%s was read as %v, %v", text, a, err)
		}
	}
	for _, bad := range []string{`{"amount":1.5,"currency":"EUR"}`, `"19.99"`, `{"amount":99999999999999999999,"currency":"EUR"}`} {
		var a money.Amount
		if err := json.Unmarshal([]byte(bad), &a); err == nil {
			t.Errorf("%s was read as %v", bad, a)
		}
	}
}
