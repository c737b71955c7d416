package cells

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// ScanAPI is what Scanner needs of the SDK's client.
type ScanAPI interface {
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

// Scanner reads all of a table for an operator: the functions may not.
type Scanner struct {
	Client ScanAPI
	Table  string
}

var _ guard.Scanner = Scanner{}

// pageTimeout bounds the read of one page, of a megabyte at most.
const pageTimeout = 10 * time.Second

// Scan implements guard.Scanner. What it reads may be a moment old.
func (s Scanner) Scan(ctx context.Context, yield func(key string, cell guard.Cell)) error {
	in := &dynamodb.ScanInput{
		TableName:                 &s.Table,
		FilterExpression:          aws.String("begins_with(" + attributeKey + ", :guard)"),
		ExpressionAttributeValues: item{":guard": attributes.Text("guard#")},
	}
	for {
		page, err := s.page(ctx, in)
		if err != nil {
			return fmt.Errorf("reading the table: %w: %w", otp.ErrUnavailable, err)
		}
		for _, e := range page.Items {
			r := read(e)
			key, cell := r.Text(attributeKey), r.cell()
			if r.Err != nil {
				return fmt.Errorf("reading the table: %w: %w", otp.ErrUnavailable, r.Err)
			}
			yield(key, cell)
		}
		if len(page.LastEvaluatedKey) == 0 {
			return nil
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
}

func (s Scanner) page(ctx context.Context, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	return s.Client.Scan(ctx, in)
}
