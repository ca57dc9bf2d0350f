// Command consumer does the jobs of a shop whose servers leave them to it:
// index, mails, captures, sweeping. Any number run beside each other. It answers
// probes and metrics on the operations port, and nothing else.
package main

import (
	"os"

	"github.com/bodega-commerce/bodega/apps/boot"
)

func main() { os.Exit(boot.Main(boot.Consumer)) }
