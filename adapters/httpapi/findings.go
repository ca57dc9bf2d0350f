package httpapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/validation"
)

const (
	maxFindings = 100 // in one answer
	maxLocation = 200 // bytes; a client's member name can be as long as its body
)

// finding says what a text of huma's means. huma's findings carry no code: this
// table is the one place where their text is read.
type finding struct {
	text    string // a format of huma/validation or a text of huma's parameters, verbs standing for anything
	code    string
	message string // "": the text itself
}

// findings returns the table.
func findings() []finding {
	return []finding{
		{validation.MsgUnexpectedProperty, "unknown_field", "is not known here"},
		{validation.MsgExpectedRequiredProperty, "required", "is required"},
		{validation.MsgExpectedDependentRequiredProperty, "required", "is required"},
		{validation.MsgExpectedPropertyNameInObject, "required", "is required"},

		{validation.MsgExpectedBoolean, "type", ""},
		{validation.MsgExpectedNumber, "type", ""},
		{validation.MsgExpectedInteger, "type", ""},
		{validation.MsgExpectedString, "type", ""},
		{validation.MsgExpectedArray, "type", ""},
		{validation.MsgExpectedObject, "type", ""},
		{validation.MsgExpectedMatchAtLeastOneSchema, "type", ""},
		{validation.MsgExpectedMatchExactlyOneSchema, "type", ""},
		{validation.MsgExpectedNotMatchSchema, "unknown_reference", "is unknown"}, // of uuidText

		{validation.MsgExpectedOneOf, "enum", ""},
		{validation.MsgExpectedArrayItemsUnique, "duplicate", ""},

		{validation.MsgExpectedMinimumNumber, "too_small", ""},
		{validation.MsgExpectedExclusiveMinimumNumber, "too_small", ""},
		{validation.MsgExpectedMinLength, "too_small", ""},
		{validation.MsgExpectedMinItems, "too_small", ""},
		{validation.MsgExpectedMinProperties, "too_small", ""},
		{validation.MsgExpectedMaximumNumber, "too_large", ""},
		{validation.MsgExpectedExclusiveMaximumNumber, "too_large", ""},
		{validation.MsgExpectedMaxProperties, "too_large", ""},
		{validation.MsgExpectedMaxLength, "too_long", ""},
		{validation.MsgExpectedMaxItems, "too_long", ""},

		{validation.MsgExpectedNumberBeMultipleOf, "pattern", ""},
		{validation.MsgExpectedBePattern, "pattern", ""},
		{validation.MsgExpectedMatchPattern, "pattern", ""},
		{validation.MsgExpectedRFC3339DateTime, "pattern", ""},
		{validation.MsgExpectedRFC1123DateTime, "pattern", ""},
		{validation.MsgExpectedRFC3339Date, "pattern", ""},
		{validation.MsgExpectedRFC3339Time, "pattern", ""},
		{validation.MsgExpectedRFC5322Email, "pattern", "must be an email address"},
		{validation.MsgExpectedRFC5890Hostname, "pattern", ""},
		{validation.MsgExpectedRFC2673IPv4, "pattern", ""},
		{validation.MsgExpectedRFC2373IPv6, "pattern", ""},
		{validation.MsgExpectedRFCIPAddr, "pattern", ""},
		{validation.MsgExpectedRFC3986URI, "pattern", "must be a URI"},
		{validation.MsgExpectedRFC4122UUID, "pattern", "must be a UUID"},
		{validation.MsgExpectedRFC6570URITemplate, "pattern", ""},
		{validation.MsgExpectedRFC6901JSONPointer, "pattern", ""},
		{validation.MsgExpectedRFC6901RelativeJSONPointer, "pattern", ""},
		{validation.MsgExpectedRegexp, "pattern", "must be a regular expression"},
		{validation.MsgExpectedDuration, "pattern", "must be a duration"},
		{validation.MsgExpectedBase64String, "pattern", ""},

		{"required %s parameter is missing", "required", "is required"},
		{"expected at most one value, but received multiple values", "type", ""},
		{"invalid integer", "type", "expected integer"},
		{"invalid float", "type", "expected number"},
		{"invalid floating value", "type", "expected number"},
		{"invalid boolean", "type", "expected boolean"},
		{"invalid date/time for format %s", "pattern", "expected a date and time"},
		{"invalid url.URL value", "pattern", "must be a URI"},
		{"invalid value: %s", "pattern", "has the wrong form"},
	}
}

