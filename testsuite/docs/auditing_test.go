package docs

import (
	"regexp"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
)

// | `name` | both | what |
var invariantRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (both|SQLite|PostgreSQL) \\|")

func TestInvariants_ListedInAuditing(t *testing.T) {
	t.Parallel()
	kept := map[string]string{}
	for _, i := range sqlite.Invariants() {
		kept[i.Name] = "SQLite"
	}
	for _, i := range postgres.Invariants() {
		if _, too := kept[i.Name]; too {
			kept[i.Name] = "both"
		} else {
			kept[i.Name] = "PostgreSQL"
		}
	}
	for _, row := range invariantRow.FindAllStringSubmatch(read(t, "docs/auditing.md"), -1) {
		if store := kept[row[1]]; store != row[2] {
			t.Errorf("%s is listed for %s, it is checked on %q", row[1], row[2], store)
		}
		delete(kept, row[1])
	}
	for name := range kept {
		t.Errorf("%s is not listed", name)
	}
}
