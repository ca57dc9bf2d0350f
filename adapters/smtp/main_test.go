package smtp_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A mail leaves nothing behind, whatever became of it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
