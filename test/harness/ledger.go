package harness

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
)

// OnlyLedger returns the ledger of the one phone number that a table knows, and the key it
// is kept under; of none, the zero ledger and no key. Two fail the test.
func OnlyLedger(tb testing.TB, client *dynamodb.Client, table string) (otp.Ledger, string) {
	tb.Helper()
	out, err := client.Scan(tb.Context(), &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		tb.Fatalf("scanning the table: %v", err)
	}
	var keys []string
	for _, item := range out.Items {
		key, ok := item["pk"].(*types.AttributeValueMemberS)
		if ok && strings.HasPrefix(key.Value, "number#") {
			keys = append(keys, key.Value)
		}
	}
	if len(keys) == 0 {
		return otp.Ledger{}, ""
	}
	if len(keys) > 1 {
		tb.Fatalf("the table knows %d numbers, want one", len(keys))
	}
	ledger, _, err := store.NewDynamoDB(client, table).Load(tb.Context(), keys[0])
	if err != nil {
		tb.Fatal(err)
	}
	return ledger, keys[0]
}
