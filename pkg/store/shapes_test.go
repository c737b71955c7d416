package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// State outlives a deployment: testdata has one item of each shape that a version wrote, as
// DynamoDB's own JSON, and stays for ever. A new shape gets a file, no file is changed.

// shapes are the files, and what is read from each.
var shapes = map[string]otp.Ledger{
	// Failures counted together, charges as bare runs, channels beside every code.
	"1.json": {
		Sends: 2, WindowEnds: moment(1), NextSendAt: moment(2), NextVerifyAt: moment(3),
		Failures: []otp.Failures{{Count: 4}}, LastFailureAt: moment(5), DisabledAt: moment(6), ForgetAt: moment(0),
		Verifications: []otp.Verification{
			{
				Delivery: otp.Delivery{ID: "AAAAAAAAAAAAAAAAAAAAAA", RunID: "", Progress: otp.Sent, Fingerprint: "BBBBBBBBBBB", Channel: otp.Voice, StartedAt: moment(7), ResendAt: moment(8)},
				State:    otp.StateActive, PinID: "pin", ExpiresAt: moment(9), Attempts: 2,
				Charges: []otp.Charge{{RunID: "CCCCCCCCCCC"}, {RunID: "DDDDDDDDDDD", Forgiven: true}},
				Resends: []otp.Delivery{{ID: "EEEEEEEEEEEEEEEEEEEEEE", RunID: "FFFFFFFFFFF", Progress: otp.InFlight, Channel: otp.SMS, StartedAt: moment(10)}},
			},
			{
				Delivery:  otp.Delivery{ID: "GGGGGGGGGGGGGGGGGGGGGG", Progress: otp.Sent, Channel: otp.SMS, StartedAt: moment(11), ResendAt: moment(12)},
				State:     otp.StateVerified,
				ExpiresAt: moment(13), Attempts: 1, SettledBy: "HHHHHHHHHHHHHHHHHHHHHH",
			},
		},
	},
	// An address: its usual channel goes without saying, as SMS does elsewhere.
	"email.json": {
		Sends: 2, WindowEnds: moment(1), Total: 2, TotalEnds: moment(2), NextSendAt: moment(3), ForgetAt: moment(0),
		Senders: []otp.Sender{{Client: "aBcDeF", Sends: 2, Ends: moment(9)}},
		Verifications: []otp.Verification{{
			Delivery: otp.Delivery{ID: "AAAAAAAAAAAAAAAAAAAAAA", Progress: otp.Sent, Channel: otp.Email, Client: "aBcDeF", Mark: "mark", StartedAt: moment(4), ResendAt: moment(5)},
			State:    otp.StateActive, PinID: "pin", ExpiresAt: moment(6),
			Resends: []otp.Delivery{{ID: "EEEEEEEEEEEEEEEEEEEEEE", Progress: otp.Sent, Channel: otp.Email, StartedAt: moment(7), ResendAt: moment(8)}},
		}},
	},
	// Shares of clients, the total, charges with their client, verified recipients.
	"2.json": withShares(),
	// Codes of a test recipient.
	"3.json": withTests(),
	// The language of a message, while its code lives.
	"4.json": withLocale(),
}

// withShares is a ledger with clients and a total.
func withShares() otp.Ledger {
	return otp.Ledger{
		Sends: 2, WindowEnds: moment(1), Unconfirmed: 1, Total: 3, TotalEnds: moment(4), NextSendAt: moment(2), NextVerifyAt: moment(3),
		Senders:       []otp.Sender{{Sends: 1, Ends: moment(14)}, {Client: "aBcDeF", Sends: 2, Ends: moment(15)}},
		Failures:      []otp.Failures{{Count: 3}, {Client: "aBcDeF", Count: 1}},
		LastFailureAt: moment(5), VerifiedAt: moment(6), ForgetAt: moment(0),
		Verifications: []otp.Verification{
			{
				Delivery: otp.Delivery{ID: "AAAAAAAAAAAAAAAAAAAAAA", Progress: otp.Sent, Fingerprint: "BBBBBBBBBBB", Channel: otp.Voice, Client: "aBcDeF", Mark: "mark", StartedAt: moment(7), ResendAt: moment(8)},
				State:    otp.StateActive, PinID: "pin", ExpiresAt: moment(9), Attempts: 2, Strangers: 1,
				Charges: []otp.Charge{
					{RunID: "CCCCCCCCCCC", Key: "KKKKKK", Client: "aBcDeF", At: moment(16)},
					{RunID: "DDDDDDDDDDD", Stranger: true, Forgiven: true, At: moment(17)},
				},
				Resends: []otp.Delivery{{ID: "EEEEEEEEEEEEEEEEEEEEEE", RunID: "FFFFFFFFFFF", Progress: otp.InFlight, Channel: otp.SMS, StartedAt: moment(10)}},
			},
			{
				Delivery:  otp.Delivery{ID: "GGGGGGGGGGGGGGGGGGGGGG", Progress: otp.Sent, Channel: otp.SMS, StartedAt: moment(11)},
				State:     otp.StateVerified,
				ExpiresAt: moment(13), SettledBy: "HHHHHHHHHHHHHHHHHHHHHH", SettledAt: moment(12), Nonce: "NNNNNNNNNNN",
			},
		},
	}
}

