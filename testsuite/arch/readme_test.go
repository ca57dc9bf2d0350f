package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README shows the program that core's example runs, word for word.
func TestREADME_ShowsTheExample(t *testing.T) {
	t.Parallel()
	example := read(t, "core/example_test.go")
	shown := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(read(t, "README.md"))
	if shown == nil {
		t.Fatal("README.md shows no Go")
	}
	if !strings.Contains(example, "\n"+shown[1]+"\n// A service that embeds the shop") {
		t.Errorf("README.md shows another program than core/example_test.go runs:\n%s", shown[1])
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// What reliability.md calls proved has its test.
func TestReliability_NamesTestsThatExist(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{}
	err := fs.WalkDir(os.DirFS("../.."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllStringSubmatch(read(t, path), -1) {
			declared[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(read(t, "docs/reliability.md"), -1)
	if len(named) == 0 {
		t.Error("docs/reliability.md names no test")
	}
	for _, m := range named {
		if !declared[m[1]] {
			t.Errorf("docs/reliability.md names %s, which is not there", m[1])
		}
	}
}
