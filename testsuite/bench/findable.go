package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// findable measures how long it takes until a product that was written over the
// admin's API is found over the shoppers': through PostgreSQL's outbox, the
// relay, RabbitMQ, a consumer and Elasticsearch, with server and consumer in
// processes of their own.
func (b *bench) findable(ctx context.Context, set *containers.Set) (err error) {
	dir := b.newDir("findable")
	settings := append(onServers(set.URL("postgres"), set.URL("redis")),
		"BODEGA_QUEUE_URL="+set.URL("rabbitmq"), "BODEGA_SEARCH_URL="+set.URL("elasticsearch")+"?prefix=findable",
		"BODEGA_MEDIA_SHARED=true", "BODEGA_MEDIA_STORE="+b.newDir("media"))
	s, err := startShop(ctx, dir, settings...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	worker, err := spawn(ctx, "consumer", environ(b.newDir("consumer"), settings...), &shop{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, worker.stop()) }()

	const writes, writers = 200, 8
	if _, err := s.untilFound(ctx, "WARM"); err != nil { // the index is there
		return err
	}
	waits, errs := make([]time.Duration, writes), make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w; i < writes && errs[w] == nil; i += writers {
				waits[i], errs[w] = s.untilFound(ctx, fmt.Sprintf("%05d", i))
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	slices.Sort(waits)
	const most = 2 * time.Second
	p99 := waits[writes*99/100]
	b.addBound(fmt.Sprintf("found after it was written, %d products", writes), fmt.Sprintf("p50 %s, p99 %s", short(waits[writes/2]), short(p99)), "p99 < 2 s", judge(p99 < most))
	return nil
}

// longest is how long a product may take to be found: beyond what a job waits
// that is tried twice again.
const longest = 3 * time.Minute

// untilFound writes a product, whose SKU ends so, and returns how
// long after the answer it was found.
func (s *shop) untilFound(ctx context.Context, sku string) (time.Duration, error) {
	body := fmt.Sprintf(`{"name": "Teapot %s", "status": "active", "base_price": {"amount": 4900, "currency": "EUR"}, "variants": [{"sku": "POT-%s"}]}`, sku, sku)
	var made struct {
		ID string `json:"product_id"`
	}
	if err := s.fetch(ctx, http.MethodPost, "/v1/admin/products", "application/json", strings.NewReader(body), &made); err != nil {
		return 0, err
	}
	began := time.Now()
	for {
		var found struct {
			Items []struct {
				ID string `json:"product_id"`
			}
			Degraded bool
		}
		if err := s.fetch(ctx, http.MethodGet, "/v1/search?exact=true&q=POT-"+sku, "", nil, &found); err != nil {
			return 0, err
		}
		took := time.Since(began)
		for _, item := range found.Items {
			if item.ID == made.ID && !found.Degraded {
				return took, nil
			}
		}
		if took > longest {
			return 0, fmt.Errorf("%s is not found after %s", sku, took)
		}
		if err := pause(ctx, glance); err != nil {
			return 0, err
		}
	}
}
