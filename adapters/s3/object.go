package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// Open returns the file. Its bytes come as they are read, for as long as ctx
// lasts; bytes that stay away for ten seconds are Unavailable.
func (s *Store) Open(ctx context.Context, name string) (ports.File, error) {
	if !clean(name) {
		return ports.File{}, fault.Missing("file")
	}
	o := &object{store: s, ctx: ctx, key: s.at.Prefix + name}
	info, err := o.request(ctx)
	if err != nil {
		return ports.File{}, err
	}
	o.size, o.etag = info.Size, info.ETag
	return ports.File{ReadSeekCloser: o, ContentType: info.ContentType, Size: info.Size}, nil
}

// object reads an object in one request for as long as nobody seeks. A seek
// costs nothing by itself: the next read asks for the bytes from there on.
type object struct {
	store *Store
	ctx   context.Context //nolint:containedctx // an open file ends with the request that opened it
	key   string
	size  int64
	etag  string

	offset int64              // of the next Read
	body   io.ReadCloser      // nil: none is open
	from   int64              // where body stands
	cancel context.CancelFunc // ends body's request
	closed bool
}

// request asks for the bytes from the offset on.
func (o *object) request(ctx context.Context) (minio.ObjectInfo, error) {
	options := minio.GetObjectOptions{}
	if o.offset > 0 {
		if err := errors.Join(options.SetRange(o.offset, 0), options.SetMatchETag(o.etag)); err != nil {
			return minio.ObjectInfo{}, fault.Wrap(fault.Internal, "s3: read", err)
		}
	}
	asked, cancel := context.WithCancel(ctx)
	patience := time.AfterFunc(answerTime, cancel) // with all repetitions: somebody looks at a page
	body, info, _, err := o.store.client.GetObject(asked, o.store.at.Bucket, o.key, options)
	patience.Stop()
	if err == nil {
		o.body, o.from, o.cancel = body, o.offset, cancel
		return info, nil
	}
	late := asked.Err() != nil && ctx.Err() == nil
	cancel()
	switch {
	case missing(err):
		return minio.ObjectInfo{}, fault.Missing("file")
	case late:
		return minio.ObjectInfo{}, fault.Wrap(fault.Unavailable, "s3: open", err)
	}
	return minio.ObjectInfo{}, translate("s3: open", err, fault.Unavailable)
}

func (o *object) Read(b []byte) (int, error) {
	if o.closed {
		return 0, fault.New(fault.Internal, "", "s3: read of a closed file")
	}
	if len(b) == 0 {
		return 0, nil
	}
	if o.offset >= o.size {
		return 0, io.EOF
	}
	if o.body == nil || o.from != o.offset {
		o.drop()
		if _, err := o.request(o.ctx); err != nil {
			return 0, err
		}
	}
	patience := time.AfterFunc(stallTime, o.cancel)
	n, err := o.body.Read(b)
	patience.Stop()
	o.offset += int64(n)
	o.from = o.offset
	switch {
	case o.offset >= o.size:
		return n, nil // the next call says that it was the end
	case errors.Is(err, io.EOF):
		return n, fault.Wrap(fault.Unavailable, "s3: read", io.ErrUnexpectedEOF)
	case err != nil && o.ctx.Err() != nil:
		return n, fault.Wrap(fault.Canceled, "s3: read", err)
	case err != nil:
		return n, fault.Wrap(fault.Unavailable, "s3: read", err)
	}
	return n, nil
}

func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.size
	default:
		return 0, fault.New(fault.Invalid, "", "s3: seek from nowhere")
	}
	if offset < 0 {
		return 0, fault.New(fault.Invalid, "", "s3: seek before the beginning")
	}
	o.offset = offset
	return offset, nil
}

func (o *object) Close() error {
	o.closed = true
	o.drop()
	return nil
}

// drop ends the request that is open, if any.
func (o *object) drop() {
	if o.body == nil {
		return
	}
	if o.from < o.size { // else the connection can be used again
		o.cancel()
	}
	_ = o.body.Close() // it was only read
	o.cancel()
	o.body = nil
}

// missing reports whether the store says that an object is not there.
func missing(err error) bool {
	answer := minio.ToErrorResponse(err)
	return answer.Code == minio.NoSuchKey || answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket
}
