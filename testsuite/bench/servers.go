package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// beside measures the shop on real servers, of which only those are started that
// what is wanted needs. Where there is no Docker engine it says so.
func (b *bench) beside(ctx context.Context) (err error) {
	needs := map[string]bool{
		"postgres":      b.wants("pg-checkout") || b.wants("pg-hot") || b.wants("redis-detail") || b.wants("es-suggest") || b.wants("es-found"),
		"redis":         b.wants("redis-detail") || b.wants("es-suggest") || b.wants("es-found"),
		"elasticsearch": b.wants("es-search") || b.wants("es-index") || b.wants("es-suggest") || b.wants("es-found"),
		"rabbitmq":      b.wants("es-found"),
	}
	if _, err := exec.LookPath("docker"); err != nil {
		b.say("skipped what needs real servers: there is no docker here")
		return nil
	}
	var names []string
	for name, needed := range needs {
		if needed {
			names = append(names, name)
		}
	}
	b.say("starting servers")
	set, err := containers.StartDurable(ctx, b.progress, names...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Stop(context.WithoutCancel(ctx))) }()
	if b.wants("pg-checkout") || b.wants("pg-hot") {
		if err := b.tillOnPostgres(ctx, set); err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
	}
	if b.wants("redis-detail") {
		if err := b.detailFromRedis(ctx, set); err != nil {
			return fmt.Errorf("redis: %w", err)
		}
	}
	if b.wants("es-found") {
		if err := b.findable(ctx, set); err != nil {
			return fmt.Errorf("findable: %w", err)
		}
	}
	if b.wants("es-suggest") {
		if err := b.suggestionsOnElasticsearch(ctx, set); err != nil {
			return fmt.Errorf("es-suggest: %w", err)
		}
	}
	if b.wants("es-search") || b.wants("es-index") {
		if err := b.onElasticsearch(ctx, set); err != nil {
			return fmt.Errorf("elasticsearch: %w", err)
		}
	}
	return nil
}

// detailFromRedis compares product details of a server on PostgreSQL and Redis
// with a bare handler that finds the same bytes by one GET.
func (b *bench) detailFromRedis(ctx context.Context, set *containers.Set) (err error) {
	dir := b.newDir("production")
	s, err := startShop(ctx, dir, onServers(set.URL("postgres"), set.URL("redis"))...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	feed, err := goods(productsOfShop)
	if err != nil {
		return err
	}
	if err := errors.Join(s.load(ctx, "application/x-ndjson", feed), s.quiet(ctx)); err != nil {
		return err
	}
	paths, err := productPaths(ctx, s)
	if err != nil {
		return err
	}
	limit, err := b.startBareOn(ctx, s, paths, set.URL("redis"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, limit.stop()) }()
	asked := plan{Journey: "read", Paths: paths, Users: b.users, For: b.slice}
	asked.Addr = addr(s.URL)
	ours := b.loaded(s.child, asked)
	asked.Addr = addr(limit.URL)
	theirs := b.loaded(limit.child, asked)
	if _, err := ours(ctx); err != nil { // caches fill
		return err
	}
	p, err := alternate(ctx, b.rounds, ours, theirs)
	if err != nil {
		return err
	}
	b.addPair("product details on Redis", "", p, 0.7)
	return b.profiled(ctx, s, "redis-detail", ours)
}

// onServers are the settings of a shop that is not embedded.
func onServers(database, cache string) []string {
	settings := []string{
		"BODEGA_ENV=test", "BODEGA_DATABASE_URL=" + database, "BODEGA_PUBLIC_URL=http://shop.example.com",
		"BODEGA_ADMIN_API_KEY=bench-0123456789-bench", "BODEGA_SECRET_KEY=bench-0123456789-bench-0123456789",
	}
	if cache != "" {
		settings = append(settings, "BODEGA_CACHE_URL="+cache)
	}
	return settings
}

// put writes a file inside a server's container.
func put(ctx context.Context, set *containers.Set, server, path string, content []byte) error {
	_, err := set.Exec(ctx, server, "sh", "-c", `printf %s "$1" >"$2"`, "sh", string(bytes.TrimSpace(content)), path)
	return err
}

// opened is a feed that can be read again.
func opened(feed []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(feed)), nil }
}
