package httpapi

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
)

// givenValues are attributes as a request gives them, by name. They are decoded
// one by one when they are taken: neither huma, which cannot look into a value
// of several types, nor a decoder would say which of them is wrong.
type givenValues map[string]json.RawMessage

// Schema implements huma.SchemaProvider. To huma, a value without Type can be
// anything.
func (givenValues) Schema(huma.Registry) *huma.Schema {
	value := &huma.Schema{Extensions: map[string]any{"type": []string{huma.TypeString, huma.TypeNumber, huma.TypeBoolean}}}
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: value}
}

// changedValues are attributes of which null takes one away.
type changedValues map[string]json.RawMessage

// Schema implements huma.SchemaProvider.
func (changedValues) Schema(huma.Registry) *huma.Schema {
	value := &huma.Schema{Extensions: map[string]any{"type": []string{huma.TypeString, huma.TypeNumber, huma.TypeBoolean, "null"}}}
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: value}
}

// take returns the attributes; nil if none were given.
func (g givenValues) take(f *fault.Fields, at string) catalog.Attributes {
	if g == nil {
		return nil
	}
	all := make(catalog.Attributes, len(g))
	for name, raw := range g {
		all[name] = takeValue(f, at+"."+name, raw)
	}
	return all
}

// take returns the attributes to set and, as nil, those to take away.
func (c changedValues) take(f *fault.Fields, at string) map[string]*catalog.Value {
	if c == nil {
		return nil
	}
	all := make(map[string]*catalog.Value, len(c))
	for name, raw := range c {
		if string(raw) == "null" {
			all[name] = nil
			continue
		}
		v := takeValue(f, at+"."+name, raw)
		all[name] = &v
	}
	return all
}

func takeValue(f *fault.Fields, at string, raw json.RawMessage) catalog.Value {
	var v catalog.Value
	if err := v.UnmarshalJSON(raw); err != nil {
		f.Add(at, "type", "must be a string, a number or a boolean")
	}
	return v
}
