package money

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// MarshalJSON writes {"amount":1999,"currency":"EUR"}, and null for no value.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.IsNone() {
		return []byte("null"), nil
	}
	b := append(make([]byte, 0, 40), `{"amount":`...)
	b = strconv.AppendInt(b, a.minor, 10)
	b = append(b, `,"currency":`...)
	b = strconv.AppendQuote(b, string(a.currency))
	return append(b, '}'), nil
}

// plain reads exactly what MarshalJSON writes of a currency of three letters:
// almost every amount there is, at a tenth of the cost.
func plain(b []byte) (Amount, bool) {
	rest, ok := bytes.CutPrefix(b, []byte(`{"amount":`))
	minor, rest, found := bytes.Cut(rest, []byte(`,"currency":"`))
	if !ok || !found || len(rest) != len(`EUR"}`) || string(rest[3:]) != `"}` {
		return Amount{}, false
	}
	n, err := strconv.ParseInt(string(minor), 10, 64)
	if err != nil {
		return Amount{}, false
	}
	for _, c := range rest[:3] {
		if c < 'A' || c > 'Z' {
			return Amount{}, false
		}
	}
	return Amount{n, Currency(rest[:3])}, true
}

// UnmarshalJSON reads what MarshalJSON writes. It does not judge the value.
func (a *Amount) UnmarshalJSON(b []byte) error {
	if v, ok := plain(b); ok {
		*a = v
		return nil
	}
	var v *struct {
		Amount   int64    `json:"amount"`
		Currency Currency `json:"currency"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if v == nil {
		*a = Amount{}
		return nil
	}
	*a = Amount{v.Amount, v.Currency}
	return nil
}
