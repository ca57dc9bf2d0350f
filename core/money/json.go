package money

import (
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

// UnmarshalJSON reads what MarshalJSON writes. It does not judge the value.
func (a *Amount) UnmarshalJSON(b []byte) error {
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
