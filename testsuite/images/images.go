package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

//go:embed base postgres redis rabbitmq elasticsearch s3 nginx
var recipes embed.FS

// Base is the Debian that the other images stand on.
const Base = "base"

const label = "bodega.recipe"

// tags names every image. No registry answers for localhost, so that an engine
// never looks for one elsewhere.
var tags = map[string]string{
	Base:            "localhost/bodega-base:bookworm",
	"postgres":      "localhost/bodega-postgres:15",
	"redis":         "localhost/bodega-redis:7",
	"rabbitmq":      "localhost/bodega-rabbitmq:3",
	"elasticsearch": "localhost/bodega-elasticsearch:8.16.1",
	"s3":            "localhost/bodega-s3:1.8.0",
	"nginx":         "localhost/bodega-nginx:1.22",
}

// Names returns what can be built.
func Names() []string {
	var names []string
	for name := range tags {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Tag returns the name of the image that Build makes.
func Tag(name string) string { return tags[name] }

// Present reports whether the engine has an image as its recipe is now.
func Present(ctx context.Context, name string) bool {
	inspect := exec.CommandContext(ctx, "docker", "image", "inspect", "--format", `{{index .Config.Labels "`+label+`"}}`, tags[name])
	out, err := inspect.Output()
	return err == nil && strings.TrimSpace(string(out)) == digest(name)
}

// Builder makes images with the docker program. It is for one build at a time;
// several may work side by side once the base is there.
type Builder struct {
	// Log says what is being made. Building is slow, and a person wants to know.
	Log func(line string)
	// Install lets it install the Debian packages it builds with.
	Install bool
}

// Build makes an image, and the base it stands on, unless they are there.
func (b Builder) Build(ctx context.Context, name string) error {
	if _, known := tags[name]; !known {
		return fmt.Errorf("images: there is no recipe for %s", name)
	}
	if Present(ctx, name) {
		return nil
	}
	if name != Base {
		if err := b.Build(ctx, Base); err != nil {
			return err
		}
	}
	fetched, err := b.fetch(ctx, name)
	if err != nil {
		return err
	}
	b.Log("building " + tags[name])
	stamp := label + "=" + digest(name)
	if name == Base {
		return run(exec.CommandContext(ctx, "docker", "import", "--change", "LABEL "+stamp, fetched, tags[Base]))
	}
	build := exec.CommandContext(ctx, "docker", "build", "--network=host", "--label", stamp, "--tag", tags[name], "-")
	build.Env = append(os.Environ(), "DOCKER_BUILDKIT=0") // the newer builder is a plugin that a plain engine does not have
	files, wait := buildContext(name, fetched)
	build.Stdin = files
	if err := run(build); err != nil {
		return errors.Join(err, files.Close())
	}
	return wait()
}

// digest is what an image's label must say: it changes with the recipe and the
// base's.
func digest(name string) string {
	sum := sha256.New()
	for _, folder := range slices.Compact([]string{Base, name}) {
		for file, content := range recipe(folder) {
			_, _ = fmt.Fprintf(sum, "%s/%s %d\n%s", folder, file, len(content), content)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// recipe yields the files of a recipe in the order of their names. An embedded
// file system is read without errors.
func recipe(folder string) func(yield func(name string, content []byte) bool) {
	return func(yield func(string, []byte) bool) {
		entries, _ := recipes.ReadDir(folder)
		for _, entry := range entries {
			content, _ := recipes.ReadFile(path.Join(folder, entry.Name()))
			if !yield(entry.Name(), content) {
				return
			}
		}
	}
}

// run runs a program; its output is worth reading only when it fails.
func run(cmd *exec.Cmd) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("images: %s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	return nil
}
