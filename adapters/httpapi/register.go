package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/account"
)

// operation is what an operation says of itself.
type operation struct {
	ID          string // lowerCamel, stable: generated clients are named by it
	Method      string
	Path        string // as net/http's mux writes it
	Tag         string // the noun it stands under in the reference
	Summary     string // a line, imperative
	Description string

	Status     int                // of success; 0: 200, or 204 for nothing
	Also       []int              // further statuses that an answer of the same shape may have
	Permission account.Permission // who may; "": anybody
	Limit      class              // what one caller may ask; "": by permission and method
	Key        keyUse             // Idempotency-Key; 0: accepted on POST
	IfMatch    bool               // a write that must say what version it saw
	MayMatch   bool               // a write that may
	Cache      string             // Cache-Control of an answer that is for everybody
	Deadline   time.Duration      // 0: 10 s; negative: it sets its own
	Silence    time.Duration      // of a stream: between two writes; 0: as long as it takes
	MaxBody    int64              // bytes; 0: 1 MiB
	Quiet      bool               // its requests are no news

	// Fields renames what the verb calls its fields to where the client put
	// them, for locations of errors: {"cart": "cart_id"}.
	Fields map[string]string

	// Request describes a body that the operation reads itself (uploaded), and
	// Produces what registerStream sends.
	Request  *huma.RequestBody
	Produces string
}

const (
	defaultDeadline = 10 * time.Second
	defaultMaxBody  = 1 << 20
)

// route is a registered operation.
type route struct {
	operation
	edge      *edge
	cache     []string
	locations map[string]string // of a field's first segment: "body.", "query.", "path."
	fallback  string            // of any other
	params    []*huma.Param
	filled    map[string]string // query parameters that cannot be empty, and what they are then
	body      int               // index of the input's Body; -1: it has none
}

func (r *route) reads() bool { return r.Method == http.MethodGet }

// register adds an operation that reads an I (huma's tags: path, query, header,
// Body) and answers a T as JSON.
//
// handle gets a context with the operation's deadline. It may return any error:
// a *Problem is sent as it is, a *fault.Error by its kind and code, and of
// everything else the client only learns that it happened.
func register[I, T any](e *edge, op operation, handle func(context.Context, *I) (*reply[T], error)) {
	r, success := declare[I, T](e, op)
	add(r, success, func(ctx context.Context, x *exchange, in *I) {
		run := func(ctx context.Context) *answer {
			rep, err := handle(ctx, in)
			if err != nil {
				return x.problem(err).answer()
			}
			return render(r, x, rep)
		}
		if x.key.Key == "" {
			x.send(run(ctx))
			return
		}
		var sent any
		if r.body >= 0 {
			sent = reflect.ValueOf(in).Elem().Field(r.body).Interface()
		}
		x.send(r.once(ctx, x, sent, run))
	})
}

// declare returns the route of an operation that answers a T, and its success.
func declare[I, T any](e *edge, op operation) (*route, *huma.Response) {
	body := reflect.TypeFor[T]()
	if op.Status == 0 {
		op.Status = http.StatusOK
		if body == reflect.TypeFor[nothing]() {
			op.Status = http.StatusNoContent
		}
	}
	success := &huma.Response{Description: http.StatusText(op.Status)}
	if !bodyless(op.Status) {
		success.Content = map[string]*huma.MediaType{"application/json": {Schema: e.answerSchema(body, op.ID+"Response")}}
	}
	return newRoute[I](e, op), success
}

func newRoute[I any](e *edge, op operation) *route {
	if op.Limit == classDefault {
		switch {
		case op.Permission != "":
			op.Limit = classAdmin
		case op.Method == http.MethodGet:
			op.Limit = classRead
		default:
			op.Limit = classWrite
		}
	}
	if op.Cache != "" {
		op.Also = append(slices.Clone(op.Also), http.StatusNotModified)
	}
	if op.Key == keyDefault && op.Method != http.MethodPost {
		op.Key = keyIgnored
	}
	if op.Deadline == 0 {
		op.Deadline = defaultDeadline
	}
	if op.MaxBody == 0 {
		op.MaxBody = defaultMaxBody
	}
	r := &route{operation: op, edge: e, cache: []string{op.Cache}, body: -1}
	if f, ok := reflect.TypeFor[I]().FieldByName("Body"); ok {
		r.body = f.Index[0]
	}
	return r
}

