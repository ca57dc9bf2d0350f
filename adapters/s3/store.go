package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	dialTime   = 3 * time.Second
	answerTime = 10 * time.Second // until a request's answer begins
	openTime   = 5 * time.Second
	putTime    = 30 * time.Second // for a whole file with its repetitions
	stallTime  = 10 * time.Second // for the next bytes of a file that is read
	attempts   = 3
	maxFile    = 256 << 20 // a file is in memory while it is sent
)

var _ ports.Files = (*Store)(nil)

// Store keeps files as objects of a bucket.
type Store struct {
	at        Location
	client    minio.Core
	transport *http.Transport
}

// Open returns the store at a URL as Parse reads it. The bucket is made if it
// is not there and the key may make it. Invalid, in one line, for what a person
// has to mend: the URL, a key that is refused, a bucket that may not be made. A
// store that cannot be reached is no error: calls are Unavailable until it can.
func Open(ctx context.Context, url string) (*Store, error) {
	at, err := Parse(url)
	if err != nil {
		return nil, wrong(nil, "the address of pictures %s", err)
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   dialTime,
		ResponseHeaderTimeout: answerTime,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true, // bytes are kept as they are
	}
	client, err := minio.NewCore(at.Host, &minio.Options{
		Creds: credentials.NewStaticV4(at.key, at.secret, ""), Secure: at.TLS, Region: at.Region, Transport: transport, MaxRetries: attempts,
	})
	if err != nil {
		return nil, wrong(err, "the address of pictures %s", form)
	}
	s := &Store{at: at, client: *client, transport: transport}
	bounded, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if err := s.makeBucket(bounded); fault.Is(err, fault.Invalid) || ctx.Err() != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// wrong is what a person has to mend.
func wrong(cause error, format string, args ...any) error {
	return &fault.Error{Kind: fault.Invalid, Op: "s3.Open", Detail: fmt.Sprintf(format, args...), Err: cause}
}

// Close lets idle connections go. Files that are open stay readable.
func (s *Store) Close() { s.transport.CloseIdleConnections() }

// Ping reports whether the bucket can be reached.
func (s *Store) Ping(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.at.Bucket)
	if err != nil {
		return translate("s3: "+s.at.String(), err, fault.Unavailable)
	}
	if !there {
		return fault.New(fault.Unavailable, "unavailable", fmt.Sprintf("there is no bucket %q at %s", s.at.Bucket, s.at.Host))
	}
	return nil
}

func (s *Store) makeBucket(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.at.Bucket)
	if err == nil && there {
		return nil
	}
	if err == nil {
		err = s.client.MakeBucket(ctx, s.at.Bucket, minio.MakeBucketOptions{Region: s.at.Region})
		switch minio.ToErrorResponse(err).Code {
		case "BucketAlreadyOwnedByYou": // another server was faster
			return nil
		case minio.AccessDenied:
			return wrong(err, "there is no bucket %q at %s, and the key may not make it", s.at.Bucket, s.at.Host)
		}
	}
	if err == nil {
		return nil
	}
	switch answer := minio.ToErrorResponse(err); {
	case answer.StatusCode == http.StatusForbidden:
		return wrong(err, "%s refuses the key for the bucket %q", s.at.Host, s.at.Bucket)
	case answer.StatusCode > 0 && answer.StatusCode < 500:
		return wrong(err, "%s does not give the bucket %q: is it an S3 store?", s.at.Host, s.at.Bucket)
	}
	return translate("s3: "+s.at.String(), err, fault.Unavailable)
}

// names are the names of ports.Files.
var names = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,199})*$`)

func clean(name string) bool { return len(name) <= 512 && names.MatchString(name) }

// Put stores all of r, which it reads to its end before it sends anything.
// TooLarge over 256 MiB. What is sent is sent to the end, whatever becomes of
// ctx: the answer is the store's.
func (s *Store) Put(ctx context.Context, name, contentType string, r io.Reader) error {
	if !clean(name) {
		return fault.InvalidField("name", "pattern", "must be letters, digits, dots, dashes and underscores between slashes")
	}
	content, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return err
	case len(content) > maxFile:
		return fault.New(fault.TooLarge, "body_too_large", "a file has at most 256 MiB")
	case ctx.Err() != nil:
		return fault.Wrap(fault.Canceled, "s3: put", ctx.Err())
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putTime)
	defer cancel()
	options := minio.PutObjectOptions{ContentType: contentType, CacheControl: "public, max-age=31536000, immutable", DisableMultipart: true}
	options.SetMatchETagExcept("*")
	for attempt := 1; ; attempt++ {
		_, err = s.client.Client.PutObject(ctx, s.at.Bucket, s.at.Prefix+name, bytes.NewReader(content), int64(len(content)), options)
		answer := minio.ToErrorResponse(err)
		switch {
		case err == nil, answer.StatusCode == http.StatusPreconditionFailed: // the name is taken
			return nil
		case answer.StatusCode == http.StatusConflict && attempt < attempts: // somebody writes it right now
			continue
		case answer.Code == minio.NoSuchBucket && attempt == 1 && s.makeBucket(ctx) == nil: // it could not be made at start
			continue
		}
		return translate("s3: put", err, fault.Unknown)
	}
}

// Delete removes a name. Readers that have it open may keep it.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "s3: delete", err)
	}
	if !clean(name) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putTime)
	defer cancel()
	err := s.client.RemoveObject(ctx, s.at.Bucket, s.at.Prefix+name, minio.RemoveObjectOptions{})
	if err == nil || missing(err) {
		return nil
	}
	return translate("s3: delete", err, fault.Unknown)
}
