package arch

import (
	"fmt"
	"slices"
	"strings"
)

// Package is a package of the build, ours or not. Tests are not part of it:
// they may stand anywhere.
type Package struct {
	Path    string
	Module  string // "" for the standard library
	Imports []string
	Files   []File // filled for packages of this module only
}

// File is what one production file says, whatever its build constraints.
type File struct {
	Name    string // from the root of the module
	Imports []Use
	Clock   []Use // time.Now and its relatives
}

// Use is a name used on a line.
type Use struct {
	Name string
	Line int
}

// Libraries names, by module, the folders of adapters and apps (or "apps" for
// all of them) that may import it.
type Libraries map[string][]string

// Check returns a line for every broken rule: where, what and why.
func Check(packages []Package, libraries Libraries) []string {
	modules := make(map[string]string, len(packages))
	for _, p := range packages {
		modules[p.Path] = p.Module
	}
	var broken []string
	for _, p := range packages {
		if p.Module != module {
			continue
		}
		t, folder := place(p.Path)
		if t == homeless {
			broken = append(broken, fmt.Sprintf("%s: no tier of docs/architecture.md has this folder", p.Path))
		}
		for _, f := range p.Files {
			for _, use := range f.Imports {
				lib := moduleOf(use.Name, modules)
				if ok, rule := allowed(p.Path, use.Name, lib == ""); !ok {
					broken = append(broken, f.imports(use, rule))
				} else if lib != "" && lib != module && (t == adapter || t == app) && !libraries.allow(lib, t, folder) {
					broken = append(broken, f.imports(use, "docs/dependencies.md does not list "+lib+" for "+folder))
				}
				if (t == noun || t == ports || t == verbs) && within(use.Name, random) && f.Name != defaultsFile {
					broken = append(broken, f.imports(use, "chance comes from Deps.Rand, which "+defaultsFile+" fills"))
				}
			}
			for _, use := range f.Clock {
				if (t == noun || t == ports || t == verbs) && f.Name != defaultsFile {
					broken = append(broken, fmt.Sprintf("%s:%d: reads time.%s: time comes from Deps.Now, which %s fills", f.Name, use.Line, use.Name, defaultsFile))
				}
			}
		}
	}
	return broken
}

// moduleOf also answers for what only a file for another system imports, which
// `go list` did not follow: a path without a dot in its first element is standard.
func moduleOf(path string, modules map[string]string) string {
	if m, listed := modules[path]; listed {
		return m
	}
	if t, _ := place(path); t != outside {
		return module
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return ""
	}
	return path
}

func (f File) imports(use Use, rule string) string {
	return fmt.Sprintf("%s:%d: imports %s: %s", f.Name, use.Line, strings.TrimPrefix(use.Name, module+"/"), rule)
}

func (l Libraries) allow(lib string, t tier, folder string) bool {
	return slices.Contains(l[lib], folder) || t == app && slices.Contains(l[lib], "apps")
}

// Chain returns the shortest way of imports from a package to one that matches,
// or nil when a program that imports `from` never links such a package.
func Chain(packages []Package, from string, matches func(Package) bool) []string {
	byPath := make(map[string]Package, len(packages))
	for _, p := range packages {
		byPath[p.Path] = p
	}
	importer := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		p := byPath[queue[0]]
		if matches(p) {
			var chain []string
			for path := p.Path; path != ""; path = importer[path] {
				chain = append(chain, path)
			}
			slices.Reverse(chain)
			return chain
		}
		for _, next := range p.Imports {
			if _, seen := importer[next]; !seen {
				importer[next] = p.Path
				queue = append(queue, next)
			}
		}
	}
	return nil
}
