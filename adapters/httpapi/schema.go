package httpapi

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
)

// huma reads these two from package variables only. Strict casing: otherwise
// QUANTITY slips past the limits of quantity. Arrays are never null.
var _, _ = func() (bool, bool) {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	return true, true
}()

const schemaPrefix = "#/components/schemas/"

// registry keeps the schemas of requests and of answers apart: requests refuse
// members they do not know, answers may grow. What both have is called …Input
// in requests.
type registry struct {
	huma.Registry // of requests, the one that huma asks
	answers       huma.Registry
}

func newRegistry() *registry {
	r := &registry{
		Registry: huma.NewMapRegistry(schemaPrefix, func(t reflect.Type, hint string) string {
			name := huma.DefaultSchemaNamer(t, hint)
			if strings.HasSuffix(name, "Request") || strings.HasSuffix(name, "Input") {
				return name
			}
			return name + "Input"
		}),
		answers: huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer),
	}
	for _, one := range []huma.Registry{r.Registry, r.answers} {
		one.RegisterTypeAlias(reflect.TypeFor[catalog.Value](), reflect.TypeFor[attributeValue]())
	}
	for _, t := range idTypes() {
		r.Registry.RegisterTypeAlias(t, reflect.TypeFor[uuidText]())
		r.answers.RegisterTypeAlias(t, reflect.TypeFor[uuidText]())
	}
	return r
}

func (r *registry) SchemaFromRef(ref string) *huma.Schema {
	if s := r.Registry.SchemaFromRef(ref); s != nil {
		return s
	}
	return r.answers.SchemaFromRef(ref)
}

// Map returns all schemas of the document.
func (r *registry) Map() map[string]*huma.Schema {
	all := maps.Clone(r.Registry.Map())
	maps.Copy(all, r.answers.Map())
	// huma registers its own shape of errors with every operation; none answers it.
	delete(all, "ErrorModelInput")
	delete(all, "ErrorDetailInput")
	return all
}

func (r *registry) MarshalJSON() ([]byte, error) { return json.Marshal(r.Map()) }

// attributeValue is the schema of an attribute's value.
type attributeValue struct{}

// Schema implements huma.SchemaProvider.
func (attributeValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}}}
}

// uuidText is the schema of an id.
type uuidText struct{}

// Schema implements huma.SchemaProvider. A pattern rather than huma's format:
// that takes urn:uuid: and braces too, which id.Parse does not. The id of nothing
// refers to nothing: to take a reference away is to send null.
func (uuidText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", PatternDescription: "a UUID",
		Not: &huma.Schema{Enum: []any{id.UUID{}.String()}},
	}
}

func idTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[id.Product](), reflect.TypeFor[id.Variant](), reflect.TypeFor[id.Category](), reflect.TypeFor[id.Brand](),
		reflect.TypeFor[id.Image](), reflect.TypeFor[id.Cart](), reflect.TypeFor[id.Order](), reflect.TypeFor[id.Payment](),
		reflect.TypeFor[id.Customer](), reflect.TypeFor[id.Job](), reflect.TypeFor[id.Import](), reflect.TypeFor[id.Movement](),
		reflect.TypeFor[id.Shipment](), reflect.TypeFor[id.Refund](), reflect.TypeFor[id.Return](),
	}
}

// newAPI sets huma up: one format, no links to schemas, no documents of its own
// (it writes them unsynchronized at the first request).
func (e *edge) newAPI() huma.API {
	schemas := newRegistry()
	e.answers = schemas.answers
	version := e.opts.Version
	if version == "" {
		version = "dev"
	}
	return humago.New(e.mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Bodega", Version: version,
				Description: "Headless e-commerce. Amounts are in minor units, times in UTC. Every failure is application/problem+json with a stable code.",
				License:     &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "A session or an API key."},
				},
			},
			OnAddOperation: []huma.AddOpFunc{func(_ *huma.OpenAPI, op *huma.Operation) { e.added = op }},
		},
		Formats:       map[string]huma.Format{"application/json": e.jsonFormat(), "json": e.jsonFormat()},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{translator(findings()).transform},
	})
}

// answerSchema returns the schema of a type as it is answered: with room for
// members that are yet to come.
func (e *edge) answerSchema(t reflect.Type, hint string) *huma.Schema {
	s := e.answers.Schema(t, true, hint)
	for _, known := range e.answers.Map() {
		if known.AdditionalProperties == false {
			known.AdditionalProperties = nil
		}
	}
	return s
}

// problemResponse documents every failure of an operation.
func (e *edge) problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A problem; its code says which.",
		Content:     map[string]*huma.MediaType{problemType: {Schema: e.answerSchema(reflect.TypeFor[Problem](), "")}},
	}
}
