package boot

import (
	"os"
	"regexp"
	"testing"
)

// A row of the tables of settings: | `BODEGA_NAME` † | `default` | … |
var settingRow = regexp.MustCompile("(?m)^\\| `BODEGA_([A-Z_]+)`( †)? \\| ([^|]*) \\|")

var codeSpan = regexp.MustCompile("^`[^`]*`$")

func TestConfig_ListedInOperations(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := settings()
	for _, row := range settingRow.FindAllStringSubmatch(string(guide), -1) {
		name, secret, listed := row[1], row[2] != "", row[3]
		f, known := fields[name]
		if !known {
			t.Errorf("%s%s is listed twice, or is no setting", prefix, name)
			continue
		}
		delete(fields, name)
		// A fixed default is a code span alone; what follows from other things is prose.
		if value := f.Tag.Get("envDefault"); value != "" && listed != "`"+value+"`" || value == "" && codeSpan.MatchString(listed) {
			t.Errorf("%s%s defaults to %q, listed is %s", prefix, name, value, listed)
		}
		if secret != (f.Tag.Get("secret") != "") {
			t.Errorf("%s%s: listed as a secret is %v", prefix, name, secret)
		}
	}
	for name := range fields {
		t.Errorf("%s%s is not listed", prefix, name)
	}
}