// withLocale is the ledger of 3.json, with a message in a language.
func withLocale() otp.Ledger {
	l := withTests()
	l.Verifications[0].Locale = "pt-BR"
	return l
}

// withTests is the ledger of 2.json, of a recipient who became a test recipient.
func withTests() otp.Ledger {
	l := withShares()
	l.Tests = []otp.Verification{
		{
			Delivery: otp.Delivery{ID: "IIIIIIIIIIIIIIIIIIIIII", RunID: "JJJJJJJJ", Progress: otp.Sent, Fingerprint: "BBBBBBBBBBB", Channel: otp.SMS, Client: "aBcDeF", StartedAt: moment(18), ResendAt: moment(19)},
			State:    otp.StateActive, ExpiresAt: moment(20), Attempts: 1, Strangers: 1,
			Charges: []otp.Charge{{RunID: "LLLLLLLL", At: moment(21)}},
			Resends: []otp.Delivery{{ID: "MMMMMMMMMMMMMMMMMMMMMM", RunID: "OOOOOOOO", Progress: otp.Sent, Channel: otp.Voice, ResendAt: moment(22)}},
		},
		{
			Delivery:  otp.Delivery{ID: "PPPPPPPPPPPPPPPPPPPPPP", RunID: "QQQQQQQQ", Progress: otp.Sent, Channel: otp.Voice, StartedAt: moment(23)},
			State:     otp.StateVerified,
			ExpiresAt: moment(24), SettledBy: "HHHHHHHHHHHHHHHHHHHHHH", SettledAt: moment(25), Nonce: "NNNNNNNNNNN",
		},
	}
	return l
}

func TestEveryShapeIsRead(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(shapes) {
		t.Fatalf("%d files (%v), want %d", len(files), err, len(shapes))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, ok := shapes[filepath.Base(file)]
			if !ok {
				t.Fatal("nothing says what it means")
			}
			got, _, err := decode(readItem(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the ledger differs (-want +got):\n%s", diff)
			}
		})
	}
}

// The newest shape of each kind is what this version writes.
func TestNewestShapeIsWritten(t *testing.T) {
	for file, kind := range map[string]string{"4.json": "number", "email.json": "email"} {
		want := readItem(t, "testdata/"+file)
		got := encode(kind+"#1#kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", shapes[file], "rrrrrrrrrrrrrrrr")
		if diff := cmp.Diff(want, got, ignoreNoSmithy); diff != "" {
			t.Errorf("an item of a new shape needs a file of its own (-%s +written):\n%s", file, diff)
		}
	}
}

// TestTheVersionBeforeReadsWhatThisOneWrites: during a deployment both are there. What it
// reads keeps its kind, and its charges are texts that it carries along.
func TestTheVersionBeforeReadsWhatThisOneWrites(t *testing.T) {
	older, newer := readItem(t, "testdata/1.json"), readItem(t, "testdata/4.json")
	var same func(name string, old, now types.AttributeValue)
	same = func(name string, old, now types.AttributeValue) {
		if reflect.TypeOf(old) != reflect.TypeOf(now) {
			t.Errorf("%s was %T and is %T", name, old, now)
		}
		switch o := old.(type) {
		case *types.AttributeValueMemberL:
			same(name+"[]", o.Value[0], now.(*types.AttributeValueMemberL).Value[0])
		case *types.AttributeValueMemberM:
			for member, value := range o.Value {
				if written, ok := now.(*types.AttributeValueMemberM).Value[member]; ok {
					same(name+"."+member, value, written)
				}
			}
		}
	}
	// disabledAt and a channel by SMS may be absent, as they could before.
	for _, name := range slices.DeleteFunc(names(older), func(n string) bool { return n == "disabledAt" }) {
		if newer[name] == nil {
			t.Errorf("%s is not written any more", name)
			continue
		}
		same(name, older[name], newer[name])
	}
}

func names(e item) []string {
	var all []string
	for name := range e {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// readItem reads DynamoDB's JSON.
func readItem(t *testing.T, file string) item {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return itemOf(t, members)
}

func itemOf(t *testing.T, members map[string]map[string]json.RawMessage) item {
	t.Helper()
	e := item{}
	for name, value := range members {
		e[name] = attribute(t, value)
	}
	return e
}

func attribute(t *testing.T, value map[string]json.RawMessage) types.AttributeValue {
	t.Helper()
	read := func(kind string, into any) bool {
		raw, ok := value[kind]
		if ok {
			if err := json.Unmarshal(raw, into); err != nil {
				t.Fatal(err)
			}
		}
		return ok
	}
	var one string
	var many []map[string]json.RawMessage
	var inner map[string]map[string]json.RawMessage
	switch {
	case read("S", &one):
		return text(one)
	case read("N", &one):
		return number(one)
	case read("L", &many):
		var values []types.AttributeValue
		for _, v := range many {
			values = append(values, attribute(t, v))
		}
		return list(values...)
	case read("M", &inner):
		return object(itemOf(t, inner))
	}
	t.Fatalf("an attribute of no kind: %v", value)
	return nil
}
