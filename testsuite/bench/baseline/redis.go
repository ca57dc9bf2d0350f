package baseline

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis answers each path, with its query, with what one GET finds under it:
// the least a page costs whose bytes are kept on a server that several
// processes share.
type Redis struct {
	client *redis.Client
	prefix string
}

// NewRedis puts the answers on the server at an address, under a prefix, for an
// hour.
func NewRedis(ctx context.Context, address, prefix string, answers map[string][]byte) (*Redis, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, err
	}
	r := &Redis{redis.NewClient(options), prefix}
	for path, body := range answers {
		if err := r.client.Set(ctx, prefix+path, body, time.Hour).Err(); err != nil {
			_ = r.client.Close() // the first error is the one to tell
			return nil, err
		}
	}
	return r, nil
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// ServeHTTP answers.
func (r *Redis) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := r.client.Get(q.Context(), r.prefix+q.RequestURI).Bytes()
	if err != nil {
		http.NotFound(w, q)
		return
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body)
}
