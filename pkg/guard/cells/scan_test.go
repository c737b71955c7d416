package cells

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// pages answers a scan page by page.
type pages struct {
	items  []item
	asked  int
	broken error
}

func (p *pages) Scan(_ context.Context, in *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	if p.broken != nil {
		return nil, p.broken
	}
	if *in.TableName != "table" || *in.FilterExpression != "begins_with(pk, :guard)" {
		return nil, errors.New("another scan")
	}
	out := &dynamodb.ScanOutput{Items: p.items[p.asked : p.asked+1]}
	if want := p.asked > 0; (in.ExclusiveStartKey != nil) != want {
		return nil, errors.New("the scan does not go on where it was")
	}
	p.asked++
	if p.asked < len(p.items) {
		out.LastEvaluatedKey = item{"pk": attributes.Text("last")}
	}
	return out, nil
}

func TestScan(t *testing.T) {
	p := &pages{items: []item{
		{"pk": attributes.Text("guard#service"), "spent": attributes.Number(5), "spentEnds": attributes.Number(1)},
		{"pk": attributes.Text("guard#region#AT")},
		{"pk": attributes.Text("guard#region#DE"), "room": attributes.Number(7), "roomAt": attributes.Number(1)},
	}}
	var got []string
	yield := func(key string, c guard.Cell) {
		got = append(got, fmt.Sprint(key, c.Strangers.Milli, int64(c.Purse.Spent)))
	}
	err := Scanner{p, "table"}.Scan(t.Context(), yield)
	if want := "[guard#service0 5 guard#region#AT0 0 guard#region#DE7 0]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
	for name, p := range map[string]*pages{
		"down":       {broken: errDown},
		"unreadable": {items: []item{{"pk": attributes.Text("guard#service"), "spent": attributes.Text("canary"), "spentEnds": attributes.Number(1)}}},
	} {
		if err := (Scanner{p, "table"}).Scan(t.Context(), func(string, guard.Cell) {}); !errors.Is(err, otp.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// hangingPages never answer.
type hangingPages struct{}

func (hangingPages) Scan(ctx context.Context, _ *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestScanEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		err := Scanner{hangingPages{}, "table"}.Scan(t.Context(), func(string, guard.Cell) {})
		if took := time.Since(started); took != 10*time.Second || !errors.Is(err, otp.ErrUnavailable) {
			t.Errorf("a table that does not answer: %v after %s, want 10s", err, took)
		}
	})
}
