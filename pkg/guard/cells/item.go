package cells

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// An attribute keeps its name and kind for ever: versions run side by side.

type item = attributes.Item

const (
	attributeKey            = "pk"
	attributeTTL            = "ttl"
	attributeOrders         = "orders"
	attributeOrdersRevision = "ordersRev"
)

// roomAttributes are the names of one room's attributes.
type roomAttributes struct{ room, at, window, verified, before string }

func roomAttributesOf(known bool) roomAttributes {
	if known {
		return roomAttributes{"knownRoom", "knownRoomAt", "knownRoomWindow", "knownVerified", "knownVerifiedBefore"}
	}
	return roomAttributes{"room", "roomAt", "roomWindow", "verified", "verifiedBefore"}
}

func encodeOrders(o guard.Orders) types.AttributeValue {
	stops := make([]types.AttributeValue, 0, len(o.Stops))
	for _, s := range o.Stops {
		e := encodeScope(s.Scope)
		attributes.PutTime(e, "since", s.Since)
		attributes.PutTime(e, "until", s.Until)
		attributes.PutText(e, "reason", s.Reason)
		stops = append(stops, &types.AttributeValueMemberM{Value: e})
	}
	orders := item{"stops": &types.AttributeValueMemberL{Value: stops}}
	if o.Started != (guard.Start{}) {
		e := encodeScope(o.Started.Scope)
		attributes.PutTime(e, "at", o.Started.At)
		attributes.PutText(e, "reason", o.Started.Reason)
		orders["started"] = &types.AttributeValueMemberM{Value: e}
	}
	if o.Raise != (guard.Raise{}) {
		e := item{"by": attributes.Number(int64(o.Raise.By))}
		attributes.PutTime(e, "until", o.Raise.Until)
		attributes.PutTime(e, "at", o.Raise.At)
		attributes.PutText(e, "reason", o.Raise.Reason)
		orders["raise"] = &types.AttributeValueMemberM{Value: e}
	}
	return &types.AttributeValueMemberM{Value: orders}
}

func encodeScope(s guard.Scope) item {
	e := item{}
	attributes.PutText(e, "region", s.Region)
	attributes.PutText(e, "channel", string(s.Channel))
	return e
}

// reader reads a cell out of an item.
type reader struct{ attributes.Reader }

func read(e item) *reader { return &reader{attributes.Reader{Item: e}} }

func (r *reader) inner(name string) (*reader, bool) {
	m, ok := r.Map(name)
	return read(m), ok
}

func (r *reader) cell() guard.Cell {
	c := guard.Cell{
		Strangers: r.room(roomAttributesOf(false)),
		Known:     r.room(roomAttributesOf(true)),
		Purse: guard.Purse{
			Spent: guard.Amount(r.Integer("spent")), Mail: guard.Amount(r.Integer("spentMail")), Ends: r.Time("spentEnds"),
		},
		Revision: guard.Revision(r.Text(attributeOrdersRevision)),
	}
	r.together("spent", "spentEnds")
	orders, ordered := r.inner(attributeOrders)
	if ordered != (c.Revision != "") {
		r.WrongKind(attributeOrdersRevision)
	}
	if ordered {
		c.Orders = orders.orders()
		r.Note(orders.Err)
	}
	return c
}

func (r *reader) room(at roomAttributes) guard.Room {
	r.together(at.room, at.at)
	r.together(at.window, at.verified)
	return guard.Room{
		Milli: r.Integer(at.room), At: r.Time(at.at),
		Window: r.Integer(at.window), Verified: r.Integer(at.verified), Before: r.Integer(at.before),
	}
}

// together notes a cell that has one of two attributes without the other: part of a counter
// is missing.
func (r *reader) together(one, other string) {
	_, hasOne := r.Item[one]
	_, hasOther := r.Item[other]
	if hasOne != hasOther {
		r.WrongKind(one)
	}
}

func (r *reader) orders() guard.Orders {
	var o guard.Orders
	for _, m := range r.Maps("stops") {
		inner := read(m)
		o.Stops = append(o.Stops, guard.Stop{
			Scope: inner.scope(), Since: inner.Time("since"), Until: inner.Time("until"), Reason: inner.Text("reason"),
		})
		r.Note(inner.Err)
	}
	if inner, ok := r.inner("started"); ok {
		o.Started = guard.Start{Scope: inner.scope(), At: inner.Time("at"), Reason: inner.Text("reason")}
		r.Note(inner.Err)
	}
	if inner, ok := r.inner("raise"); ok {
		o.Raise = guard.Raise{
			By: guard.Amount(inner.Integer("by")), Until: inner.Time("until"), At: inner.Time("at"), Reason: inner.Text("reason"),
		}
		r.Note(inner.Err)
	}
	return o
}

func (r *reader) scope() guard.Scope {
	return guard.Scope{Region: r.Text("region"), Channel: otp.Channel(r.Text("channel"))}
}
