package cells

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Apply implements guard.Cells. A change is one UpdateItem, whose condition and expression
// say what guard.Change.Apply does.
func (d *DynamoDB) Apply(ctx context.Context, key string, c guard.Change) (guard.Cell, bool, error) {
	if c.Payment != nil && !c.Payment.Possible() { // no condition of DynamoDB says so
		found, err := d.Read(ctx, []string{key})
		if err != nil {
			return guard.Cell{}, false, err
		}
		return found[0], false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := d.client.UpdateItem(ctx, d.update(key, c), attempts(c)...)
	if err == nil {
		return guard.Cell{}, true, nil
	}
	refused, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok {
		return guard.Cell{}, false, fmt.Errorf("changing a cell: %w: %w", otp.ErrUnavailable, err)
	}
	r := read(refused.Item)
	current := r.cell()
	if r.Err != nil {
		return guard.Cell{}, false, fmt.Errorf("changing a cell: %w: %w", otp.ErrUnavailable, r.Err)
	}
	return current, false, nil
}

// attempts turns the SDK's repeat off where it must not be.
func attempts(c guard.Change) []func(*dynamodb.Options) {
	if !c.Once {
		return nil
	}
	return []func(*dynamodb.Options){func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
		o.RetryMaxAttempts = 1
	}}
}

// update is an UpdateItem in the making.
type update struct {
	sets, adds, removes, conditions []string
	values                          item
}

func (d *DynamoDB) update(key string, c guard.Change) *dynamodb.UpdateItemInput {
	u := &update{values: item{}}
	in := &dynamodb.UpdateItemInput{
		TableName:                           &d.table,
		Key:                                 item{attributeKey: attributes.Text(key)},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if c.Room != nil {
		u.room(*c.Room)
	}
	if c.Payment != nil {
		u.payment(*c.Payment)
	}
	if c.Refund != nil {
		u.refund(*c.Refund)
	}
	if c.Reset != nil {
		u.when("spentEnds = :reset", ":reset", c.Reset.UnixMilli())
		u.removes = append(u.removes, "spent", "spentMail", "spentEnds")
	}
	if !c.Keep.IsZero() {
		u.sets = append(u.sets, "#ttl = :ttl")
		u.values[":ttl"] = attributes.Number(attributes.TTL(c.Keep))
		in.ExpressionAttributeNames = map[string]string{"#ttl": attributeTTL} // a reserved word
	}
	var expression []string
	for _, clause := range []struct {
		verb  string
		parts []string
	}{{"SET", u.sets}, {"ADD", u.adds}, {"REMOVE", u.removes}} {
		if len(clause.parts) > 0 {
			expression = append(expression, clause.verb+" "+strings.Join(clause.parts, ", "))
		}
	}
	in.UpdateExpression = aws.String(strings.Join(expression, " "))
	in.ConditionExpression = aws.String(strings.Join(u.conditions, " AND "))
	if len(u.values) > 0 {
		in.ExpressionAttributeValues = u.values
	}
	return in
}

func (u *update) set(attribute, value string, i int64) {
	u.sets = append(u.sets, attribute+" = "+value)
	u.values[value] = attributes.Number(i)
}

func (u *update) add(attribute, value string, i int64) {
	u.adds = append(u.adds, attribute+" "+value)
	u.values[value] = attributes.Number(i)
}

// when adds a condition with one value.
func (u *update) when(condition, value string, i int64) {
	u.conditions = append(u.conditions, condition)
	u.values[value] = attributes.Number(i)
}

func (u *update) room(c guard.RoomChange) {
	at := roomAttributesOf(c.Known)
	u.add(at.room, ":room", c.Add)
	switch {
	case !c.Settles:
		u.conditions = append(u.conditions, "attribute_exists("+at.at+")")
	case c.From.IsZero():
		u.conditions = append(u.conditions, "attribute_not_exists("+at.at+")")
	default:
		u.when(at.at+" = :from", ":from", c.From.UnixMilli())
	}
	if c.Settles {
		u.set(at.at, ":to", c.To.UnixMilli())
	}
	if !c.Counts {
		return
	}
	if c.OldIndex == 0 {
		u.conditions = append(u.conditions, "attribute_not_exists("+at.window+")")
	} else {
		u.when(at.window+" = :old", ":old", c.OldIndex)
	}
	if c.Index == c.OldIndex {
		u.add(at.verified, ":one", 1)
		return
	}
	u.set(at.window, ":window", c.Index)
	u.set(at.verified, ":verified", c.Verified)
	u.set(at.before, ":before", c.Before)
}

func (u *update) payment(p guard.Payment) {
	if p.Begins {
		u.when("(attribute_not_exists(spentEnds) OR spentEnds <= :now)", ":now", p.Now.UnixMilli())
		u.set("spent", ":price", int64(p.Price))
		u.set("spentEnds", ":ends", p.Ends.UnixMilli())
		if p.Mail {
			u.sets = append(u.sets, "spentMail = :price")
		} else {
			u.removes = append(u.removes, "spentMail")
		}
		return
	}
	u.when("spentEnds > :now", ":now", p.Now.UnixMilli())
	u.when("spent <= :rest", ":rest", int64(p.Most-p.Price))
	u.add("spent", ":price", int64(p.Price))
	if p.Mail {
		u.when("(attribute_not_exists(spentMail) OR spentMail <= :restMail)", ":restMail", int64(p.MostMail-p.Price))
		u.adds = append(u.adds, "spentMail :price")
	}
}

func (u *update) refund(r guard.Refund) {
	u.when("spentEnds = :paidUntil", ":paidUntil", r.Ends.UnixMilli())
	u.add("spent", ":back", -int64(r.Price))
	if r.Mail {
		u.adds = append(u.adds, "spentMail :back")
	}
}
