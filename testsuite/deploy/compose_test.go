package deploy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/apps/boot"
)

// settings are those that compose.yaml gives to the shop's programs, with its
// variables as they are when nobody sets them.
func settings(t *testing.T) []string {
	t.Helper()
	secrets, compose := read(t, "dev/shop.env"), read(t, "compose.yaml")
	environ := regexp.MustCompile(`(?m)^BODEGA_\w+=.*$`).FindAllString(secrets, -1)
	fallback := regexp.MustCompile(`\$\{\w+:-([^}]*)\}`)
	for _, line := range regexp.MustCompile(`(?m)^    (BODEGA_\w+): ([^#\n]*)`).FindAllStringSubmatch(compose, -1) {
		environ = append(environ, line[1]+"="+strings.TrimSpace(fallback.ReplaceAllString(line[2], "$1")))
	}
	if len(environ) < 10 {
		t.Fatalf("found only %v", environ)
	}
	return environ
}

func TestCompose(t *testing.T) {
	t.Parallel()

	t.Run("ItsSettingsGoTogether", func(t *testing.T) {
		t.Parallel()
		for _, role := range []boot.Role{boot.Server, boot.Consumer, boot.Tool} {
			if _, err := boot.LoadAs(role, settings(t)); err != nil {
				t.Errorf("role %d: %v", role, err)
			}
		}
	})
	t.Run("ProductionRefusesWhatIsForDevelopment", func(t *testing.T) {
		t.Parallel()
		environ := slices.DeleteFunc(settings(t), func(line string) bool { return strings.HasPrefix(line, "BODEGA_ENV=") })
		if _, err := boot.LoadAs(boot.Server, append(environ, "BODEGA_ENV=production")); err == nil {
			t.Error("production takes the sandbox")
		}
	})
	t.Run("OnlyNginxIsPublishedAndStoresLeadNowhere", func(t *testing.T) {
		t.Parallel()
		compose := read(t, "compose.yaml")
		if n := strings.Count(compose, "\n    ports:"); n != 1 {
			t.Errorf("%d services publish ports", n)
		}
		if !strings.Contains(compose, "\n  stores:\n    internal: true\n") {
			t.Error("the stores' network is not internal")
		}
	})
	t.Run("SecretsSayThatTheyArePublic", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"shop.env", "postgres.env", "rabbitmq.env", "s3.env"} {
			if !strings.HasPrefix(read(t, "dev/"+name), "# FOR DEVELOPMENT ONLY") {
				t.Errorf("%s does not say so", name)
			}
		}
	})
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(folder + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
