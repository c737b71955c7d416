package store

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/attributes"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

type item = attributes.Item

// Versions of the product run side by side during a deployment, so an attribute keeps its
// name and kind for ever, and what is new has a name of its own (testdata holds one item of
// each shape that was ever written). Names are older than some of the domain's words: by is
// a run's id, meaning a fingerprint, pending the charges.

// usualChannel returns the channel that a delivery goes without saying: that of the kind of
// recipient that a ledger's key begins with. The first version had no other kind than
// numbers, and none of its keys says otherwise.
func usualChannel(key string) otp.Channel {
	kind, _, _ := strings.Cut(key, "#")
	if channel := otp.UsualChannel(recipient.Kind(kind)); channel != "" {
		return channel
	}
	return otp.SMS
}

func encode(key string, l otp.Ledger, revision otp.Revision) item {
	e, usual := item{}, usualChannel(key)
	attributes.PutText(e, attributeKey, key)
	attributes.PutText(e, attributeRevision, string(revision))
	attributes.PutNumber(e, attributeTTL, attributes.TTL(l.ForgetAt))
	attributes.PutNumber(e, "sends", int64(l.Sends))
	attributes.PutTime(e, "windowEnds", l.WindowEnds)
	attributes.PutNumber(e, "unconfirmed", int64(l.Unconfirmed))
	putMap(e, "senders", l.Senders, func(s *otp.Sender) (string, types.AttributeValue) {
		return clientName(s.Client), attributes.Text(encodeSender(s))
	})
	attributes.PutNumber(e, "total", int64(l.Total))
	attributes.PutTime(e, "totalEnds", l.TotalEnds)
	attributes.PutTime(e, "nextSendAt", l.NextSendAt)
	attributes.PutTime(e, "nextVerifyAt", l.NextVerifyAt)
	failures := 0
	for _, f := range l.Failures {
		failures += f.Count
	}
	attributes.PutNumber(e, "failures", int64(failures))
	putMap(e, "failed", l.Failures, func(f *otp.Failures) (string, types.AttributeValue) {
		return clientName(f.Client), attributes.Number(int64(f.Count))
	})
	attributes.PutTime(e, "lastFailureAt", l.LastFailureAt)
	attributes.PutTime(e, "disabledAt", l.DisabledAt)
	attributes.PutTime(e, "verifiedAt", l.VerifiedAt)
	verification := func(v *otp.Verification) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: encodeVerification(v, usual)}
	}
	putList(e, "verifications", l.Verifications, verification)
	putList(e, "tests", l.Tests, verification)
	return e
}

func encodeVerification(v *otp.Verification, usual otp.Channel) item {
	e := encodeDelivery(&v.Delivery, usual)
	attributes.PutText(e, "state", string(v.State))
	attributes.PutText(e, "locale", v.Locale)
	attributes.PutText(e, "pinId", v.PinID)
	attributes.PutTime(e, "expiresAt", v.ExpiresAt)
	attributes.PutNumber(e, "attempts", int64(v.Attempts))
	attributes.PutNumber(e, "others", int64(v.Strangers))
	attributes.PutText(e, "settledBy", v.SettledBy)
	attributes.PutTime(e, "settledAt", v.SettledAt)
	attributes.PutText(e, "nonce", v.Nonce)
	putList(e, "pending", v.Charges, func(c *otp.Charge) types.AttributeValue {
		return attributes.Text(encodeCharge(c))
	})
	putList(e, "resends", v.Resends, func(d *otp.Delivery) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: encodeDelivery(d, usual)}
	})
	return e
}

func encodeDelivery(d *otp.Delivery, usual otp.Channel) item {
	e := item{}
	attributes.PutText(e, "id", d.ID)
	attributes.PutText(e, "by", d.RunID)
	attributes.PutText(e, "progress", string(d.Progress))
	attributes.PutText(e, "meaning", d.Fingerprint)
	if d.Channel != usual {
		attributes.PutText(e, "channel", string(d.Channel))
	}
	attributes.PutText(e, "from", fromOf(d))
	attributes.PutText(e, "counted", d.Counted)
	attributes.PutTime(e, "startedAt", d.StartedAt)
	attributes.PutTime(e, "resendAt", d.ResendAt)
	return e
}

// fromDot stands between a client and what the guard marked the delivery with, in one
// attribute, since the name of a second would be as long as what it holds. Neither has a dot.
const fromDot = "."

func fromOf(d *otp.Delivery) string {
	if d.Mark == "" {
		return d.Client
	}
	return d.Client + fromDot + d.Mark
}

// The empty client has a name of its own, since an attribute's cannot be empty.
const unnamedClient = "others"

func clientName(client string) string {
	if client == "" {
		return unnamedClient
	}
	return client
}

