// Package guard tests the guard on the real DynamoDB Local: its cells' contract, an
// operator's stop beside a running service, and races for money.
package guard

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/guardtest"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// client is the product's own, with its one repeat.
func client(tb testing.TB) *dynamodb.Client {
	tb.Helper()
	return app.NewDynamoDB(app.AWS{DynamoDB: harness.DynamoDBLocal(tb), Attempt: patience})
}

func TestCells(t *testing.T) {
	table := harness.Table(t, harness.DynamoDBLocal(t))
	guardtest.Run(t, func(tb testing.TB) guard.Cells { return cells.NewDynamoDB(client(tb), table) })
}
