// Command server is the shop over HTTP. With nothing configured it is the whole
// shop: store, search index, cache and worker are inside. With addresses of
// PostgreSQL and what stands beside it, any number of servers is one shop.
package main

import (
	"os"

	"github.com/bodega-commerce/bodega/apps/boot"
)

func main() { os.Exit(boot.Main(boot.Server)) }
