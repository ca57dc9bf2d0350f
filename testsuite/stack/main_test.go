package stack_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A shop that was stopped leaves nothing behind, whatever it was made of.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
