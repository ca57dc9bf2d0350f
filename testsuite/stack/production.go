package stack

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// Production puts the shop on real servers: PostgreSQL, Redis, RabbitMQ,
// Elasticsearch and an S3 store, as package containers finds or starts them, a
// piece of each for the test alone, and a mail server in the test's process.
// One server answers requests and one consumer does the jobs, unless options
// say otherwise. The shop's public URL is http://shop.test, where nobody is:
// send what it names to Storefront by its path.
func Production() Option { return func(s *settings) { s.production = true } }

// Servers says how many servers a shop in production has.
func Servers(n int) Option { return func(s *settings) { s.servers = n } }

// Consumers says how many consumers a shop in production has.
func Consumers(n int) Option { return func(s *settings) { s.consumers = n } }

// Linked has a shop in production reach every server by a link of its own,
// which the test can cut or make bad.
func Linked() Option { return func(s *settings) { s.linked = true } }

// Links are the networks between a shop and the servers beside it.
type Links struct {
	Postgres, Redis, RabbitMQ, Elasticsearch, S3, SMTP *containers.Link
}

// provision gets the servers and returns the settings that name them.
func (s *Shop) provision(t testing.TB) []string {
	t.Helper()
	reach := func(link **containers.Link, url string) string {
		if !s.settings.linked {
			return url
		}
		*link = containers.Proxy(t, url)
		return (*link).URL
	}
	s.flight, s.inbox = newFlight(), newInbox(t)
	index := containers.Elasticsearch(t)
	s.flight.refresh = func(ctx context.Context) error { return refresh(ctx, index) }
	return []string{
		"BODEGA_ENV=test", "BODEGA_PUBLIC_URL=http://shop.test",
		"BODEGA_ADMIN_API_KEY=" + rand.Text(), "BODEGA_SECRET_KEY=" + rand.Text(),
		"BODEGA_DATABASE_URL=" + reach(&s.Links.Postgres, waiting(t, containers.Postgres(t))), "BODEGA_DATABASE_CONNECTIONS=6",
		"BODEGA_CACHE_URL=" + reach(&s.Links.Redis, containers.Redis(t)),
		"BODEGA_QUEUE_URL=" + reach(&s.Links.RabbitMQ, containers.RabbitMQ(t)),
		"BODEGA_SEARCH_URL=" + prefixed(t, reach(&s.Links.Elasticsearch, index)),
		"BODEGA_MEDIA_STORE=" + reach(&s.Links.S3, containers.S3(t)),
		"BODEGA_MAIL_URL=" + reach(&s.Links.SMTP, "smtp://"+s.inbox.addr+"?tls=none"),
	}
}

// waiting has a shop wait twice as long for a lock as it would elsewhere: who
// holds it is of the same process, which a busy machine may stop.
func waiting(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	query := u.Query()
	query.Set("lock_timeout", "4s")
	u.RawQuery = query.Encode()
	return u.String()
}

// prefixed turns http://host/prefix into the address that a shop is told.
func prefixed(t testing.TB, index string) string {
	t.Helper()
	u, err := url.Parse(index)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	u.RawQuery, u.Path = "prefix="+strings.Trim(u.Path, "/"), ""
	return u.String()
}

// refresh lets searches find what was written to a test's part of an index.
func refresh(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := request(ctx, http.MethodPost, index+"*/_refresh?allow_no_indices=true&ignore_unavailable=true", nil, nil)
	if err != nil {
		return err
	}
	return read(req, nothing)
}
