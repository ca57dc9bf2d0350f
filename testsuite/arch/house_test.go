package arch

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHouse(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	packages, err := Load(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	libraries, err := LoadLibraries(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}

	t.Run("KeepsItsTiers", func(t *testing.T) {
		for _, line := range Check(packages, libraries) {
			t.Error(line)
		}
	})

	t.Run("CoreLinksNothingOfOthers", func(t *testing.T) {
		if chain := Chain(packages, module+"/core", func(p Package) bool { return p.Module != "" && p.Module != module }); chain != nil {
			t.Errorf("a program that imports core links a third party: %s", strings.Join(chain, " -> "))
		}
	})

	t.Run("AppsLinkNoTestCode", func(t *testing.T) {
		// Of the stemmer's packages one ships its test helper in an ordinary file.
		// It runs nothing at start, and there is no way to English around it.
		const excused = "github.com/kljensen/snowball/romance"
		packages := slices.Clone(packages)
		for i := range packages {
			if packages[i].Path == excused {
				packages[i].Imports = nil
			}
		}
		for _, p := range packages {
			if in, _ := place(p.Path); in != app {
				continue
			}
			if chain := Chain(packages, p.Path, func(p Package) bool { return p.Path == "testing" }); chain != nil {
				t.Errorf("a shipped program links package testing: %s", strings.Join(chain, " -> "))
			}
		}
	})

	t.Run("EveryLibraryHasItsReason", func(t *testing.T) {
		required, err := Requirements(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		for mod, direct := range required {
			if _, listed := libraries[mod]; direct && !listed {
				t.Errorf("go.mod requires %s: docs/dependencies.md has no row that says what for and why", mod)
			}
		}
		for mod := range libraries {
			if _, ok := required[mod]; !ok {
				t.Errorf("docs/dependencies.md has a row for %s: go.mod no longer requires it", mod)
			}
		}
	})
}
