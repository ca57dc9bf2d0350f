package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	productsOfLarge = 33_334 // in three sizes: 100,000 variants
	rest            = 5 * time.Second
)

// memory measures what a shop needs while nobody asks it anything, and how soon
// a large one is ready.
func (b *bench) memory(ctx context.Context) error {
	small := b.newDir("demo")
	s, err := startShop(ctx, small, "BODEGA_DEMO=true")
	if err != nil {
		return err
	}
	first, err := b.atRest(ctx, s)
	if err != nil {
		return err
	}
	again, _, err := b.restarted(ctx, small, "BODEGA_DEMO=true")
	if err != nil {
		return err
	}
	const most = 100 << 20
	b.addBound("memory at rest, demo shop", megabytes(max(first, again)), "< 100 MB", judge(max(first, again) < most))
	if b.real == "" {
		if err := b.importReal(ctx); err != nil {
			return err
		}
	}
	if b.real != "" {
		bytes, ready, err := b.restarted(ctx, b.real, inDollars)
		if err != nil {
			return err
		}
		b.addBound("memory at rest, real catalogue", megabytes(bytes), "", told)
		b.addBound("ready after a start, real catalogue", short(ready), "", told)
	}
	return b.large(ctx)
}

func (b *bench) importReal(ctx context.Context) error {
	feed, lines, err := b.realFeed()
	if err != nil || feed == nil {
		return err
	}
	_, b.real, err = b.importOnce(ctx, feed, lines[len(lines)-1].SKU)
	return err
}

func (b *bench) large(ctx context.Context) error {
	feed, err := goods(productsOfLarge)
	if err != nil {
		return err
	}
	const variants = productsOfLarge * sizesOfProduct
	b.say("importing %d variants", variants)
	dir, began := b.newDir("large"), time.Now()
	if err := b.imported(ctx, dir, "application/x-ndjson", feed); err != nil {
		return err
	}
	b.say("imported and indexed %d variants in %s", variants, short(time.Since(began)))
	bytes, ready, err := b.restarted(ctx, dir)
	if err != nil {
		return err
	}
	b.addBound("memory at rest, 100,000 variants", megabytes(bytes), "", told)
	b.addBound("ready after a start, 100,000 variants", short(ready), "≤ 5 s", judge(ready <= 5*time.Second))
	return nil
}

// restarted starts a shop on what is there, and returns what it needs and how
// long it took to be ready.
func (b *bench) restarted(ctx context.Context, dir string, more ...string) (bytes int64, ready time.Duration, err error) {
	s, err := startShop(ctx, dir, more...)
	if err != nil {
		return 0, 0, err
	}
	bytes, err = b.atRest(ctx, s)
	return bytes, s.Ready, err
}

// atRest returns a shop's memory after it has had some rest, and stops it.
func (b *bench) atRest(ctx context.Context, s *shop) (int64, error) {
	err := s.quiet(ctx)
	if err == nil {
		err = pause(ctx, rest)
	}
	bytes := s.resident()
	return bytes, errors.Join(err, s.stop())
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }
