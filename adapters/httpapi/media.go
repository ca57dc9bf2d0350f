package httpapi

import (
	"context"
	"net/http"
	"time"
)

func (a *api) registerMedia() {
	registerStream(a.edge, operation{
		ID: "readMedia", Method: http.MethodGet, Path: "/media/{key...}", Tag: "media", Produces: "image/*", Quiet: true,
		Summary: "Send a picture", Description: "What is under a key never changes.",
	}, func(ctx context.Context, in *struct {
		Key string `path:"key"`
	}, w http.ResponseWriter, r *http.Request) error {
		f, err := a.shop.Images.Open(ctx, in.Key)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was only read
		h := w.Header()
		h.Set("Content-Type", f.ContentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", `"`+in.Key+`"`)
		http.ServeContent(w, r, "", time.Time{}, f)
		return nil
	})
}
