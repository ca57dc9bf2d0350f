package catalog

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// AttributeType is the type of an attribute's values.
type AttributeType string

const (
	String  AttributeType = "string"
	Number  AttributeType = "number"
	Boolean AttributeType = "boolean"
	Enum    AttributeType = "enum" // one of the choices
)

// AttributeDefinition says what an attribute of a category and of everything
// below it may hold and how it is shown.
type AttributeDefinition struct {
	Category      id.Category // where it is defined
	Name          string      // ^[a-z0-9_]{1,100}$
	Label         string
	Type          AttributeType
	Unit          string
	Choices       []Choice // for Enum
	Required      bool     // products of the category must have it to be active
	Filterable    bool     // it is a facet
	VariantOption bool     // it tells variants apart
	Position      int
	Derived       bool // an import made it from values and may widen it; an operator's word ends that
	Version       int64
}

// Choice is one value of an enum.
type Choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Attributes are an entity's values by attribute name.
type Attributes map[string]Value

// Value is a string, a number or a boolean. The zero Value is the empty string.
type Value struct {
	kind AttributeType // "" is String
	text string
	num  float64 // Boolean: 0 or 1
}

// Text, Num and Bool make values. Num of NaN or an infinity is not valid JSON
// and must not be made.
func Text(s string) Value { return Value{text: s} }

// Num makes a number.
func Num(n float64) Value { return Value{kind: Number, num: n} }

// Bool makes a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: Boolean, num: 1}
	}
	return Value{kind: Boolean}
}

// Type returns String, Number or Boolean.
func (v Value) Type() AttributeType {
	if v.kind == "" {
		return String
	}
	return v.kind
}

// Number returns the number and whether it is one.
func (v Value) Number() (float64, bool) { return v.num, v.kind == Number }

// Boolean returns the boolean and whether it is one.
func (v Value) Boolean() (value, ok bool) { return v.num == 1, v.kind == Boolean }

// String writes the value for people and as a facet's value: 5.5, true, red.
func (v Value) String() string {
	switch v.kind {
	case Number:
		return strconv.FormatFloat(v.num, 'f', -1, 64)
	case Boolean:
		return strconv.FormatBool(v.num == 1)
	default:
		return v.text
	}
}

// MarshalJSON writes the plain JSON string, number or boolean.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case Number:
		return json.Marshal(v.num)
	case Boolean:
		return strconv.AppendBool(nil, v.num == 1), nil
	default:
		return json.Marshal(v.text)
	}
}

// UnmarshalJSON reads a plain JSON string, number or boolean; anything else is Invalid.
func (v *Value) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) > 0 && b[0] == '"':
		*v = Value{}
		return json.Unmarshal(b, &v.text)
	case bytes.Equal(b, []byte("true")), bytes.Equal(b, []byte("false")):
		*v = Bool(b[0] == 't')
		return nil
	}
	n, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return fault.InvalidField("", "type", "must be a string, a number or a boolean")
	}
	*v = Num(n)
	return nil
}
