package cells

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// TestConditions: under what each part of a change is made, and what it does. That a table
// does with these what guard.Change.Apply says is shown on one (test/guard TestCells).
func TestConditions(t *testing.T) {
	const at = 1773342238000
	ends := moment(9)
	for name, c := range map[string]struct {
		change                guard.Change
		condition, expression string
		values                item
	}{
		"a send": {
			guard.Change{Room: &guard.RoomChange{Add: -1000}},
			"attribute_exists(roomAt)", "ADD room :room", item{":room": attributes.Number(-1000)},
		},
		"the first send": {
			guard.Change{Room: &guard.RoomChange{Add: 9000, Settles: true, To: moment(1)}},
			"attribute_not_exists(roomAt)", "SET roomAt = :to ADD room :room", item{":room": attributes.Number(9000), ":to": attributes.Number(at + 1)},
		},
		"a send that settles": {
			guard.Change{Room: &guard.RoomChange{Known: true, Add: 500, Settles: true, From: moment(1), To: moment(2)}},
			"knownRoomAt = :from", "SET knownRoomAt = :to ADD knownRoom :room",
			item{":room": attributes.Number(500), ":from": attributes.Number(at + 1), ":to": attributes.Number(at + 2)},
		},
		"the first count": {
			guard.Change{Room: &guard.RoomChange{Add: 1, Counts: true, Index: 7, Verified: 1}},
			"attribute_exists(roomAt) AND attribute_not_exists(roomWindow)",
			"SET roomWindow = :window, verified = :verified, verifiedBefore = :before ADD room :room",
			item{":room": attributes.Number(1), ":window": attributes.Number(7), ":verified": attributes.Number(1), ":before": attributes.Number(0)},
		},
		"the next window": {
			guard.Change{Room: &guard.RoomChange{Known: true, Add: 1, Counts: true, OldIndex: 7, Index: 8, Verified: 1, Before: 4}},
			"attribute_exists(knownRoomAt) AND knownRoomWindow = :old",
			"SET knownRoomWindow = :window, knownVerified = :verified, knownVerifiedBefore = :before ADD knownRoom :room",
			item{":room": attributes.Number(1), ":old": attributes.Number(7), ":window": attributes.Number(8), ":verified": attributes.Number(1), ":before": attributes.Number(4)},
		},
		"one number more": {
			guard.Change{Room: &guard.RoomChange{Add: 1, Counts: true, OldIndex: 7, Index: 7, Verified: 5}},
			"attribute_exists(roomAt) AND roomWindow = :old", "ADD room :room, verified :one",
			item{":room": attributes.Number(1), ":old": attributes.Number(7), ":one": attributes.Number(1)},
		},
		"a payment": {
			guard.Change{Payment: &guard.Payment{Price: 30, Most: 100, MostMail: 40, Now: moment(2), Ends: ends}},
			"spentEnds > :now AND spent <= :rest", "ADD spent :price",
			item{":now": attributes.Number(at + 2), ":rest": attributes.Number(70), ":price": attributes.Number(30)},
		},
		"the first payment of a window": {
			guard.Change{Payment: &guard.Payment{Price: 30, Most: 100, Begins: true, Now: moment(2), Ends: ends}},
			"(attribute_not_exists(spentEnds) OR spentEnds <= :now)", "SET spent = :price, spentEnds = :ends REMOVE spentMail",
			item{":now": attributes.Number(at + 2), ":price": attributes.Number(30), ":ends": attributes.Number(at + 9)},
		},
		"the first payment of a window, by e-mail": {
			guard.Change{Payment: &guard.Payment{Price: 30, Most: 100, Mail: true, MostMail: 40, Begins: true, Now: moment(2), Ends: ends}},
			"(attribute_not_exists(spentEnds) OR spentEnds <= :now)", "SET spent = :price, spentEnds = :ends, spentMail = :price",
			item{":now": attributes.Number(at + 2), ":price": attributes.Number(30), ":ends": attributes.Number(at + 9)},
		},
		"a refund": {
			guard.Change{Refund: &guard.Refund{Price: 30, Ends: ends}},
			"spentEnds = :paidUntil", "ADD spent :back", item{":back": attributes.Number(-30), ":paidUntil": attributes.Number(at + 9)},
		},
		"a refund of e-mail": {
			guard.Change{Refund: &guard.Refund{Price: 30, Mail: true, Ends: ends}},
			"spentEnds = :paidUntil", "ADD spent :back, spentMail :back", item{":back": attributes.Number(-30), ":paidUntil": attributes.Number(at + 9)},
		},
		"a reset": {
			guard.Change{Reset: &ends}, "spentEnds = :reset", "REMOVE spent, spentMail, spentEnds", item{":reset": attributes.Number(at + 9)},
		},
		"one that is kept": {
			guard.Change{Room: &guard.RoomChange{Add: 1}, Keep: moment(1).Add(time.Second)},
			"attribute_exists(roomAt)", "SET #ttl = :ttl ADD room :room", item{":room": attributes.Number(1), ":ttl": attributes.Number(1773342240)},
		},
	} {
		client := &client{update: func(_ context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			if got := aws.ToString(in.ConditionExpression); got != c.condition {
				t.Errorf("%s is made under %q, want %q", name, got, c.condition)
			}
			if got := aws.ToString(in.UpdateExpression); got != c.expression {
				t.Errorf("%s does %q, want %q", name, got, c.expression)
			}
			if diff := cmp.Diff(c.values, in.ExpressionAttributeValues, ignoreNoSmithy); diff != "" {
				t.Errorf("%s: the values differ (-want +got):\n%s", name, diff)
			}
			return &dynamodb.UpdateItemOutput{}, nil
		}}
		if _, applied, err := NewDynamoDB(client, "table").Apply(t.Context(), "key", c.change); err != nil || !applied {
			t.Errorf("%s: %v, %v", name, applied, err)
		}
	}
}
