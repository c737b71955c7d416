package store

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

func list(values ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: values}
}

func object(members item) types.AttributeValue { return &types.AttributeValueMemberM{Value: members} }

// TestItem pins the names that an operator reads, and that a running deployment has
// in its table.
func TestItem(t *testing.T) {
	n := otp.Ledger{
		Sends: 1, WindowEnds: moment(1), Unconfirmed: 2, Total: 3, TotalEnds: moment(4), NextSendAt: moment(2), NextVerifyAt: moment(3),
		Senders:       []otp.Sender{{Client: "", Sends: 1, Ends: moment(10)}, {Client: "aBcDeFgH", Sends: 2, Ends: moment(11)}},
		Failures:      []otp.Failures{{Client: "", Count: 3}, {Client: "aBcDeFgH", Count: 1}},
		LastFailureAt: moment(5), DisabledAt: moment(6), VerifiedAt: moment(12), ForgetAt: moment(0),
		Verifications: []otp.Verification{{
			Delivery: otp.Delivery{
				ID: "id", RunID: "by", Progress: otp.Sent, Fingerprint: "meaning", Channel: otp.SMS, Client: "aBcDeFgH", Mark: "mark", Counted: "counted",
				StartedAt: moment(7), ResendAt: moment(8),
			},
			State: otp.StateActive, Locale: "de", PinID: "pin", ExpiresAt: moment(9), Attempts: 2, Strangers: 3,
			Charges:   []otp.Charge{{RunID: "run"}, {RunID: "run2", Key: "key", Client: "aBcDeFgH", Stranger: true, Forgiven: true, At: moment(0)}},
			SettledBy: "guess", SettledAt: moment(13), Nonce: "nonce",
			Resends: []otp.Delivery{{ID: "again", Progress: otp.InFlight, Channel: otp.Voice}},
		}},
	}
	want := item{
		"pk": text("key"), "rev": text("rev-1"), "ttl": number("1773342238"),
		"sends": number("1"), "windowEnds": number("1773342238001"), "unconfirmed": number("2"),
		"senders": object(item{
			"others":   text("1.mmnu6k3e"),
			"aBcDeFgH": text("2.mmnu6k3f"),
		}),
		"total": number("3"), "totalEnds": number("1773342238004"), "nextSendAt": number("1773342238002"),
		"nextVerifyAt": number("1773342238003"), "failures": number("4"),
		"failed":        object(item{"others": number("3"), "aBcDeFgH": number("1")}),
		"lastFailureAt": number("1773342238005"), "disabledAt": number("1773342238006"), "verifiedAt": number("1773342238012"),
		"verifications": list(object(item{
			"id": text("id"), "by": text("by"), "progress": text("sent"), "meaning": text("meaning"), "from": text("aBcDeFgH.mark"),
			"counted": text("counted"), "startedAt": number("1773342238007"), "resendAt": number("1773342238008"),
			"state": text("active"), "locale": text("de"), "pinId": text("pin"), "expiresAt": number("1773342238009"),
			"attempts": number("2"), "others": number("3"),
			"pending":   list(text("run"), text("~run2.key.aBcDeFgH.s.mmnu6k34")),
			"settledBy": text("guess"), "settledAt": number("1773342238013"), "nonce": text("nonce"),
			"resends": list(object(item{"id": text("again"), "progress": text("in_flight"), "channel": text("voice")})),
		})),
	}
	got := encode("key", n, "rev-1")
	if diff := cmp.Diff(want, got, ignoreNoSmithy); diff != "" {
		t.Errorf("the item differs (-want +got):\n%s", diff)
	}
	back, revision, err := decode(got)
	if err != nil || revision != "rev-1" {
		t.Fatalf("decode: %q, %v", revision, err)
	}
	if diff := cmp.Diff(n, back, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the ledger differs (-want +got):\n%s", diff)
	}
}

// TestTTLIsNeverEarly: it counts in seconds.
func TestTTLIsNeverEarly(t *testing.T) {
	for ms, want := range map[int]string{0: "1773342238", 1: "1773342239", 999: "1773342239", 1000: "1773342239"} {
		got := encode("key", otp.Ledger{ForgetAt: moment(ms)}, "rev")["ttl"].(*types.AttributeValueMemberN).Value
		if got != want {
			t.Errorf("%d ms after the second the TTL is %s, want %s", ms, got, want)
		}
	}
}

// TestAbsentAttributes: an item of an older release may lack what is newer.
func TestAbsentAttributes(t *testing.T) {
	n, revision, err := decode(item{"pk": text("key"), "rev": text("r"), "verifications": list(object(item{}))})
	if err != nil || revision != "r" {
		t.Fatalf("decode: %q, %v", revision, err)
	}
	if diff := cmp.Diff(otp.Ledger{Verifications: []otp.Verification{{Delivery: otp.Delivery{Channel: otp.SMS}}}}, n, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the ledger differs (-want +got):\n%s", diff)
	}
	// And one of a newer release may have more.
	if _, _, err := decode(item{"rev": text("r"), "news": list(number("1"))}); err != nil {
		t.Errorf("an unknown attribute spoils the item: %v", err)
	}
}

