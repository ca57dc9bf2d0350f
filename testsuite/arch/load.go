package arch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Load lists every package that the packages of the module at root link, by
// `go list -deps`, and reads the production files of our own.
func Load(ctx context.Context, root string) ([]Package, error) {
	out, err := goCommand(ctx, root, "list", "-deps",
		"-json=ImportPath,Standard,Module,Dir,GoFiles,CgoFiles,IgnoredGoFiles,Imports", "./...")
	if err != nil {
		return nil, err
	}
	var packages []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir                   string
			Standard                          bool
			Module                            *struct{ Path string }
			GoFiles, CgoFiles, IgnoredGoFiles []string
			Imports                           []string
		}
		if err := dec.Decode(&listed); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		p := Package{Path: listed.ImportPath, Imports: listed.Imports}
		if !listed.Standard && listed.Module != nil {
			p.Module = listed.Module.Path
		}
		if p.Module == module {
			for _, name := range slices.Concat(listed.GoFiles, listed.CgoFiles, listed.IgnoredGoFiles) {
				if strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") {
					continue
				}
				f, err := readFile(root, filepath.Join(listed.Dir, name))
				if err != nil {
					return nil, err
				}
				p.Files = append(p.Files, f)
			}
		}
		packages = append(packages, p)
	}
}

func readFile(root, path string) (File, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return File{}, err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return File{}, err
	}
	f := File{Name: filepath.ToSlash(name)}
	clock := ""
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return File{}, err
		}
		f.Imports = append(f.Imports, Use{Name: path, Line: fset.Position(spec.Pos()).Line})
		if path == "time" {
			clock = "time"
			if spec.Name != nil {
				clock = spec.Name.Name
			}
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && clock != "" && x.Name == clock && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
			f.Clock = append(f.Clock, Use{Name: sel.Sel.Name, Line: fset.Position(sel.Pos()).Line})
		}
		return true
	})
	return f, nil
}

// A row of the table in docs/dependencies.md: | `module` | `user` `user` | …
var (
	row  = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|([^|]*)\\|")
	user = regexp.MustCompile("`([^`]+)`")
)

// LoadLibraries reads who may import what from docs/dependencies.md.
func LoadLibraries(path string) (Libraries, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	libraries := Libraries{}
	for _, r := range row.FindAllSubmatch(text, -1) {
		libraries[string(r[1])] = []string{}
		for _, u := range user.FindAllSubmatch(r[2], -1) {
			libraries[string(r[1])] = append(libraries[string(r[1])], string(u[1]))
		}
	}
	return libraries, nil
}

// Requirements returns the modules go.mod names; true for those we import ourselves.
func Requirements(ctx context.Context, root string) (map[string]bool, error) {
	out, err := goCommand(ctx, root, "mod", "edit", "-json")
	if err != nil {
		return nil, err
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return nil, fmt.Errorf("go mod edit: %w", err)
	}
	direct := make(map[string]bool, len(mod.Require))
	for _, r := range mod.Require {
		direct[r.Path] = !r.Indirect
	}
	return direct, nil
}

func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args[:2], " "), err, stderr.Bytes())
	}
	return out, nil
}
