package baseline

import (
	"net/http"
	"strconv"
)

// Handler answers each path, with its query, with fixed bytes.
func Handler(answers map[string][]byte) http.Handler {
	kind := []string{"application/json"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.RequestURI]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h["Content-Type"] = kind
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
		_, _ = w.Write(body)
	})
}
