package baseline

import (
	"embed"
	"path"
)

//go:embed postgres/*.sql
var postgresScripts embed.FS

// Postgres returns what pgbench and psql run, by the name of the file.
func Postgres() map[string][]byte {
	scripts := map[string][]byte{}
	entries, _ := postgresScripts.ReadDir("postgres") // it is in the program
	for _, e := range entries {
		scripts[e.Name()], _ = postgresScripts.ReadFile(path.Join("postgres", e.Name()))
	}
	return scripts
}
