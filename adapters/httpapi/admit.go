package httpapi

import (
	"cmp"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
)

// admit is the stage before huma: whatever can be refused without the body is.
// It is also what keeps an operation from running when its answer could not be
// sent (406).
func (r *route) admit(ctx huma.Context, next func(huma.Context)) {
	x := exchangeOf(ctx.Context())
	x.route = r
	if err := r.refuse(x); err != nil {
		x.fail(err)
		return
	}
	next(ctx)
}

func (r *route) refuse(x *exchange) error {
	h := x.r.Header
	if err := r.identify(x); err != nil {
		return err
	}
	if err := r.permit(x); err != nil {
		return err
	}
	if r.edge.opts.Limiter != nil {
		if err := r.edge.throttle(x.r.Context(), x, r.Limit, cmp.Or(x.actor.Owner(), limitKey(x.client))); err != nil {
			return err
		}
	}
	if !accepts(h["Accept"], r.produces()) {
		return newProblem(http.StatusNotAcceptable, "not_acceptable", "this operation answers "+r.produces())
	}
	if r.body >= 0 {
		if !isJSON(h.Get("Content-Type")) {
			return newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "this operation reads application/json")
		}
		h["Content-Type"] = r.edge.fixed.json // huma compares it as a string
	}
	if r.Request != nil && !r.takes(h.Get("Content-Type")) {
		return newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "this operation reads "+strings.Join(sortedKeys(r.Request.Content), " or "))
	}
	if err := r.carries(x.r); err != nil {
		return err
	}
	if r.IfMatch {
		var err error
		if x.condition, err = preconditionOf(h); err != nil {
			return err
		}
		if x.condition == (precondition{}) {
			return newProblem(http.StatusPreconditionRequired, "if_match_required", "this operation needs If-Match with the ETag that was read, or *")
		}
	}
	if err := r.takeKey(x); err != nil {
		return err
	}
	if err := r.checkEmpty(x.r.URL.RawQuery); err != nil {
		return err
	}
	return r.checkText(x)
}

// carries refuses a body by what is said of it: a coding that nobody here undoes,
// and a length that its sender asks about before sending it.
func (r *route) carries(req *http.Request) error {
	coding := strings.ToLower(req.Header.Get("Content-Encoding"))
	if known := coding == "" || coding == "identity" || coding == "gzip" && r.Request != nil && r.Request.Content["application/gzip"] != nil; !known {
		return newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "this operation reads no body in the coding "+coding)
	}
	if req.ContentLength > r.MaxBody && req.Header.Get("Expect") != "" {
		return newProblem(http.StatusRequestEntityTooLarge, "body_too_large", "the body is larger than this operation accepts")
	}
	return nil
}

// identify finds out who shows a session or an API key, and for whose address a
// frontend's server speaks.
func (r *route) identify(x *exchange) error {
	if authorization := x.r.Header.Get("Authorization"); authorization != "" {
		scheme, token, _ := strings.Cut(authorization, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return fault.New(fault.Unauthenticated, "", "the Authorization must be a Bearer token")
		}
		actor, err := r.authenticate(x, strings.TrimSpace(token))
		if err != nil {
			return err
		}
		x.actor = actor
	}
	shopper := x.r.Header.Get("X-Shopper-Ip")
	if shopper == "" {
		return nil
	}
	frontend, err := r.authenticate(x, x.r.Header.Get("X-Api-Key"))
	if err != nil {
		return err
	}
	if !frontend.Can(account.StorefrontProxy) {
		return fault.New(fault.Denied, "", "this key may not send X-Shopper-IP")
	}
	a, err := netip.ParseAddr(shopper)
	if err != nil {
		return invalid(FieldError{"header.X-Shopper-IP", "pattern", "must be an IP address"})
	}
	x.client = a.Unmap().WithZone("")
	return nil
}

// authenticate asks whose a token is. Wrong ones are counted by address, so
// that nobody can go on guessing.
func (r *route) authenticate(x *exchange, token string) (account.Actor, error) {
	err := error(fault.New(fault.Unauthenticated, "", ""))
	if f := r.edge.opts.Authenticate; f != nil && token != "" {
		var actor account.Actor
		if actor, err = f(x.r.Context(), token); err == nil {
			return actor, nil
		}
	}
	if fault.Is(err, fault.Unauthenticated) {
		if e := r.edge.throttle(x.r.Context(), x, classSignIn, limitKey(x.client)); e != nil {
			return account.Actor{}, e
		}
	}
	return account.Actor{}, err
}

