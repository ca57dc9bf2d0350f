package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
)

// codes is what the code says: codes of errors and of fields, each with a place
// where it is used.
type codes struct{ problems, fields map[string]string }

// used reads the codes out of core and the HTTP edge.
func used(t *testing.T) codes {
	t.Helper()
	c := codes{map[string]string{}, map[string]string{}}
	files := token.NewFileSet()
	for _, dir := range []string{"core", "adapters/httpapi"} {
		if err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err == nil {
				ast.Inspect(file, func(n ast.Node) bool { c.note(files, n); return true })
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.problems) < 30 || len(c.fields) < 8 {
		t.Fatalf("found only %d codes and %d of fields: the code says them in another way now", len(c.problems), len(c.fields))
	}
	return c
}

// note looks for the ways in which the code names a code.
func (c codes) note(files *token.FileSet, n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		arg := map[string]int{"fault.New": 1, "newProblem": 1}
		if i, ok := arg[name(n.Fun)]; ok && i < len(n.Args) {
			note(c.problems, files, n.Args[i])
		}
		switch called := name(n.Fun); {
		case (called == "fault.InvalidField" || strings.HasSuffix(called, ".Add")) && len(n.Args) == 3:
			note(c.fields, files, n.Args[1])
		}
	case *ast.CompositeLit:
		kind := name(n.Type)
		for i, element := range n.Elts {
			switch pair, keyed := element.(*ast.KeyValueExpr); {
			case keyed && name(pair.Key) == "Code" && (kind == "fault.Error" || kind == "Error"):
				note(c.problems, files, pair.Value)
			case keyed && name(pair.Key) == "Code" && (kind == "fault.Field" || kind == "Field" || kind == "FieldError"),
				!keyed && i == 1 && (kind == "fault.Field" || kind == "Field" || kind == "FieldError"):
				value := element
				if keyed {
					value = pair.Value
				}
				note(c.fields, files, value)
			}
		}
	}
}

// name writes an expression like fault.New.
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return name(e.X) + "." + e.Sel.Name
	}
	return ""
}

func note(found map[string]string, files *token.FileSet, e ast.Expr) {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING && lit.Value != `""` {
		if code, err := strconv.Unquote(lit.Value); err == nil {
			found[code] = files.Position(e.Pos()).String()
		}
	}
}

var (
	codeRow  = regexp.MustCompile("(?m)^\\| (\\d{3}) \\| `([a-z_]+)` \\|")
	fieldRow = regexp.MustCompile("(?m)^\\| ((?:`[a-z_]+`(?:, )?)+) \\| ")
	kindRow  = regexp.MustCompile("(?m)^\\| `([A-Z][a-zA-Z]+)` \\| (\\d{3}) `([a-z_]+)` \\| (dead|again later)")
	quoted   = regexp.MustCompile("`([a-z_]+)`")
)

func TestErrors(t *testing.T) {
	t.Parallel()
	document := read(t, "docs/errors.md")
	statuses := map[string]int{}
	for _, row := range codeRow.FindAllStringSubmatch(document, -1) {
		if _, twice := statuses[row[2]]; twice {
			t.Errorf("%s stands there twice", row[2])
		}
		status, err := strconv.Atoi(row[1])
		if err != nil || http.StatusText(status) == "" {
			t.Errorf("%s is no status", row[1])
		}
		statuses[row[2]] = status
	}
	fields := map[string]bool{}
	for _, row := range fieldRow.FindAllStringSubmatch(document, -1) {
		for _, code := range quoted.FindAllStringSubmatch(row[1], -1) {
			fields[code[1]] = true
		}
	}
	code := used(t)

	t.Run("EveryCodeIsListed", func(t *testing.T) {
		for _, c := range slices.Sorted(maps.Keys(code.problems)) {
			if statuses[c] == 0 && !fields[c] {
				t.Errorf("%s is answered at %s and not in docs/errors.md", c, code.problems[c])
			}
		}
		for _, c := range slices.Sorted(maps.Keys(code.fields)) {
			if !fields[c] {
				t.Errorf("%s is said of a field at %s and not in docs/errors.md", c, code.fields[c])
			}
		}
	})
	t.Run("EveryKindIsAsItSays", func(t *testing.T) {
		rows := map[string][]string{}
		for _, row := range kindRow.FindAllStringSubmatch(document, -1) {
			rows[strings.ToLower(row[1])] = row[2:]
		}
		for _, kind := range fault.Kinds() {
			row := rows[strings.ReplaceAll(kind.String(), "_", "")]
			if row == nil {
				t.Errorf("there is no row for %s", kind)
			} else if got := fmt.Sprint(statuses[row[1]]); got != row[0] {
				t.Errorf("%s is %s %s, but %s is %s", kind, row[0], row[1], row[1], got)
			}
		}
	})
}

// Every task and the members of its payload are explained.
func TestJobs(t *testing.T) {
	t.Parallel()
	document := read(t, "docs/jobs-and-events.md")
	for _, task := range job.Tasks() {
		if !strings.Contains(document, "| `"+task+"` |") {
			t.Errorf("docs/jobs-and-events.md has no row for %s", task)
		}
	}
}
