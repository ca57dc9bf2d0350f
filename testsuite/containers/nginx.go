package containers

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

const officialNginx = "nginx:1.28"

// Nginx starts an NGINX of the test's own with the configuration of a folder,
// apps/deploy/nginx, in front of two servers given by their host:port. They may
// be the test's: the container is on the host's network, which takes Linux.
func Nginx(t testing.TB, folder fs.FS, server1, server2 string) *Server {
	t.Helper()
	address := Address(t)
	files, err := nginxFiles(folder, strings.NewReplacer("listen 80;", "listen "+address+";", "server-1:8080", server1, "server-2:8080", server2))
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	s := service{
		name: "nginx", title: "NGINX", official: officialNginx,
		host: true,
		url:  func(string) string { return "http://" + address },
		ping: func(ctx context.Context, s *Server) error {
			c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return err
			}
			return c.Close()
		},
		patience: 30 * time.Second,
	}
	return own(t, s, testcontainers.WithFiles(files...))
}

// nginxFiles is a folder of configuration as it stands in a container.
func nginxFiles(folder fs.FS, change *strings.Replacer) ([]testcontainers.ContainerFile, error) {
	names, err := fs.Glob(folder, "*.conf")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("the folder holds no configuration of NGINX")
	}
	var files []testcontainers.ContainerFile
	for _, name := range names {
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		files = append(files, testcontainers.ContainerFile{
			Reader: strings.NewReader(change.Replace(string(content))), ContainerFilePath: "/etc/nginx/" + name, FileMode: 0o644,
		})
	}
	return files, nil
}
