package cells_test

import (
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/guardtest"
)

// The suite runs on the real DynamoDB Local in test/guard.
func TestMemory(t *testing.T) {
	guardtest.Run(t, func(testing.TB) guard.Cells { return cells.NewMemory() })
}
