package harness

import (
	"context"
	"fmt"
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
	ledger, key, err := TryOnlyLedger(tb.Context(), client, table)
	if err != nil {
		tb.Fatal(err)
	}
	return ledger, key
}

// TryOnlyLedger is OnlyLedger for goroutines, which must not end a test.
func TryOnlyLedger(ctx context.Context, client *dynamodb.Client, table string) (otp.Ledger, string, error) {
	out, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return otp.Ledger{}, "", fmt.Errorf("scanning the table: %w", err)
	}
	var keys []string
	for _, item := range out.Items {
		key, ok := item["pk"].(*types.AttributeValueMemberS)
		if ok && strings.HasPrefix(key.Value, "number#") {
			keys = append(keys, key.Value)
		}
	}
	switch len(keys) {
	case 0:
		return otp.Ledger{}, "", nil
	case 1:
		ledger, _, err := store.NewDynamoDB(client, table).Load(ctx, keys[0])
		return ledger, keys[0], err
	}
	return otp.Ledger{}, "", fmt.Errorf("the table knows %d numbers, want one", len(keys))
}
