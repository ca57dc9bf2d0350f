package containers_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, containers.Torn()) }

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := containers.Postgres(t)
	var first string
	t.Run("IsEmptyAndItsOwn", func(t *testing.T) {
		first = containers.Postgres(t)
		if first == server {
			t.Fatalf("two tests got %s", first)
		}
		db := connect(t, first)
		if _, err := db.Exec(t.Context(), "CREATE TABLE left_behind (n int)"); err != nil {
			t.Fatal(err)
		}
		var tables int
		if err := connect(t, server).QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables); err != nil || tables != 0 {
			t.Errorf("the other database has %d tables, %v", tables, err)
		}
	})
	t.Run("IsDroppedWithItsTest", func(t *testing.T) {
		if c, err := pgx.Connect(t.Context(), first); err == nil {
			_ = c.Close(t.Context())
			t.Error("the database of a test that ended is still there")
		}
	})
}

func TestRedis(t *testing.T) {
	t.Parallel()
	var first string
	t.Run("IsEmptyAndItsOwn", func(t *testing.T) {
		first = containers.Redis(t)
		second := containers.Redis(t)
		set := client(t, first).Set(t.Context(), "k", "v", 0)
		if err := set.Err(); err != nil {
			t.Fatal(err)
		}
		if n, err := client(t, second).DBSize(t.Context()).Result(); n != 0 || err != nil {
			t.Errorf("another test's database has %d keys, %v", n, err)
		}
	})
	t.Run("IsEmptiedWithItsTest", func(t *testing.T) {
		if first == "" {
			t.Skip("no Redis")
		}
		if n, err := client(t, first).Exists(t.Context(), "k").Result(); n != 0 || err != nil {
			t.Errorf("the key of a test that ended is still there: %d, %v", n, err)
		}
	})
}

func TestRabbitMQ(t *testing.T) {
	t.Parallel()
	var first string
	t.Run("IsItsOwn", func(t *testing.T) {
		first = containers.RabbitMQ(t)
		second := containers.RabbitMQ(t)
		declare(t, first, "q")
		c, err := amqp.Dial(second)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ch, err := c.Channel()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ch.QueueDeclarePassive("q", true, false, false, false, nil); err == nil {
			t.Error("another test's virtual host has the queue")
		}
	})
	t.Run("IsDeletedWithItsTest", func(t *testing.T) {
		if first == "" {
			t.Skip("no RabbitMQ")
		}
		if c, err := amqp.Dial(first); err == nil {
			_ = c.Close()
			t.Error("the virtual host of a test that ended is still there")
		}
	})
}

func TestElasticsearch(t *testing.T) {
	t.Parallel()
	var first, second string
	t.Run("IsItsOwn", func(t *testing.T) {
		first, second = containers.Elasticsearch(t), containers.Elasticsearch(t)
		if first == second {
			t.Fatalf("two tests got %s", first)
		}
		if status := send(t, http.MethodPut, first+"-products"); status != http.StatusOK {
			t.Errorf("making an index: %d", status)
		}
	})
	t.Run("IsDeletedWithItsTest", func(t *testing.T) {
		if first == "" {
			t.Skip("no Elasticsearch")
		}
		if status := send(t, http.MethodHead, first+"-products"); status != http.StatusNotFound {
			t.Errorf("the index of a test that ended: %d", status)
		}
	})
}

func TestS3(t *testing.T) {
	t.Parallel()
	var first string
	t.Run("IsEmpty", func(t *testing.T) {
		first = containers.S3(t)
		c, bucket := store(t, first)
		if _, err := c.PutObject(t.Context(), bucket, "a/b", bytes.NewReader([]byte("x")), 1, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("IsDeletedWithItsTest", func(t *testing.T) {
		if first == "" {
			t.Skip("no S3")
		}
		c, bucket := store(t, first)
		if there, err := c.BucketExists(t.Context(), bucket); there || err != nil {
			t.Errorf("the bucket of a test that ended is still there: %t, %v", there, err)
		}
	})
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func declare(t *testing.T, url, queue string) {
	t.Helper()
	c, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ch, err := c.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
}

// send sends a request without a body and returns the status.
func send(t *testing.T, method, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	http := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func store(t *testing.T, raw string) (*minio.Client, string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := u.User.Password()
	transport := &http.Transport{DisableKeepAlives: true}
	c, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), Region: "us-east-1", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return c, strings.Trim(u.Path, "/")
}
