package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// sample is what one side did in one slice.
type sample struct {
	tally
	cpu time.Duration // the server's
}

func (s sample) rate() float64 { return float64(s.Done) / s.Took.Seconds() }

// perJourney is the processor time of one journey.
func (s sample) perJourney() time.Duration {
	if s.Done == 0 {
		return 0
	}
	return s.cpu / time.Duration(s.Done)
}

// side runs one side for a slice.
type side func(ctx context.Context) (sample, error)

// pair is what alternating two sides brought: of every figure the median.
type pair struct {
	ours, limit sample
	ratio       float64
	low, high   float64 // of the ratios of single rounds
	slower      float64 // ratio of the p50s
}

// alternate lets both sides take turns, each first in every other round.
func alternate(ctx context.Context, rounds int, ours, limit side) (pair, error) {
	var a, b []sample
	var ratios, slower []float64
	for round := range rounds {
		turns := []side{ours, limit}
		if round%2 == 1 {
			slices.Reverse(turns)
		}
		var got [2]sample
		for i, turn := range turns {
			s, err := turn(ctx)
			if err != nil {
				return pair{}, err
			}
			got[(i+round)%2] = s
		}
		a, b = append(a, got[0]), append(b, got[1])
		ratios = append(ratios, got[0].rate()/got[1].rate())
		slower = append(slower, float64(got[0].P50)/float64(max(1, got[1].P50)))
	}
	slices.Sort(ratios)
	return pair{middle(a), middle(b), median(ratios), ratios[0], ratios[len(ratios)-1], median(slower)}, nil
}

// middle returns a sample whose members are the medians of many.
func middle(all []sample) sample {
	of := func(member func(sample) time.Duration) time.Duration {
		values := make([]time.Duration, len(all))
		for i, s := range all {
			values[i] = member(s)
		}
		return median(values)
	}
	// As the time and the processor time of one million journeys, so that rates
	// keep their digits.
	const many = 1_000_000
	return sample{
		tally: tally{
			Done: many,
			Took: of(func(s sample) time.Duration { return s.Took * many / time.Duration(max(1, s.Done)) }),
			P50:  of(func(s sample) time.Duration { return s.P50 }),
			P99:  of(func(s sample) time.Duration { return s.P99 }),
		},
		cpu: of(func(s sample) time.Duration { return s.perJourney() }) * many,
	}
}

func median[T int64 | float64 | time.Duration](values []T) T {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}

// loaded runs a plan by a load generator against a server.
func (b *bench) loaded(server *child, p plan) side {
	return func(ctx context.Context) (sample, error) {
		before := server.cpu()
		var t tally
		load, err := spawn(ctx, "load", p, &t)
		if err != nil {
			return sample{}, err
		}
		s := sample{t, server.cpu() - before}
		return s, load.stop()
	}
}

// profiled runs a side once more for a profile of the shop, if any are wanted.
func (b *bench) profiled(ctx context.Context, s *shop, name string, run side) error {
	if b.profiles == "" {
		return nil
	}
	file := filepath.Join(b.profiles, name+".pprof")
	b.say("%s: profile into %s", name, file)
	err := s.profile(ctx, file, b.slice, func() error { _, err := run(ctx); return err })
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return nil
}