// written is what huma is given to send: nothing, it has been sent.
type written struct{ Body func(huma.Context) }

// add puts the route before huma. serve sends the answer itself.
func add[I any](r *route, success *huma.Response, serve func(context.Context, *exchange, *I)) {
	success.Headers = r.answerHeaders()
	op := huma.Operation{
		OperationID: r.ID, Method: r.Method, Path: r.Path, Summary: r.Summary, Description: r.Description,
		DefaultStatus: r.Status, MaxBodyBytes: r.MaxBody + 1, // huma refuses what fills the limit
		Middlewares: huma.Middlewares{r.admit},
		Responses:   map[string]*huma.Response{strconv.Itoa(r.Status): success, "default": r.edge.problemResponse()},
		Extensions:  map[string]any{"x-rate-limit": string(r.Limit)},
	}
	for _, status := range r.Also {
		also := &huma.Response{Description: http.StatusText(status), Headers: success.Headers}
		if !bodyless(status) {
			also.Content = success.Content
		}
		op.Responses[strconv.Itoa(status)] = also
	}
	if r.Tag != "" {
		op.Tags = []string{r.Tag}
	}
	if r.Permission != "" {
		op.Security = []map[string][]string{{"bearer": {}}}
		op.Extensions["x-permission"] = string(r.Permission)
	}
	done := &written{Body: func(huma.Context) {}}
	huma.Register(r.edge.api, op, func(ctx context.Context, in *I) (*written, error) { //nolint:forbidigo // this is the helper
		x := exchangeOf(ctx)
		if r.Deadline > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, r.Deadline)
			defer cancel()
		} else {
			x.pace()
		}
		serve(ctx, x, in)
		return done, nil
	})
	r.learn(r.edge.added)
	if r.Method == http.MethodPatch {
		body := r.edge.added.RequestBody.Content["application/json"].Schema
		r.edge.patches[reflect.TypeFor[I]().Field(r.body).Type] = resolve(r.edge.api.OpenAPI().Components.Schemas, body)
	}
}

// learn completes the document of an operation and takes from it where its
// fields are.
func (r *route) learn(op *huma.Operation) {
	if at, rest := strings.CutSuffix(op.Path, "...}"); rest { // the mux's word for the rest of a path
		paths := r.edge.api.OpenAPI().Paths
		paths[at+"}"] = paths[op.Path]
		delete(paths, op.Path)
	}
	r.params = op.Parameters
	r.locations, r.filled, r.fallback = map[string]string{}, map[string]string{}, "query."
	for _, p := range op.Parameters {
		r.locations[p.Name] = p.In + "."
		tighten(r.edge.api.OpenAPI().Components.Schemas, r.ID+" "+p.Name, p.Schema)
		if code := emptyCode(p.Schema); p.In == "query" && code != "" {
			r.filled[p.Name] = code
		}
	}
	if op.RequestBody != nil {
		r.fallback = "body."
		if json := op.RequestBody.Content["application/json"]; json != nil {
			tighten(r.edge.api.OpenAPI().Components.Schemas, r.ID, json.Schema)
			for name := range resolve(r.edge.api.OpenAPI().Components.Schemas, json.Schema).Properties {
				r.locations[name] = "body."
			}
		}
	} else if r.Request != nil {
		op.RequestBody, r.fallback = r.Request, "body."
	}
	if r.Key == keyRequired || r.Key == keyOfVerb || r.Key == keyDefault {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Required: r.Key != keyDefault,
			Schema:      &huma.Schema{Type: huma.TypeString, Pattern: `^([!#-~]([ -~]{0,253}[!-~])?|"([ !#-\[\]-~]|\\["\\])+")$`},
			Description: "1 to 255 printable ASCII characters, bare or quoted. The same key and body again repeats the answer instead of the effect.",
		})
	}
	creates := r.IfMatch && slices.Contains(r.Also, http.StatusCreated)
	if r.IfMatch || r.MayMatch {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-Match", In: "header", Required: r.IfMatch && !creates, Schema: &huma.Schema{Type: huma.TypeString, Pattern: `^(\*|"[1-9][0-9]{0,17}")$`},
			Description: "The ETag that was read, or * to overwrite whatever is there.",
		})
	}
	if creates {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"*"}},
			Description: "In place of If-Match: there must be none yet.",
		})
	}
}

// answerHeaders documents what a success carries beside its body.
func (r *route) answerHeaders() map[string]*huma.Param {
	text := func(description string) *huma.Param {
		return &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	h := map[string]*huma.Param{"X-Request-ID": text("Names the request in the shop's logs.")}
	if !r.reads() {
		h["X-Consistency-Token"] = text("Send it with reads of the next minute, and they see this write.")
	}
	if r.IfMatch || r.Cache != "" {
		h["ETag"] = text("Names this state.")
	}
	if r.Status == http.StatusCreated || r.Status == http.StatusAccepted {
		h["Location"] = text("Where it is.")
	}
	return h
}

// locate puts "body.", "query.", "path." or "header." before the location of a
// field as the verb names it.
func (r *route) locate(field string) string {
	if r == nil {
		return field
	}
	if field == "" {
		return strings.TrimSuffix(r.fallback, ".")
	}
	root := field
	if i := strings.IndexAny(field, ".["); i >= 0 {
		root = field[:i]
	}
	switch root {
	case "body", "query", "path", "header":
		if len(root) < len(field) {
			return field
		}
	}
	rest := field[len(root):]
	if renamed, ok := r.Fields[root]; ok {
		root = renamed
	}
	if list, member, ok := strings.Cut(rest, "]."); ok { // of an element: lines[0].price
		name, inside, _ := strings.Cut(member, ".")
		if renamed, ok := r.Fields[name]; ok {
			rest = list + "]." + strings.TrimSuffix(renamed+"."+inside, ".")
		}
	}
	if where, ok := r.locations[root]; ok {
		return where + root + rest
	}
	return r.fallback + root + rest
}

// tighten bounds every integer of a request by its type, so that what does not
// fit is found by the schema and at its place; and refuses what huma cannot
// check safely. It panics: this is how an operation is declared.
func tighten(schemas huma.Registry, where string, s *huma.Schema) {
	tightenIn(schemas, where, s, map[*huma.Schema]bool{})
}

func tightenIn(schemas huma.Registry, where string, s *huma.Schema, seen map[*huma.Schema]bool) {
	s = resolve(schemas, s)
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	switch {
	case s.Type == huma.TypeNumber:
		panic(fmt.Sprintf("httpapi: %s: floats let NaN pass every bound; take an integer or a string", where))
	case len(s.AnyOf)+len(s.OneOf) > 0:
		panic(fmt.Sprintf("httpapi: %s: findings inside anyOf lose their location; take Opt", where))
	case s.UniqueItems:
		panic(fmt.Sprintf("httpapi: %s: uniqueItems panics when objects are sent", where))
	case s.Type == huma.TypeInteger:
		limit := float64(1<<53 - 1) // what every JSON reader can hold
		if s.Format == "int32" {
			limit = 1<<31 - 1
		}
		if s.Maximum == nil && s.ExclusiveMaximum == nil {
			s.Maximum = &limit
		}
		if lowest := -limit; s.Minimum == nil && s.ExclusiveMinimum == nil {
			s.Minimum = &lowest
		}
		s.PrecomputeMessages()
	}
	tightenIn(schemas, where, s.Items, seen)
	for name, p := range s.Properties {
		tightenIn(schemas, where+"."+name, p, seen)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		tightenIn(schemas, where, more, seen)
	}
}

func resolve(schemas huma.Registry, s *huma.Schema) *huma.Schema {
	for s != nil && s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	return s
}