func putMap[T any](e item, name string, values []T, encode func(*T) (string, types.AttributeValue)) {
	if len(values) == 0 {
		return
	}
	m := item{}
	for i := range values {
		key, value := encode(&values[i])
		m[key] = value
	}
	e[name] = &types.AttributeValueMemberM{Value: m}
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

// reader reads a ledger out of an item.
type reader struct {
	attributes.Reader
	usual otp.Channel
}

func read(e item, usual otp.Channel) *reader { return &reader{attributes.Reader{Item: e}, usual} }

func decode(e item) (otp.Ledger, otp.Revision, error) {
	r := read(e, "")
	r.usual = usualChannel(r.Text(attributeKey))
	l := otp.Ledger{
		Sends:         int(r.Integer("sends")),
		WindowEnds:    r.Time("windowEnds"),
		Unconfirmed:   int(r.Integer("unconfirmed")),
		Total:         int(r.Integer("total")),
		TotalEnds:     r.Time("totalEnds"),
		NextSendAt:    r.Time("nextSendAt"),
		NextVerifyAt:  r.Time("nextVerifyAt"),
		LastFailureAt: r.Time("lastFailureAt"),
		DisabledAt:    r.Time("disabledAt"),
		VerifiedAt:    r.Time("verifiedAt"),
	}
	if seconds := r.Integer(attributeTTL); seconds != 0 {
		l.ForgetAt = time.Unix(seconds, 0).UTC()
	}
	for client, inner := range r.entries("senders") {
		sender, ok := decodeSender(client, inner.text())
		if !ok {
			r.WrongKind("senders")
		}
		l.Senders = append(l.Senders, sender)
	}
	for client, inner := range r.entries("failed") {
		l.Failures = append(l.Failures, otp.Failures{Client: client, Count: int(inner.number())})
	}
	// The first version counted them together.
	if all := int(r.Integer("failures")); all > 0 && len(l.Failures) == 0 {
		l.Failures = []otp.Failures{{Count: all}}
	}
	l.Verifications, l.Tests = r.verifications("verifications"), r.verifications("tests")
	revision := otp.Revision(r.Text(attributeRevision))
	if revision == "" {
		r.Note(fmt.Errorf("attribute %s is missing", attributeRevision))
	}
	return l, revision, r.Err
}

func (r *reader) verifications(name string) []otp.Verification {
	var all []otp.Verification
	for _, m := range r.Maps(name) {
		inner := read(m, r.usual)
		all = append(all, inner.verification())
		r.Note(inner.Err)
	}
	return all
}

func (r *reader) verification() otp.Verification {
	v := otp.Verification{
		Delivery:  r.delivery(),
		State:     otp.State(r.Text("state")),
		Locale:    r.Text("locale"),
		PinID:     r.Text("pinId"),
		ExpiresAt: r.Time("expiresAt"),
		Attempts:  int(r.Integer("attempts")),
		Strangers: int(r.Integer("others")),
		SettledBy: r.Text("settledBy"),
		SettledAt: r.Time("settledAt"),
		Nonce:     r.Text("nonce"),
	}
	for _, text := range r.Texts("pending") {
		charge, ok := decodeCharge(text)
		if !ok {
			r.WrongKind("pending")
		}
		v.Charges = append(v.Charges, charge)
	}
	for _, m := range r.Maps("resends") {
		inner := read(m, r.usual)
		v.Resends = append(v.Resends, inner.delivery())
		r.Note(inner.Err)
	}
	return v
}

func (r *reader) delivery() otp.Delivery {
	d := otp.Delivery{
		ID:          r.Text("id"),
		RunID:       r.Text("by"),
		Progress:    otp.Progress(r.Text("progress")),
		Fingerprint: r.Text("meaning"),
		Channel:     otp.Channel(r.Text("channel")),
		Counted:     r.Text("counted"),
		StartedAt:   r.Time("startedAt"),
		ResendAt:    r.Time("resendAt"),
	}
	d.Client, d.Mark, _ = strings.Cut(r.Text("from"), fromDot)
	if d.Channel == "" {
		d.Channel = r.usual
	}
	return d
}

// entry is one value of a map.
type entry struct {
	owner *reader
	name  string
	value types.AttributeValue
}

// entries yields a map's values by client, in the ledger's order.
func (r *reader) entries(name string) iter.Seq2[string, entry] {
	return func(yield func(string, entry) bool) {
		value, ok := r.Item[name]
		if !ok {
			return
		}
		m, ok := value.(*types.AttributeValueMemberM)
		if !ok {
			r.WrongKind(name)
			return
		}
		if value, ok := m.Value[unnamedClient]; ok && !yield("", entry{r, name, value}) {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(m.Value)) {
			if key == "" { // no table has such a name
				r.WrongKind(name)
				return
			}
			if key != unnamedClient && !yield(key, entry{r, name, m.Value[key]}) {
				return
			}
		}
	}
}

func (e entry) number() int64 {
	inner := read(item{e.name: e.value}, "")
	n := inner.Integer(e.name)
	e.owner.Note(inner.Err)
	return n
}

func (e entry) text() string {
	s, ok := e.value.(*types.AttributeValueMemberS)
	if !ok {
		e.owner.WrongKind(e.name)
		return ""
	}
	return s.Value
}
