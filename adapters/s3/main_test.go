package s3_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// A store that was closed leaves nothing behind, whatever happened to it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, containers.Torn()) }
