package store

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The item is mapped by hand: an operator reads these names in the console, empty
// values take no bytes of the 1 KB that make one write unit, and no reflection is
// linked into the functions.

type item = map[string]types.AttributeValue

func encode(key string, n otp.Number, revision otp.Revision) item {
	e := item{}
	putString(e, attributeKey, key)
	putString(e, attributeRevision, string(revision))
	// TTL counts in seconds, and must not come early.
	putInt(e, attributeTTL, n.ForgetAt.Add(time.Second-1).Unix())
	putInt(e, "sends", int64(n.Sends))
	putTime(e, "windowEnds", n.WindowEnds)
	putTime(e, "nextSendAt", n.NextSendAt)
	putTime(e, "nextVerifyAt", n.NextVerifyAt)
	putInt(e, "failures", int64(n.Failures))
	putTime(e, "lastFailureAt", n.LastFailureAt)
	putTime(e, "disabledAt", n.DisabledAt)
	putList(e, "verifications", n.Verifications, func(v *otp.Verification) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: encodeVerification(v)}
	})
	return e
}

func encodeVerification(v *otp.Verification) item {
	e := encodeDelivery(&v.Delivery)
	putString(e, "state", string(v.State))
	putString(e, "channel", string(v.Channel))
	putString(e, "pinId", v.PinID)
	putTime(e, "expiresAt", v.ExpiresAt)
	putInt(e, "attempts", int64(v.Attempts))
	putString(e, "settledBy", v.SettledBy)
	putList(e, "pending", v.Pending, func(by *string) types.AttributeValue {
		return &types.AttributeValueMemberS{Value: *by}
	})
	putList(e, "resends", v.Resends, func(d *otp.Delivery) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: encodeDelivery(d)}
	})
	return e
}

func encodeDelivery(d *otp.Delivery) item {
	e := item{}
	putString(e, "id", d.ID)
	putString(e, "by", d.By)
	putString(e, "progress", string(d.Progress))
	putString(e, "meaning", d.Meaning)
	putTime(e, "startedAt", d.StartedAt)
	putTime(e, "resendAt", d.ResendAt)
	return e
}

func putString(e item, name, value string) {
	if value != "" {
		e[name] = &types.AttributeValueMemberS{Value: value}
	}
}

func putInt(e item, name string, value int64) {
	if value != 0 {
		e[name] = &types.AttributeValueMemberN{Value: strconv.FormatInt(value, 10)}
	}
}

// putTime writes milliseconds since 1970.
func putTime(e item, name string, value time.Time) {
	if !value.IsZero() {
		putInt(e, name, value.UnixMilli())
	}
}

func putList[T any](e item, name string, values []T, encode func(*T) types.AttributeValue) {
	if len(values) == 0 {
		return
	}
	list := make([]types.AttributeValue, 0, len(values))
	for i := range values {
		list = append(list, encode(&values[i]))
	}
	e[name] = &types.AttributeValueMemberL{Value: list}
}

// reader takes attributes out of an item and remembers the first that is not of the
// kind it should be: state that cannot be read must not pass as "nothing saved".
type reader struct {
	item item
	err  error
}

func decode(e item) (otp.Number, otp.Revision, error) {
	r := &reader{item: e}
	n := otp.Number{
		Sends:         int(r.integer("sends")),
		WindowEnds:    r.time("windowEnds"),
		NextSendAt:    r.time("nextSendAt"),
		NextVerifyAt:  r.time("nextVerifyAt"),
		Failures:      int(r.integer("failures")),
		LastFailureAt: r.time("lastFailureAt"),
		DisabledAt:    r.time("disabledAt"),
	}
	if seconds := r.integer(attributeTTL); seconds != 0 {
		n.ForgetAt = time.Unix(seconds, 0).UTC()
	}
	for _, m := range r.maps("verifications") {
		inner := &reader{item: m}
		n.Verifications = append(n.Verifications, inner.verification())
		r.note(inner.err)
	}
	revision := otp.Revision(r.text(attributeRevision))
	if revision == "" {
		r.note(fmt.Errorf("attribute %s is missing", attributeRevision))
	}
	return n, revision, r.err
}

func (r *reader) verification() otp.Verification {
	v := otp.Verification{
		Delivery:  r.delivery(),
		State:     otp.State(r.text("state")),
		Channel:   otp.Channel(r.text("channel")),
		PinID:     r.text("pinId"),
		ExpiresAt: r.time("expiresAt"),
		Attempts:  int(r.integer("attempts")),
		Pending:   r.texts("pending"),
		SettledBy: r.text("settledBy"),
	}
	for _, m := range r.maps("resends") {
		inner := &reader{item: m}
		v.Resends = append(v.Resends, inner.delivery())
		r.note(inner.err)
	}
	return v
}

func (r *reader) delivery() otp.Delivery {
	return otp.Delivery{
		ID:        r.text("id"),
		By:        r.text("by"),
		Progress:  otp.Progress(r.text("progress")),
		Meaning:   r.text("meaning"),
		StartedAt: r.time("startedAt"),
		ResendAt:  r.time("resendAt"),
	}
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

func (r *reader) list(name string) []types.AttributeValue {
	value, ok := r.item[name]
	if !ok {
		return nil
	}
	l, ok := value.(*types.AttributeValueMemberL)
	if !ok {
		r.wrongKind(name)
		return nil
	}
	return l.Value
}

func (r *reader) texts(name string) []string {
	var texts []string
	for _, value := range r.list(name) {
		s, ok := value.(*types.AttributeValueMemberS)
		if !ok {
			r.wrongKind(name)
			return nil
		}
		texts = append(texts, s.Value)
	}
	return texts
}

func (r *reader) maps(name string) []item {
	var maps []item
	for _, value := range r.list(name) {
		m, ok := value.(*types.AttributeValueMemberM)
		if !ok {
			r.wrongKind(name)
			return nil
		}
		maps = append(maps, m.Value)
	}
	return maps
}
