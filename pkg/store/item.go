package store

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// The item is mapped by hand: an operator reads these names in the console, empty
// values take no bytes of the 1 KB that make one write unit, and no reflection is
// linked into the functions.

type item = map[string]types.AttributeValue

// Versions of the product run side by side during a deployment, so an attribute keeps its
// name and kind for ever, and what is new has a name of its own (testdata holds one item of
// each shape that was ever written). Names are older than some of the domain's words: by is
// a run's id, meaning a fingerprint, pending the charges.

func encode(key string, l otp.Ledger, revision otp.Revision) item {
	e := item{}
	putString(e, attributeKey, key)
	putString(e, attributeRevision, string(revision))
	// TTL counts in seconds, and must not come early.
	putInt(e, attributeTTL, l.ForgetAt.Add(time.Second-1).Unix())
	putInt(e, "sends", int64(l.Sends))
	putTime(e, "windowEnds", l.WindowEnds)
	putInt(e, "unconfirmed", int64(l.Unconfirmed))
	putMap(e, "senders", l.Senders, func(s *otp.Sender) (string, types.AttributeValue) {
		return clientName(s.Client), listOf(integer(int64(s.Sends)), integer(s.Ends.UnixMilli()))
	})
	putInt(e, "total", int64(l.Total))
	putTime(e, "totalEnds", l.TotalEnds)
	putTime(e, "nextSendAt", l.NextSendAt)
	putTime(e, "nextVerifyAt", l.NextVerifyAt)
	failures := 0
	for _, f := range l.Failures {
		failures += f.Count
	}
	putInt(e, "failures", int64(failures))
	putMap(e, "failuresBy", l.Failures, func(f *otp.Failures) (string, types.AttributeValue) {
		return clientName(f.Client), integer(int64(f.Count))
	})
	putTime(e, "lastFailureAt", l.LastFailureAt)
	putTime(e, "disabledAt", l.DisabledAt)
	putTime(e, "verifiedAt", l.VerifiedAt)
	putList(e, "verifications", l.Verifications, func(v *otp.Verification) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: encodeVerification(v)}
	})
	return e
}

func encodeVerification(v *otp.Verification) item {
	e := encodeDelivery(&v.Delivery)
	putString(e, "state", string(v.State))
	putString(e, "pinId", v.PinID)
	putTime(e, "expiresAt", v.ExpiresAt)
	putInt(e, "attempts", int64(v.Attempts))
	putInt(e, "strangers", int64(v.Strangers))
	putString(e, "settledBy", v.SettledBy)
	putTime(e, "settledAt", v.SettledAt)
	putString(e, "nonce", v.Nonce)
	putList(e, "pending", v.Charges, func(c *otp.Charge) types.AttributeValue {
		return &types.AttributeValueMemberS{Value: encodeCharge(c)}
	})
	putList(e, "resends", v.Resends, func(d *otp.Delivery) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: encodeDelivery(d)}
	})
	return e
}

func encodeDelivery(d *otp.Delivery) item {
	e := item{}
	putString(e, "id", d.ID)
	putString(e, "by", d.RunID)
	putString(e, "progress", string(d.Progress))
	putString(e, "meaning", d.Fingerprint)
	if d.Channel != otp.SMS {
		putString(e, "channel", string(d.Channel))
	}
	putString(e, "client", d.Client)
	putString(e, "mark", d.Mark)
	putString(e, "counted", d.Counted)
	putTime(e, "startedAt", d.StartedAt)
	putTime(e, "resendAt", d.ResendAt)
	return e
}

// The empty client has a name of its own, since an attribute's cannot be empty.
const unnamedClient = "others"

func clientName(client string) string {
	if client == "" {
		return unnamedClient
	}
	return client
}

func putString(e item, name, value string) {
	if value != "" {
		e[name] = &types.AttributeValueMemberS{Value: value}
	}
}

func putInt(e item, name string, value int64) {
	if value != 0 {
		e[name] = integer(value)
	}
}

func integer(value int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(value, 10)}
}

func listOf(values ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: values}
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

