package cells

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The item is mapped by hand, as a ledger's is (pkg/store), and for the same reasons: an
// operator reads these names in the console, and no reflection is linked into the functions.
// An attribute keeps its name and kind for ever: versions run side by side.

type item = map[string]types.AttributeValue

const (
	attributeKey            = "pk"
	attributeTTL            = "ttl"
	attributeOrders         = "orders"
	attributeOrdersRevision = "ordersRev"
)

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(i int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(i, 10)}
}

// ttl counts in seconds, and must not come early.
func ttl(keep time.Time) types.AttributeValue { return number(keep.Add(time.Second - 1).Unix()) }

func putText(e item, name, value string) {
	if value != "" {
		e[name] = text(value)
	}
}

// putTime writes milliseconds since 1970.
func putTime(e item, name string, value time.Time) {
	if !value.IsZero() {
		e[name] = number(value.UnixMilli())
	}
}

func encodeOrders(o guard.Orders) types.AttributeValue {
	stops := make([]types.AttributeValue, 0, len(o.Stops))
	for _, s := range o.Stops {
		e := encodeScope(s.Scope)
		putTime(e, "since", s.Since)
		putTime(e, "until", s.Until)
		putText(e, "reason", s.Reason)
		stops = append(stops, &types.AttributeValueMemberM{Value: e})
	}
	orders := item{"stops": &types.AttributeValueMemberL{Value: stops}}
	if o.Started != (guard.Start{}) {
		e := encodeScope(o.Started.Scope)
		putTime(e, "at", o.Started.At)
		putText(e, "reason", o.Started.Reason)
		orders["started"] = &types.AttributeValueMemberM{Value: e}
	}
	return &types.AttributeValueMemberM{Value: orders}
}

func encodeScope(s guard.Scope) item {
	e := item{}
	putText(e, "region", s.Region)
	putText(e, "channel", string(s.Channel))
	return e
}

// reader takes attributes out of an item and remembers the first that is not of the kind it
// should be: a cell that cannot be read must not pass as an empty one.
type reader struct {
	item item
	err  error
}

func (r *reader) cell() guard.Cell {
	c := guard.Cell{Revision: guard.Revision(r.text(attributeOrdersRevision))}
	orders, ordered := r.inner(attributeOrders)
	if ordered != (c.Revision != "") {
		r.wrongKind(attributeOrdersRevision)
	}
	if ordered {
		c.Orders = orders.orders()
		r.note(orders.err)
	}
	return c
}

func (r *reader) orders() guard.Orders {
	var o guard.Orders
	for _, inner := range r.list("stops") {
		o.Stops = append(o.Stops, guard.Stop{
			Scope: inner.scope(), Since: inner.time("since"), Until: inner.time("until"), Reason: inner.text("reason"),
		})
		r.note(inner.err)
	}
	if inner, ok := r.inner("started"); ok {
		o.Started = guard.Start{Scope: inner.scope(), At: inner.time("at"), Reason: inner.text("reason")}
		r.note(inner.err)
	}
	return o
}

func (r *reader) scope() guard.Scope {
	return guard.Scope{Region: r.text("region"), Channel: otp.Channel(r.text("channel"))}
}

func (r *reader) note(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) wrongKind(name string) {
	r.note(fmt.Errorf("attribute %s is not of its kind", name))
}

func (r *reader) text(name string) string {
	value, ok := r.item[name]
	if !ok {
		return ""
	}
	s, ok := value.(*types.AttributeValueMemberS)
	if !ok {
		r.wrongKind(name)
		return ""
	}
	return s.Value
}

func (r *reader) integer(name string) int64 {
	value, ok := r.item[name]
	if !ok {
		return 0
	}
	n, ok := value.(*types.AttributeValueMemberN)
	if !ok {
		r.wrongKind(name)
		return 0
	}
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		r.wrongKind(name)
	}
	return i
}

func (r *reader) time(name string) time.Time {
	ms := r.integer(name)
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (r *reader) inner(name string) (*reader, bool) {
	value, ok := r.item[name]
	if !ok {
		return nil, false
	}
	m, ok := value.(*types.AttributeValueMemberM)
	if !ok {
		r.wrongKind(name)
		return nil, false
	}
	return &reader{item: m.Value}, true
}

func (r *reader) list(name string) []*reader {
	value, ok := r.item[name]
	if !ok {
		return nil
	}
	l, ok := value.(*types.AttributeValueMemberL)
	if !ok {
		r.wrongKind(name)
		return nil
	}
	inner := make([]*reader, 0, len(l.Value))
	for _, value := range l.Value {
		m, ok := value.(*types.AttributeValueMemberM)
		if !ok {
			r.wrongKind(name)
			return nil
		}
		inner = append(inner, &reader{item: m.Value})
	}
	return inner
}