func (r *route) permit(x *exchange) error {
	switch {
	case r.Permission == "" || x.actor.Can(r.Permission):
		return nil
	case x.actor.IsNobody():
		return fault.New(fault.Unauthenticated, "", "")
	}
	return fault.New(fault.Denied, "", "this needs the permission "+string(r.Permission))
}

// checkEmpty refuses query parameters that are there without a value, unless no
// text is a value of theirs. huma takes them for missing, and a list that begins
// with one for no list at all.
func (r *route) checkEmpty(query string) error {
	if query == "" {
		return nil
	}
	var fields []FieldError
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if code, known := r.filled[name]; known && value == "" {
			fields = append(fields, FieldError{"query." + name, code, "must not be empty"})
		}
	}
	if fields != nil {
		return invalid(fields...)
	}
	return nil
}

// emptyCode returns what is wrong with an empty parameter; "" for nothing.
func emptyCode(s *huma.Schema) string {
	switch {
	case s.Type == huma.TypeInteger, s.Type == huma.TypeBoolean:
		return "type"
	case len(s.Enum) > 0:
		return "enum"
	case s.Type == huma.TypeArray, s.Format != "", s.Pattern != "":
		return "pattern"
	}
	return ""
}

// checkText refuses parameters that are no text, as bodies are: NUL and broken
// UTF-8 are found in no store and break some. What cannot be unescaped would not
// be there for the operation, which then answers something that nobody asked.
func (r *route) checkText(x *exchange) error {
	u := x.r.URL
	if strings.IndexByte(u.Path, 0) < 0 && utf8.ValidString(u.Path) && !strings.ContainsAny(u.RawQuery, "%;") && utf8.ValidString(u.RawQuery) {
		return nil
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return invalid(FieldError{"query", "pattern", "must be name=value pairs joined by &, with % and ; escaped"})
	}
	var fields []FieldError
	for _, p := range r.params {
		var values []string
		switch p.In {
		case "path":
			values = []string{x.r.PathValue(p.Name)}
		case "query":
			values = query[p.Name]
		}
		for _, v := range values {
			if strings.IndexByte(v, 0) >= 0 || !utf8.ValidString(v) {
				fields = append(fields, FieldError{p.In + "." + p.Name, "pattern", "must be UTF-8 without U+0000"})
				break
			}
		}
	}
	if fields != nil {
		return invalid(fields...)
	}
	return nil
}

// takes reports whether an operation that reads its body itself knows the content type.
func (r *route) takes(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && r.Request.Content[kind] != nil
}

func (r *route) produces() string {
	if r.Produces != "" {
		return r.Produces
	}
	return "application/json"
}

// accepts reports whether a client takes a content type: the most specific
// range that names it decides (RFC 9110 §12.5.1).
func accepts(accept []string, offered string) bool {
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == "" || accept[0] == "*/*" || accept[0] == offered) {
		return true
	}
	kind, _, _ := strings.Cut(offered, "/")
	best, quality := 0, 0.0
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(part, ";")
			specific := 0
			switch name = strings.ToLower(strings.TrimSpace(name)); {
			case name == offered, offered == kind+"/*" && strings.HasPrefix(name, kind+"/"):
				specific = 3
			case name == kind+"/*":
				specific = 2
			case name == "*/*":
				specific = 1
			}
			if specific > best {
				best, quality = specific, qualityOf(params)
			}
		}
	}
	return best > 0 && quality > 0
}

// qualityOf reads the q of a range's parameters; 1 when there is none to read.
func qualityOf(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(name, "q") {
			if q, err := strconv.ParseFloat(value, 64); err == nil {
				return q
			}
		}
	}
	return 1
}

// isJSON reports whether a content type is JSON in UTF-8; none at all is taken
// for it.
func isJSON(contentType string) bool {
	if contentType == "" || contentType == "application/json" {
		return true
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return false
	}
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}