func decode(e item) (otp.Ledger, otp.Revision, error) {
	r := &reader{item: e}
	l := otp.Ledger{
		Sends:         int(r.integer("sends")),
		WindowEnds:    r.time("windowEnds"),
		Unconfirmed:   int(r.integer("unconfirmed")),
		Total:         int(r.integer("total")),
		TotalEnds:     r.time("totalEnds"),
		NextSendAt:    r.time("nextSendAt"),
		NextVerifyAt:  r.time("nextVerifyAt"),
		LastFailureAt: r.time("lastFailureAt"),
		DisabledAt:    r.time("disabledAt"),
		VerifiedAt:    r.time("verifiedAt"),
	}
	if seconds := r.integer(attributeTTL); seconds != 0 {
		l.ForgetAt = time.Unix(seconds, 0).UTC()
	}
	for client, inner := range r.entries("senders") {
		numbers := inner.numbers()
		if len(numbers) != 2 {
			r.wrongKind("senders")
			break
		}
		l.Senders = append(l.Senders, otp.Sender{Client: client, Sends: int(numbers[0]), Ends: time.UnixMilli(numbers[1]).UTC()})
	}
	for client, inner := range r.entries("failuresBy") {
		l.Failures = append(l.Failures, otp.Failures{Client: client, Count: int(inner.number())})
	}
	// The first version counted them together.
	if all := int(r.integer("failures")); all > 0 && len(l.Failures) == 0 {
		l.Failures = []otp.Failures{{Count: all}}
	}
	for _, m := range r.maps("verifications") {
		inner := &reader{item: m}
		l.Verifications = append(l.Verifications, inner.verification())
		r.note(inner.err)
	}
	revision := otp.Revision(r.text(attributeRevision))
	if revision == "" {
		r.note(fmt.Errorf("attribute %s is missing", attributeRevision))
	}
	return l, revision, r.err
}

func (r *reader) verification() otp.Verification {
	v := otp.Verification{
		Delivery:  r.delivery(),
		State:     otp.State(r.text("state")),
		PinID:     r.text("pinId"),
		ExpiresAt: r.time("expiresAt"),
		Attempts:  int(r.integer("attempts")),
		Strangers: int(r.integer("strangers")),
		SettledBy: r.text("settledBy"),
		SettledAt: r.time("settledAt"),
		Nonce:     r.text("nonce"),
	}
	for _, text := range r.texts("pending") {
		charge, ok := decodeCharge(text)
		if !ok {
			r.wrongKind("pending")
		}
		v.Charges = append(v.Charges, charge)
	}
	for _, m := range r.maps("resends") {
		inner := &reader{item: m}
		v.Resends = append(v.Resends, inner.delivery())
		r.note(inner.err)
	}
	return v
}

func (r *reader) delivery() otp.Delivery {
	d := otp.Delivery{
		ID:          r.text("id"),
		RunID:       r.text("by"),
		Progress:    otp.Progress(r.text("progress")),
		Fingerprint: r.text("meaning"),
		Channel:     otp.Channel(r.text("channel")),
		Client:      r.text("client"),
		Mark:        r.text("mark"),
		Counted:     r.text("counted"),
		StartedAt:   r.time("startedAt"),
		ResendAt:    r.time("resendAt"),
	}
	if d.Channel == "" {
		d.Channel = otp.SMS
	}
	return d
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

// entry is one value of a map.
type entry struct {
	owner *reader
	name  string
	value types.AttributeValue
}

// entries yields a map's values by client, in the ledger's order.
func (r *reader) entries(name string) iter.Seq2[string, entry] {
	return func(yield func(string, entry) bool) {
		value, ok := r.item[name]
		if !ok {
			return
		}
		m, ok := value.(*types.AttributeValueMemberM)
		if !ok {
			r.wrongKind(name)
			return
		}
		if value, ok := m.Value[unnamedClient]; ok && !yield("", entry{r, name, value}) {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(m.Value)) {
			if key == "" { // no table has such a name
				r.wrongKind(name)
				return
			}
			if key != unnamedClient && !yield(key, entry{r, name, m.Value[key]}) {
				return
			}
		}
	}
}

func (e entry) number() int64 {
	inner := &reader{item: item{e.name: e.value}}
	n := inner.integer(e.name)
	e.owner.note(inner.err)
	return n
}

func (e entry) numbers() []int64 {
	l, ok := e.value.(*types.AttributeValueMemberL)
	if !ok {
		e.owner.wrongKind(e.name)
		return nil
	}
	var numbers []int64
	for _, value := range l.Value {
		numbers = append(numbers, entry{e.owner, e.name, value}.number())
	}
	return numbers
}
