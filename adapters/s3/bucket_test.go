package s3_test

import (
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
)

// bucket returns the URL of a bucket of the test's own, which need not be there.
func bucket(t *testing.T) string {
	t.Helper()
	server := os.Getenv("BODEGA_TEST_S3_URL")
	if server == "" {
		if os.Getenv("BODEGA_TEST_SERVICES") == "require" {
			t.Fatal("BODEGA_TEST_S3_URL is not set")
		}
		t.Skip("needs an S3 server: set BODEGA_TEST_S3_URL")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return u.JoinPath("test-" + strings.ToLower(rand.Text())).String()
}
