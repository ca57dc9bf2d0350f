package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
)

func (a *api) registerMedia() {
	// No key at all is nothing, too, rather than a parameter that is missing.
	a.edge.mux.Handle("GET /media/{$}", http.NotFoundHandler())
	registerStream(a.edge, operation{
		ID: "readMedia", Method: http.MethodGet, Path: "/media/{key...}", Tag: "media", Produces: "image/*", Quiet: true, Deadline: -1,
		Also: []int{http.StatusNotModified}, Summary: "Send a picture", Description: "What is under a key never changes.",
	}, func(ctx context.Context, in *struct {
		Key string `path:"key"`
	}, w http.ResponseWriter, r *http.Request,
	) error {
		f, err := a.shop.Images.Open(ctx, in.Key)
		if err != nil {
			return err
		}
		defer f.Close()
		etag := `"` + in.Key + `"`
		h := w.Header()
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", etag)
		if notModified(r.Header, etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		h.Set("Content-Type", f.ContentType)
		h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
		_, err = io.Copy(w, f)
		return err
	})
}
