package httpapi

import (
	"context"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
)

var _ = context.Background

func TestNew(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), dir+"/shop.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wallet := sandbox.New(dir + "/sandbox.log")
	shop, err := core.New(core.Deps{Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(),
		Files: files.Dir(dir + "/media"), Mail: files.Mail(dir + "/mail"), Payments: core.Providers{"sandbox": wallet}, Sandbox: wallet}, nil)
	if err != nil {
		t.Fatal(err)
	}
	New(shop, Options{DeadJobs: db.Jobs(), Auditor: db})
}
