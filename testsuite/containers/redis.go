package containers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"
)

func redis() service {
	return service{
		name: "redis", title: "Redis", official: "redis:7",
		ports:   []string{"6379/tcp"},
		command: []string{"redis-server", "--save", "", "--databases", "256"},
		url:     plain("redis", "", "", ""),
		ping: func(ctx context.Context, s *Server) error {
			return redisDo(s.URL, 0, func(c *client.Client) error { return c.Ping(ctx).Err() })
		},
		patience: time.Minute,
	}
}

// lease bounds how long a database stays taken when its test was killed.
const lease = 30 * time.Minute

// Redis returns the URL of an empty database, redis://…/7, emptied after the
// test. Channels of PUBLISH are the whole server's, as are its settings.
func Redis(t testing.TB) string {
	t.Helper()
	server := shared(t, redis()).URL
	database, err := takeDatabase(t.Context(), server, unique(t))
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	after(t, func(ctx context.Context) error {
		err := redisDo(server, database, func(c *client.Client) error { return c.FlushDB(ctx).Err() })
		return errors.Join(err, redisDo(server, 0, func(c *client.Client) error { return c.Del(ctx, taken(database)).Err() }))
	})
	return withPath(t, server, strconv.Itoa(database))
}

// takeDatabase takes a database that no other test has, in whatever process.
// Database 0 holds who has which.
func takeDatabase(ctx context.Context, server, owner string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	database := 0
	err := redisDo(server, 0, func(c *client.Client) error {
		config, err := c.ConfigGet(ctx, "databases").Result()
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(config["databases"])
		if err != nil || count < 2 {
			return fmt.Errorf("redis has %q databases: tests need two at least", config["databases"])
		}
		for {
			n, err := c.Incr(ctx, "bodega-test:next").Result()
			if err != nil {
				return err
			}
			database = 1 + int(n%int64(count-1))
			won, err := c.SetNX(ctx, taken(database), owner, lease).Result()
			if err != nil {
				return err
			}
			if won {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("each of %d databases of Redis is taken by a test", count-1)
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	if err != nil {
		return 0, err
	}
	// What a killed test left.
	return database, redisDo(server, database, func(c *client.Client) error { return c.FlushDB(ctx).Err() })
}

func taken(database int) string { return "bodega-test:taken:" + strconv.Itoa(database) }

// redisDo runs a function on a client of one database.
func redisDo(server string, database int, do func(*client.Client) error) error {
	options, err := client.ParseURL(server)
	if err != nil {
		return err
	}
	options.DB = database
	options.MaxRetries = -1
	c := client.NewClient(options)
	return errors.Join(do(c), c.Close())
}
