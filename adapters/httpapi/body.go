package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// maxDepth is how deep a body may nest. Nothing the API takes is half as deep.
const maxDepth = 32

// jsonFormat reads and writes bodies. huma reads each twice: into an any, which
// it holds against the schema, and then into the input. The first reading is
// where everything is found that encoding/json lets pass.
func (e *edge) jsonFormat() huma.Format {
	return huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: e.unmarshal}
}

func (e *edge) unmarshal(data []byte, v any) error {
	if tree, ok := v.(*any); ok {
		var err error
		*tree, err = parse(data)
		return err
	}
	if err := e.patches.refuseNull(data, v); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return undecodable(err)
	}
	return nil
}

// bodyError is something wrong with a body. huma keeps only an error's text, so
// the text is the three members; translate takes it apart again.
type bodyError struct{ code, location, message string }

func (e *bodyError) Error() string {
	return strings.Join([]string{e.code, e.location, e.message}, "\x00")
}

// parseBodyError undoes Error. No member holds a NUL: parse refuses them.
func parseBodyError(text string) (bodyError, bool) {
	p := strings.Split(text, "\x00")
	if len(p) != 3 {
		return bodyError{}, false
	}
	return bodyError{p[0], p[1], p[2]}, true
}

func malformed(message string) error { return &bodyError{"malformed_json", "body", message} }

// parse reads a JSON text into the types that huma's validation knows. Numbers
// become int64 where they are whole and fit; what is written like a fraction
// (2.0) stays a json.Number, which is no integer to huma; what is too large for
// an int64 becomes a float64, which breaks the bound of any integer.
func parse(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, malformed("the body is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	p := parser{dec}
	v, err := p.value("body", 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("the body goes on after its JSON value")
	}
	return v, nil
}

type parser struct{ dec *json.Decoder }

func (p parser) token() (json.Token, error) {
	t, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, malformed("the body ends before its JSON value does")
	}
	if err != nil {
		return nil, malformed(fmt.Sprintf("the body is not valid JSON near byte %d", p.dec.InputOffset()))
	}
	return t, nil
}

func (p parser) value(at string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, malformed(fmt.Sprintf("the body nests deeper than %d", maxDepth))
	}
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return p.object(at, depth)
		}
		return p.array(at, depth)
	case json.Number:
		return parseNumber(t, at)
	case string:
		return t, checkText(t, at)
	}
	return t, nil
}

func (p parser) object(at string, depth int) (any, error) {
	o := map[string]any{}
	for p.dec.More() {
		t, err := p.token()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, malformed("a member's name is not a string")
		}
		if err := checkText(key, at); err != nil {
			return nil, err
		}
		inner := at + "." + key
		if _, twice := o[key]; twice {
			return nil, &bodyError{"duplicate", inner, "is there twice"}
		}
		if o[key], err = p.value(inner, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := p.token()
	return o, err
}

func (p parser) array(at string, depth int) (any, error) {
	a := []any{}
	for p.dec.More() {
		v, err := p.value(at+"["+strconv.Itoa(len(a))+"]", depth+1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	_, err := p.token()
	return a, err
}

func checkText(s, at string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return &bodyError{"pattern", at, "must not contain U+0000"}
	}
	return nil
}

func parseNumber(n json.Number, at string) (any, error) {
	if i, err := n.Int64(); err == nil {
		return i, nil
	}
	f, err := n.Float64()
	switch {
	case err != nil && f > 0:
		return nil, &bodyError{"too_large", at, "is larger than any number"}
	case err != nil && f < 0:
		return nil, &bodyError{"too_small", at, "is smaller than any number"}
	case f == math.Trunc(f) && math.Abs(f) <= 1<<53:
		return n, nil
	}
	return f, nil
}

// undecodable names the place where a validated body still does not fit the
// input. The schemas are made so that this does not happen.
func undecodable(err error) error {
	at := "body"
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && t.Field != "" {
		at += "." + t.Field
	}
	return &bodyError{"type", at, "has the wrong type"}
}
