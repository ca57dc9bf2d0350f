package arch

import (
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
