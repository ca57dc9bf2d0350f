package elasticsearch

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, containers.Torn()) }
