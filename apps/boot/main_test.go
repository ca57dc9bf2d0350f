package boot

import (
	"testing"

	"go.uber.org/goleak"
)

// Stop leaves nothing behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
