package arch

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file is a package of one file with these imports.
func file(name string, imports ...string) Package {
	p := Package{Path: path.Join(module, path.Dir(name)), Module: module, Imports: imports}
	f := File{Name: name}
	for i, name := range imports {
		f.Imports = append(f.Imports, Use{Name: name, Line: i + 3})
	}
	p.Files = []File{f}
	return p
}

func TestCheck(t *testing.T) {
	t.Parallel()
	libraries := Libraries{"example.com/db": {"sqlite"}, "example.com/env": {"apps"}}
	drivers := []Package{
		{Path: "example.com/db/driver", Module: "example.com/db"},
		{Path: "example.com/env", Module: "example.com/env"},
		{Path: "net/http"},
		{Path: "strings"},
	}
	for _, c := range []struct {
		name string
		in   Package
		want string // part of the one line expected; "" for none
	}{
		{"NounOnEarlierNoun", file("core/order/order.go", "strings", module+"/core/money"), ""},
		{"NounOnLaterNoun", file("core/money/money.go", module+"/core/order"), "core/money/money.go:3: imports core/order: a noun imports"},
		{"NounOnPorts", file("core/cart/cart.go", "strings", module+"/ports"), "core/cart/cart.go:4: imports ports: a noun imports"},
		{"NounOnVerbs", file("core/cart/cart.go", module+"/core"), "imports core: a noun imports"},
		{"NounOnThirdParty", file("core/cart/cart.go", "example.com/env"), "imports example.com/env: a noun"},
		{"NounOnTransport", file("core/cart/cart.go", "net/http"), "imports net/http: a noun"},
		{"NounOnPartOfTheMachine", file("core/cart/cart.go", "os/exec"), "imports os/exec: a noun"},
		{"NounOnPureNeighbour", file("core/cart/cart.go", "net/url"), ""},
		{"NounOnLogger", file("core/cart/cart.go", "log/slog"), "imports log/slog: a noun"},
		{"NounOnChance", file("core/id/id.go", "crypto/rand"), "imports crypto/rand: chance comes from"},
		{"UnknownNoun", file("core/util/strings.go"), "core/util: no tier"},
		{"UnknownTop", file("internal/x.go"), "internal: no tier"},
		{"PortsOnNoun", file("ports/store.go", module+"/core/order"), ""},
		{"PortsOnVerbs", file("ports/store.go", module+"/core"), "imports core: ports import"},
		{"VerbsOnPorts", file("core/checkout.go", module+"/ports", module+"/core/order"), ""},
		{"VerbsOnAdapter", file("core/checkout.go", module+"/adapters/memory"), "imports adapters/memory: core imports"},
		{"VerbsOnThirdParty", file("core/checkout.go", "example.com/db/driver"), "imports example.com/db/driver: core"},
		{"VerbsOnStore", file("core/checkout.go", "database/sql/driver"), "imports database/sql/driver: core"},
		{"VerbsOnChanceInShop", file("core/shop.go", "crypto/rand"), ""},
		{"AdapterOnItsLibrary", file("adapters/sqlite/db.go", "example.com/db/driver", "os", module+"/ports"), ""},
		{"AdapterOnItself", file("adapters/sqlite/db.go", module+"/adapters/sqlite/schema"), ""},
		{"AdapterOnVerbs", file("adapters/sqlite/db.go", module+"/core"), "imports core: only driving"},
		{"AdapterOnAdapter", file("adapters/cached/products.go", module+"/adapters/memory"), "imports adapters/memory: an adapter"},
		{"AdapterOnTestsuite", file("adapters/memory/cache.go", module+"/testsuite/porttest"), "imports testsuite/porttest: an adapter"},
		{"AdapterOnLibraryOfAnother", file("adapters/memory/cache.go", "example.com/db/driver"), "docs/dependencies.md does not list example.com/db for memory"},
		{"AdapterOnLibraryUnseenByGoList", file("adapters/memory/cache_windows.go", "example.com/new"), "does not list example.com/new for memory"},
		{"DrivingOnVerbs", file("adapters/httpapi/cart.go", module+"/core", module+"/core/cart"), ""},
		{"DrivingOnDriven", file("adapters/jobs/loop.go", module+"/adapters/sqlite"), "imports adapters/sqlite: an adapter"},
		{"AppOnAll", file("apps/boot/boot.go", module+"/core", module+"/adapters/sqlite", "example.com/env", "os"), ""},
		{"AppOnUnlisted", file("apps/boot/boot.go", "example.com/db/driver"), "does not list example.com/db for boot"},
		{"AppOnTestsuite", file("apps/server/main.go", module+"/testsuite/fixture"), "imports testsuite/fixture: the shipped"},
		{"ContractsOnNouns", file("testsuite/porttest/cache.go", "testing", "net/http", module+"/ports"), ""},
		{"ContractsOnVerbs", file("testsuite/porttest/cache.go", module+"/core"), "imports core: porttest"},
		{"ContractsOnThirdParty", file("testsuite/porttest/cache.go", "example.com/env"), "imports example.com/env: porttest"},
		{"TestsuiteOnAll", file("testsuite/stack/stack.go", module+"/apps/boot", "example.com/db/driver"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := Check(append(slices.Clone(drivers), c.in), libraries)
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("got %q, want nothing", got)
			case c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)):
				t.Errorf("got %q, want one line with %q", got, c.want)
			}
		})
	}
}

func TestCheck_Clock(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	source := "package core\n\nimport clock \"time\"\n\nvar now = clock.Now\n\nvar day = 24 * clock.Hour\n"
	for name, want := range map[string]int{"core/carts.go": 1, "core/shop.go": 0, "core/cart/cart.go": 1, "adapters/jobs/loop.go": 0} {
		onDisk := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(onDisk), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(onDisk, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := readFile(root, onDisk)
		if err != nil {
			t.Fatal(err)
		}
		got := Check([]Package{{Path: path.Join(module, path.Dir(name)), Module: module, Files: []File{f}}}, nil)
		if len(got) != want || want == 1 && !strings.Contains(got[0], name+":5: reads time.Now") {
			t.Errorf("%s: got %q, want %d line", name, got, want)
		}
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	packages := []Package{
		{Path: "core", Imports: []string{"fmt", "ports"}},
		{Path: "ports", Imports: []string{"fmt", "driver"}},
		{Path: "driver", Module: "example.com/driver"},
		{Path: "fmt"},
	}
	third := func(p Package) bool { return p.Module != "" }
	if got, want := Chain(packages, "core", third), []string{"core", "ports", "driver"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Chain(packages, "fmt", third); got != nil {
		t.Errorf("fmt: got %q, want none", got)
	}
}

func TestLoadLibraries(t *testing.T) {
	t.Parallel()
	doc := filepath.Join(t.TempDir(), "dependencies.md")
	text := "| Module | Used by | What for |\n|---|---|---|\n| `example.com/db` | `sqlite`, `bodega` | tables |\n| `pgregory.net/rapid` | tests | properties |\n"
	if err := os.WriteFile(doc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadLibraries(doc)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !slices.Equal(got["example.com/db"], []string{"sqlite", "bodega"}) || len(got["pgregory.net/rapid"]) != 0 {
		t.Errorf("got %v", got)
	}
	if _, err := LoadLibraries(filepath.Join(t.TempDir(), "none.md")); err == nil {
		t.Error("a missing file is no error")
	}
}
