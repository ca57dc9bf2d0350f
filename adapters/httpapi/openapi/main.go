// Command openapi prints the OpenAPI document of the API.
package main

import (
	"fmt"
	"os"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
)

func main() {
	if err := httpapi.WriteDocument(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