// TestUnreadableItems: what cannot be read is an error that names the attribute and no
// value; it must not pass as a number without state.
func TestUnreadableItems(t *testing.T) {
	with := func(name string, value types.AttributeValue) item { return item{"rev": text("r"), name: value} }
	verification := func(name string, value types.AttributeValue) item {
		return with("verifications", list(object(item{name: value})))
	}
	for _, c := range []struct {
		name string
		item item
		want string
	}{
		{"no revision", item{"pk": text("key")}, "rev"},
		{"empty revision", item{"rev": text("")}, "rev"},
		{"numeric revision", item{"rev": number("1")}, "rev"},
		{"text for a number", with("sends", text("canary")), "sends"},
		{"fraction", with("failures", number("1.5")), "failures"},
		{"exponent", with("sends", number("1e3")), "sends"},
		{"too large", with("windowEnds", number("99999999999999999999")), "windowEnds"},
		{"null time", with("nextSendAt", &types.AttributeValueMemberNULL{Value: true}), "nextSendAt"},
		{"text TTL", with("ttl", text("canary")), "ttl"},
		{"map for the list", with("verifications", object(item{})), "verifications"},
		{"text in the list", with("verifications", list(text("canary"))), "verifications"},
		{"numeric state", verification("state", number("1")), "state"},
		{"numeric pinId", verification("pinId", number("1")), "pinId"},
		{"text attempts", verification("attempts", text("canary")), "attempts"},
		{"numbers pending", verification("pending", list(number("1"))), "pending"},
		{"text pending", verification("pending", text("canary")), "pending"},
		{"text resends", verification("resends", list(text("canary"))), "resends"},
		{"bad resend", verification("resends", list(object(item{"startedAt": text("canary")}))), "startedAt"},
		{"list of failures", with("failed", list(number("1"))), "failed"},
		{"text failures", with("failed", object(item{"c": text("canary")})), "failed"},
		{"numeric senders", with("senders", object(item{"c": number("1")})), "senders"},
		{"senders without an end", with("senders", object(item{"c": text("1")})), "senders"},
		{"senders without a count", with("senders", object(item{"c": text("canary.m")})), "senders"},
		{"senders without a name", with("senders", object(item{"": text("1.m")})), "senders"},
		{"charge without a run", verification("pending", list(text("~"))), "pending"},
		{"charge of too many parts", verification("pending", list(text("canary.b.c.d.e.f"))), "pending"},
		{"charge without a moment", verification("pending", list(text("canary.b.c.s.!"))), "pending"},
		{"bad id", verification("id", &types.AttributeValueMemberBOOL{Value: true}), "id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := decode(c.item)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("the error is %v, want one that names %s and no value", err, c.want)
			}
		})
	}
}

// FuzzDecode: any item is read or refused, without a panic, and what was read is what
// is written and read again.
func FuzzDecode(f *testing.F) {
	f.Add("rev", "r", "sends", "5", uint8(0), "pinId", "p", uint8(0))
	f.Add("rev", "r", "ttl", "1773342238", uint8(1), "attempts", "3", uint8(1))
	f.Add("rev", "r", "windowEnds", "-1", uint8(1), "state", "1", uint8(1))
	f.Add("rev", "", "verifications", "x", uint8(2), "pending", "y", uint8(2))
	f.Add("rev", "r", "failures", "9223372036854775807", uint8(1), "resends", "z", uint8(3))
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string, k2 uint8, n3, v3 string, k3 uint8) {
		e := item{n1: text(v1), n2: value(k2, v2)}
		e["verifications"] = list(object(item{n3: value(k3, v3)}), value(k2, v2))
		if k3%2 == 0 {
			e["verifications"] = list(object(item{n3: value(k3, v3), "resends": list(object(item{n2: value(k2, v2)}))}))
		}
		n, revision, err := decode(e)
		if err != nil {
			return
		}
		if revision == "" {
			t.Fatal("an item without a revision was read")
		}
		again, second, err := decode(encode("key", n, revision))
		if err != nil || second != revision {
			t.Fatalf("written again: %q, %v", second, err)
		}
		n.ForgetAt, again.ForgetAt = time.Time{}, time.Time{} // counts in seconds, to later
		if diff := cmp.Diff(n, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("written again it differs:\n%s", diff)
		}
	})
}

// value is an attribute of one of its kinds.
func value(kind uint8, v string) types.AttributeValue {
	switch kind % 6 {
	case 0:
		return text(v)
	case 1:
		return number(v)
	case 2:
		return list(text(v), number(v))
	case 3:
		return object(item{v: text(v), "id": number(v)})
	case 4:
		return &types.AttributeValueMemberBOOL{Value: v == ""}
	default:
		return &types.AttributeValueMemberB{Value: []byte(v)}
	}
}
