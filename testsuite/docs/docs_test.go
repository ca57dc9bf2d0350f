// Package docs holds what the documents promise against the code.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository's.
const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// mustShow checks that one of a document's blocks of Go is, word for word, in a
// file that is compiled and run.
func mustShow(t *testing.T, document, file string) {
	t.Helper()
	code := read(t, file)
	for _, block := range goBlock.FindAllStringSubmatch(read(t, document), -1) {
		if strings.Contains(code, block[1]) {
			return
		}
	}
	t.Errorf("no block of Go in %s is a part of %s", document, file)
}

func TestDocuments_ShowWhatRuns(t *testing.T) {
	t.Parallel()
	for _, shown := range []struct{ document, file string }{
		{"docs/embedding.md", "core/example_test.go"},
		{"docs/pricing.md", "core/prices_test.go"},
		{"docs/testing.md", "testsuite/stack/purchase_test.go"},
		{"docs/testing.md", "testsuite/stack/servers_test.go"},
		{"docs/testing.md", "testsuite/containers/example_test.go"},
	} {
		mustShow(t, shown.document, shown.file)
	}
}
