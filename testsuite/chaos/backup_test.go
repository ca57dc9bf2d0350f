package chaos

import (
	"path/filepath"
	"testing"
	"time"
)

// A backup is taken while shoppers buy, and the machine is lost. What had been
// answered before the backup began is in it, and nothing of it is half.
func TestBackup(t *testing.T) {
	t.Parallel()
	x := &storm{t: t, stock: map[string]int{"PLENTY": 100_000, "SCARCE": 30}}
	x.server = serve(t, t.TempDir(), "BODEGA_RESERVATION_TTL=8s")
	for sku, units := range x.stock {
		x.server.sell(sku, units)
	}
	dir := t.TempDir()
	copied, restored := filepath.Join(dir, "copy"), filepath.Join(dir, "restored")
	var before []*try
	x.rage(func() {
		before = x.answered()
		x.server.operate("backup", copied)
		x.server.kill()
	})
	x.server = &server{t: t, dir: restored, environ: x.server.environ}
	x.server.operate("restore", copied)
	x.tries = before
	x.restart()
	x.comeBack(x.tries)
	x.act()
	x.server.settle(time.Minute)
	x.server.operate("check")
	x.verify()
}

// operate runs the operator's tool on the server's directory; it has to succeed.
func (s *server) operate(args ...string) {
	s.t.Helper()
	if code, said := run(s.t, program(s.t, "bodega", []string{"BODEGA_DATA_DIR=" + s.dir}, args...)); code != 0 {
		s.t.Errorf("bodega %v: exit code %d\n%s", args, code, said)
	}
}
