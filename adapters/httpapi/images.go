package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
)

// maxAlt bounds the form's text beside the picture, in bytes.
const maxAlt = 4 << 10

// keepTime is for a picture that has arrived: to be encoded anew, and kept.
const keepTime = 30 * time.Second

func (a *api) registerImages() {
	form := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"file"},
		Properties: map[string]*huma.Schema{
			"file": {Type: huma.TypeString, Format: "binary", Description: "JPEG, PNG or WebP of at most 10 MiB and 40 megapixels"},
			"alt":  {Type: huma.TypeString, Description: "What it shows, for who cannot see it."},
		},
	}
	registerUpload(a.edge, operation{
		ID: "uploadImage", Method: http.MethodPost, Path: "/v1/admin/images", Tag: "media", Permission: account.CatalogWrite,
		Status: http.StatusCreated, Deadline: -1, MaxBody: core.MaxImageBytes + 64<<10, Summary: "Upload a picture",
		Description: "It is encoded anew, without anything but its pixels, in several sizes.",
		Request:     &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}},
	}, func(ctx context.Context, _ *struct{}) (pictureForm, error) {
		return pictureOf(uploaded(ctx), exchangeOf(ctx).r.Header.Get("Content-Type"))
	}, func(ctx context.Context, _ *struct{}, p pictureForm) (*reply[Image], error) {
		ctx, cancel := context.WithTimeout(ctx, keepTime)
		defer cancel()
		saved, err := a.shop.Images.Upload(ctx, core.UploadImage{By: caller(ctx, ""), File: bytes.NewReader(p.file), Alt: p.alt})
		if err != nil {
			return nil, err
		}
		img := a.image(&saved.Image).Value
		return &reply[Image]{Body: img, Location: img.URL, Mark: saved.Mark}, nil
	})
}

// pictureForm is an upload's form. Its boundary, which clients make up anew each
// time, is no part of what was sent.
type pictureForm struct {
	file []byte
	alt  string
}

func (p pictureForm) sent() any { return []any{sha256.Sum256(p.file), p.alt} }

func (pictureForm) drop() {}

// pictureOf reads the form of an upload.
func pictureOf(body io.Reader, contentType string) (pictureForm, error) {
	var p pictureForm
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return p, newProblem(http.StatusBadRequest, "malformed_json", "the body is no form: its boundary is missing")
	}
	for form := multipart.NewReader(body, params["boundary"]); ; {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p, uploadError(err)
		}
		switch part.FormName() {
		case "file":
			p.file, err = io.ReadAll(io.LimitReader(part, core.MaxImageBytes+1))
		case "alt":
			var b []byte
			if b, err = io.ReadAll(io.LimitReader(part, maxAlt+1)); len(b) > maxAlt {
				return p, fault.InvalidField("alt", "too_long", "must be at most 500 characters")
			}
			p.alt = string(b)
		default:
			return p, fault.InvalidField(cmp.Or(part.FormName(), "body"), "unknown_field", "is not known here")
		}
		if err != nil {
			return p, uploadError(err)
		}
	}
	if p.file == nil {
		return p, fault.InvalidField("file", "required", "is required")
	}
	return p, nil
}
