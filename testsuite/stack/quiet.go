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

// patience bounds how long Quiet waits. A job that fails waits ten seconds
// before it is tried again.
const patience = 30 * time.Second

// Quiet waits until no job is waiting, being done or to be tried again: what
// was written before is in the search index, and the mails it causes are in
// DataDir/mail.
func (s *Shop) Quiet(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		left, err := Unfinished(t.Context(), s.OpsURL)
		if err != nil {
			t.Fatalf("stack: %v", err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("stack: after %s there are still jobs: %v", patience, left)
		}
	}
}

// Unfinished asks the operations port of a shop for its jobs, by task, that
// are not done and not dead.
func Unfinished(ctx context.Context, opsURL string) (map[string]int, error) {
	req, err := request(ctx, http.MethodGet, opsURL+"/metrics", nil, nil)
	if err != nil {
		return nil, err
	}
	left := map[string]int{}
	err = read(req, func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			task, n, err := gauge(lines.Text())
			if err != nil {
				return err
			}
			if n > 0 {
				left[task] += n
			}
		}
		return lines.Err()
	})
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
