package stack

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds how long Quiet waits. A job that fails waits ten seconds before
// it is tried again, and then a minute.
const patience = 2 * time.Minute

// Quiet waits until no job is waiting, being done or to be tried again: what
// was written before is in the search index, and the mails it causes are sent.
// Of a shop with a broker it does not know jobs that others published.
func (s *Shop) Quiet(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		left, err := s.unfinished(t.Context())
		if err != nil {
			t.Fatalf("stack: %v", err)
		}
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("stack: after %s there are still jobs: %v", patience, left)
		}
	}
	if s.flight != nil {
		if err := s.flight.refresh(t.Context()); err != nil {
			t.Fatalf("stack: %v", err)
		}
	}
}

// unfinished returns the jobs in the store and on their way to it or from it.
func (s *Shop) unfinished(ctx context.Context) (map[string]int, error) {
	left, err := Unfinished(ctx, s.OpsURL)
	if err != nil || s.flight == nil || len(left) > 0 {
		return left, err
	}
	flying, begun := s.flight.under()
	if len(flying) > 0 {
		return flying, nil
	}
	// One that was under way may have left another in the store meanwhile, and
	// that may have left it: nothing is going on if nothing has begun.
	if left, err = Unfinished(ctx, s.OpsURL); err != nil || len(left) > 0 {
		return left, err
	}
	if _, now := s.flight.under(); now != begun {
		return map[string]int{"something": now - begun}, nil
	}
	return left, nil
}

// Unfinished asks the operations port of a shop for its jobs, by task, that
// are not done and not dead. A shop that cannot tell now has something left.
func Unfinished(ctx context.Context, opsURL string) (map[string]int, error) {
	req, err := request(ctx, http.MethodGet, opsURL+"/metrics", nil, nil)
	if err != nil {
		return nil, err
	}
	left, told := map[string]int{}, false
	err = read(req, func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			task, n, err := gauge(lines.Text())
			if err != nil {
				return err
			}
			told = told || task != ""
			if n > 0 {
				left[task] += n
			}
		}
		return lines.Err()
	})
	if !told {
		left["what the store does not tell"]++
	}
	return left, err
}

// gauge reads a line like jobs_waiting{task="search.index_product"} 3; of other
// lines it returns nothing.
func gauge(line string) (task string, n int, err error) {
	rest, waiting := strings.CutPrefix(line, `jobs_waiting{task="`)
	if !waiting {
		var held bool
		if rest, held = strings.CutPrefix(line, `jobs_held{task="`); !held {
			return "", 0, nil
		}
	}
	task, value, ok := strings.Cut(rest, `"} `)
	f, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil {
		return "", 0, fmt.Errorf("not a metric: %q", line)
	}
	return task, int(f), nil
}