// matches reports whether a text was made of a format.
func matches(text, format string) bool {
	for first := true; ; first = false {
		verb := strings.IndexByte(format, '%')
		if verb < 0 {
			return first && text == format || !first && strings.HasSuffix(text, format)
		}
		literal := format[:verb]
		at := strings.Index(text, literal)
		if at < 0 || first && at != 0 {
			return false
		}
		text, format = text[at+len(literal):], format[verb+2:]
	}
}

// translator makes problems of huma's errors.
type translator []finding

// transform is the API's huma.Transformer: everything huma answers by itself
// passes through here.
func (t translator) transform(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	x := exchangeOf(ctx.Context())
	p := t.problem(m)
	p.RequestID = x.requestID
	x.code, x.err = p.Code, p.cause
	if p.Status != m.Status {
		x.instead = p.Status
	}
	_, w := humago.Unwrap(ctx)
	w.Header()["Content-Type"] = []string{problemType}
	return p, nil
}

func (t translator) problem(m *huma.ErrorModel) *Problem {
	if len(m.Errors) > 0 {
		if e, ok := parseBodyError(m.Errors[len(m.Errors)-1].Message); ok && e.code == "malformed_json" {
			return newProblem(http.StatusBadRequest, e.code, e.message)
		}
	}
	switch m.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if len(m.Errors) == 0 {
			return newProblem(http.StatusBadRequest, "malformed_json", "the body is empty")
		}
		return invalid(t.fields(m.Errors)...)
	case http.StatusRequestTimeout:
		return newProblem(m.Status, "request_timeout", "the body did not arrive in time")
	case http.StatusRequestEntityTooLarge:
		return newProblem(m.Status, "body_too_large", "the body is larger than this operation accepts")
	case http.StatusUnsupportedMediaType:
		return newProblem(m.Status, "unsupported_media_type", "this operation does not read that content type")
	case http.StatusNotAcceptable:
		return newProblem(m.Status, "not_acceptable", "this operation answers none of the accepted content types")
	}
	if m.Detail == "cannot read request body" {
		return newProblem(http.StatusBadRequest, "malformed_json", "the body broke off")
	}
	p := problemOf(m, nil)
	return p
}

func (t translator) fields(details []*huma.ErrorDetail) []FieldError {
	fields := make([]FieldError, 0, min(len(details), maxFindings))
	for _, d := range details {
		if len(fields) == maxFindings {
			break
		}
		fields = append(fields, t.field(d))
	}
	// huma finds unknown members in the order of a map.
	slices.SortStableFunc(fields, func(a, b FieldError) int { return cmp.Compare(a.Location, b.Location) })
	return fields
}

func (t translator) field(d *huma.ErrorDetail) FieldError {
	f := FieldError{d.Location, "type", "has the wrong form"}
	if e, ok := parseBodyError(d.Message); ok {
		f = FieldError{e.location, e.code, e.message}
	} else if i := slices.IndexFunc(t, func(x finding) bool { return matches(d.Message, x.text) }); i >= 0 {
		f.Code, f.Message = t[i].code, cmp.Or(t[i].message, d.Message)
		switch t[i].text {
		case validation.MsgExpectedRequiredProperty, validation.MsgExpectedDependentRequiredProperty:
			// The location is the object's; the text names the member.
			words := strings.Fields(d.Message)
			f.Location += "." + words[slices.Index(words, "property")+1]
		case validation.MsgExpectedMinLength, validation.MsgExpectedMinItems, validation.MsgExpectedMinProperties:
			if strings.HasSuffix(d.Message, " 1") {
				f.Code, f.Message = "required", "must not be empty"
			}
		case validation.MsgExpectedMinimumNumber:
			f.Message = "must be at least " + plain(d.Message)
		case validation.MsgExpectedMaximumNumber:
			f.Message = "must be at most " + plain(d.Message)
		case "invalid integer":
			f.Code, f.Message = integer(d.Value)
		}
	}
	if len(f.Location) > maxLocation {
		f.Location = strings.ToValidUTF8(f.Location[:maxLocation], "") + "…"
	}
	return f
}

// plain returns the bound at the end of a message as people write it: huma has
// 2.147483647e+09.
func plain(message string) string {
	bound := message[strings.LastIndexByte(message, ' ')+1:]
	if n, err := strconv.ParseFloat(bound, 64); err == nil {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return bound
}

// integer tells a number that is too large from what is none.
func integer(v any) (code, message string) {
	s, _ := v.(string) // anything else is no number
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "type", "expected integer"
	}
	if len(digits) < len(s) {
		return "too_small", "is smaller than any number accepted here"
	}
	return "too_large", "is larger than any number accepted here"
}
