package main

import (
	"net/http"
	"testing"
)

func TestDrift(t *testing.T) {
	t.Parallel()
	check := func(found, repaired int) map[string]any {
		return map[string]any{
			"started_at": "2026-11-05T10:00:00Z", "finished_at": "2026-11-05T10:02:00Z", "checked": 61, "missing": found, "repaired": repaired,
			"examples": []map[string]any{{"sku": "TEE-S", "kind": "missing"}},
		}
	}
	for name, c := range map[string]struct {
		last, current any
		dead          int
		code          int
		out, notes    string
	}{
		"NotYet":      {nil, check(0, 0), 0, exitDone, "not compared yet", "comparing since 2026-11-05T10:00:00Z: 61 SKUs"},
		"Repaired":    {check(2, 2), nil, 0, exitDone, "TEE-S: missing\n2026-11-05T10:02:00Z: 61 SKUs compared, 2 missing, 0 stale, 0 orphaned, 2 repaired", ""},
		"NotRepaired": {check(2, 1), nil, 3, exitFailed, "1 repaired", "1 could not be repaired"},
		"DeadJobs":    {check(0, 0), nil, 3, exitDone, "0 missing", "3 dead jobs of the index"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.HandleFunc("GET /v1/admin/search/drift", func(w http.ResponseWriter, _ *http.Request) {
				reply(w, http.StatusOK, map[string]any{"last": c.last, "current": c.current, "dead_jobs": map[string]any{"total": c.dead}})
			})
			bodega(t, p.dir, "", "drift").want(t, c.code, c.out, c.notes)
		})
	}
}
