package containers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func s3() service {
	return service{
		name: "s3", title: "S3", official: "versity/versitygw:v1.8.0",
		ports: []string{"7070/tcp"},
		env: map[string]string{
			"ROOT_ACCESS_KEY": "bodega", "ROOT_SECRET_KEY": "bodega-secret",
			"VGW_BACKEND": "posix", "VGW_BACKEND_ARG": "/tmp",
		},
		url: func(address string) string {
			return plain("s3", "bodega", "bodega-secret", "")(address) + "?tls=off"
		},
		ping: func(ctx context.Context, s *Server) error {
			return s3Do(s.URL, func(c *minio.Client) error {
				_, err := c.ListBuckets(ctx)
				return err
			})
		},
		patience: time.Minute,
	}
}

// S3 returns the URL of an empty bucket, s3://KEY:SECRET@host:port/bucket?tls=off,
// deleted after the test with all it holds. Without tls=off a server is spoken
// to by HTTPS.
func S3(t testing.TB) string {
	t.Helper()
	server, bucket := shared(t, s3()).URL, strings.ReplaceAll(unique(t), "_", "-")
	err := s3Do(server, func(c *minio.Client) error {
		return c.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{})
	})
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	after(t, func(ctx context.Context) error {
		return s3Do(server, func(c *minio.Client) error { return deleteBucket(ctx, c, bucket) })
	})
	return withPath(t, server, bucket)
}

func deleteBucket(ctx context.Context, c *minio.Client, bucket string) error {
	for object := range c.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			return object.Err
		}
		if err := c.RemoveObject(ctx, bucket, object.Key, minio.RemoveObjectOptions{}); err != nil {
			return err
		}
	}
	return c.RemoveBucket(ctx, bucket)
}

// s3Do runs a function on a client.
func s3Do(server string, do func(*minio.Client) error) error {
	u, err := url.Parse(server)
	if err != nil {
		return err
	}
	secret, ok := u.User.Password()
	if u.Scheme != "s3" || !ok {
		return errors.New("an S3 server is named like s3://KEY:SECRET@host:port?tls=off")
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(u.User.Username(), secret, ""),
		Secure: u.Query().Get("tls") != "off", Region: "us-east-1", Transport: transport,
		BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
	})
	if err != nil {
		return err
	}
	if err := do(c); err != nil {
		return fmt.Errorf("s3: %w", err)
	}
	return nil
}
