package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// TestRollingRestart restarts two servers behind NGINX one after the other, as
// docs/operations.md says, while shoppers look and buy. No request is lost.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	f, dir := newFleet(t), currentPrograms(t)
	addresses := []string{containers.Address(t), containers.Address(t)}
	servers := []*server{f.serve(dir, addresses[0]), f.serve(dir, addresses[1])}
	servers[0].sell("ROLL", 1_000_000)
	nginx := containers.Nginx(t, os.DirFS("../../apps/deploy/nginx"), addresses[0], addresses[1])
	// NGINX closes idle connections of clients when it reloads; a request that
	// meets such a close is lost between the two and says nothing of the servers.
	front := &client{http: &http.Client{Timeout: requestTime, Transport: &http.Transport{DisableKeepAlives: true}}, url: nginx.URL}

	crowd := gather(t, front, 4)
	for i, a := range addresses {
		balance(t, nginx, a, false)
		if code := servers[i].interrupt(); code != 0 {
			t.Errorf("a server ended with %d:\n%s", code, servers[i].said.tail())
		}
		servers[i] = f.serve(dir, a)
		balance(t, nginx, a, true)
		crowd.goOn(t, 3) // with both
	}
	crowd.end(t)
	servers[0].mustBeSound()
	if n := len(servers[1].orders()); n != int(crowd.bought.Load()) {
		t.Errorf("%d orders were confirmed, %d are there", crowd.bought.Load(), n)
	}
}

// balance tells NGINX to send requests to a server, or to leave it alone.
func balance(t *testing.T, nginx *containers.Server, address string, use bool) {
	t.Helper()
	from, to := "server "+address+" down", "server "+address
	if !use {
		from, to = to+" max_fails", "server "+address+" down max_fails"
	}
	nginx.Exec(t, "sed", "-i", "s/"+from+"/"+to+"/", "/etc/nginx/nginx.conf")
	nginx.Exec(t, "nginx", "-s", "reload")
}

// crowd looks and buys until it is told to end.
type crowd struct {
	stop   chan struct{}
	all    sync.WaitGroup
	rounds atomic.Int64
	bought atomic.Int64
	failed chan string
}

func gather(t *testing.T, front *client, shoppers int) *crowd {
	t.Helper()
	c := people(t, shoppers, func(ctx context.Context, c *crowd, n int) { c.visit(ctx, front, n) })
	c.goOn(t, 2)
	return c
}

// people do the same again and again, the n-th in a way of their own.
func people(t *testing.T, many int, do func(ctx context.Context, c *crowd, n int)) *crowd {
	t.Helper()
	c := &crowd{stop: make(chan struct{}), failed: make(chan string, 100)}
	ctx := context.WithoutCancel(t.Context())
	for n := range many {
		c.all.Go(func() {
			for {
				select {
				case <-c.stop:
					return
				default:
					do(ctx, c, n)
				}
			}
		})
	}
	return c
}

// visit is one shopper who looks around and buys something.
func (c *crowd) visit(ctx context.Context, front *client, n int) {
	defer c.rounds.Add(1)
	for _, path := range []string{"/v1/products", "/v1/products/product-roll", "/v1/categories", "/v1/search?q=product"} {
		a, err := front.send(ctx, http.MethodGet, path, nil)
		c.expect(200, path, a, err)
	}
	shopper, a, err := front.enter(ctx)
	if !c.expect(201, "a cart", a, err) {
		return
	}
	if a, err := shopper.put(ctx, line{"ROLL", 1}); !c.expect(200, "a line", a, err) {
		return
	}
	order, a, err := shopper.checkout(ctx, "tok_ok", buyer(n))
	if !c.expect(200, "a quote", a, err) {
		return
	}
	if a, err := shopper.place(ctx, order); c.expect(201, "a checkout", a, err) {
		c.bought.Add(1)
	}
}

func (c *crowd) expect(status int, what string, a answer, err error) bool {
	if err == nil && a.status == status {
		return true
	}
	select {
	case c.failed <- fmt.Sprintf("%s: %v, %v", what, a, err):
	default: // enough to tell
	}
	return false
}

// goOn waits until the crowd has made so many rounds more.
func (c *crowd) goOn(t *testing.T, rounds int64) {
	t.Helper()
	until := c.rounds.Load() + rounds
	for began := time.Now(); c.rounds.Load() < until; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > startTime {
			t.Fatalf("after %s the crowd stands still", startTime)
		}
	}
}

// end sends the crowd home and fails the test for every request that was lost.
func (c *crowd) end(t *testing.T) {
	t.Helper()
	close(c.stop)
	c.all.Wait()
	close(c.failed)
	for lost := range c.failed {
		t.Errorf("lost: %s", lost)
	}
}

// TestMediaIsShared uploads a picture to one server and fetches it from another.
func TestMediaIsShared(t *testing.T) {
	t.Parallel()
	f, dir := newFleet(t), currentPrograms(t)
	one, two := f.serve(dir, containers.Address(t)), f.serve(dir, containers.Address(t))
	body, kind := upload(t)
	a, err := one.admin().with("Content-Type", kind).send(t.Context(), http.MethodPost, "/v1/admin/images", body)
	var uploaded struct{ URL string }
	if err != nil || a.status != 201 || json.Unmarshal(a.body, &uploaded) != nil {
		t.Fatalf("%v, %v", a, err)
	}
	u, err := url.Parse(uploaded.URL)
	if err != nil || !strings.HasPrefix(uploaded.URL, "http://shop.test/") {
		t.Fatalf("the picture is at %q", uploaded.URL)
	}
	first, err := one.anyone().send(t.Context(), http.MethodGet, u.Path, nil)
	if err != nil || first.status != 200 {
		t.Fatalf("%s: %v, %v", u.Path, first, err)
	}
	other, err := two.anyone().send(t.Context(), http.MethodGet, u.Path, nil)
	if err != nil || other.status != 200 || !bytes.Equal(first.body, other.body) {
		t.Errorf("the other server answers %d with %d bytes, %v", other.status, len(other.body), err)
	}
}

// upload is a form with a small picture.
func upload(t *testing.T) (body []byte, kind string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreateFormFile("file", "dot.png")
	if err == nil {
		err = png.Encode(file, image.NewGray(image.Rect(0, 0, 8, 8)))
	}
	if err == nil {
		err = w.WriteField("alt", "a dot")
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return form.Bytes(), w.FormDataContentType()
}
