package infobip

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

func TestVerifyRequest(t *testing.T) {
	s := serve(t, says(200, strings.ReplaceAll(verified, testPinID, `A/..?b% é`)))
	verdict, err := clientOf(t, s).Verify(t.Context(), "A/..?b% é", testRecipient, "0049")
	if err != nil || verdict != otp.Verified {
		t.Fatalf("got %v, %v, want verified", verdict, err)
	}
	got := s.got()
	if len(got) != 1 {
		t.Fatalf("%d requests, want 1", len(got))
	}
	want := [3]string{"POST", "/2fa/2/pin/A%2F..%3Fb%25%20%C3%A9/verify", `{"pin":"0049"}`}
	if diff := cmp.Diff(want, [3]string{got[0].method, got[0].target, got[0].body}); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestVerifyVerdicts(t *testing.T) {
	const unusable = otp.Verdict(-1) // an unknown effect in place of a verdict
	for _, test := range []struct {
		name, body string
		want       otp.Verdict
	}{
		{"verified, as Infobip's example has it", verified, otp.Verified},
		{"verified without a pinId", `{"msisdn":"14155552671","verified":true}`, otp.Verified},
		{"verified, null pinId", `{"pinId":null,"msisdn":"14155552671","verified":true}`, otp.Verified},
		{"verified, unknown word beside it", `{"msisdn":"14155552671","verified":true,"pinError":"NO_ERROR"}`, otp.Verified},
		{"verified, empty word beside it", `{"msisdn":"14155552671","verified":true,"pinError":""}`, otp.Verified},
		{"verified, number with a plus", `{"msisdn":"+1 415-555-2671","verified":true}`, otp.Verified},
		{"verified, wrong types beside it", `{"msisdn":"14155552671","verified":true,"attemptsRemaining":"none","pinError":5}`, otp.Verified},

		{"verified and wrong", `{"msisdn":"14155552671","verified":true,"pinError":"WRONG_PIN"}`, unusable},
		{"verified and wrong, other spelling", `{"msisdn":"14155552671","verified":true,"pinError":"Wrong pin"}`, unusable},
		{"verified and expired", `{"msisdn":"14155552671","verified":true,"pinError":"TTL_EXPIRED"}`, unusable},
		{"verified and exhausted", `{"msisdn":"14155552671","verified":true,"pinError":"NO_MORE_PIN_ATTEMPTS"}`, unusable},
		{"verified and exhausted, other spelling", `{"msisdn":"14155552671","verified":true,"pinError":"attempts-exceeded"}`, unusable},
		{"verified and verified before", `{"msisdn":"14155552671","verified":true,"pinError":"PIN_ALREADY_VERIFIED"}`, unusable},
		{"verified and an error's envelope", `{"msisdn":"14155552671","verified":true,"requestError":{"serviceException":{"messageId":"PIN_EXPIRED"}}}`, unusable},
		{"verified without a number", `{"verified":true}`, unusable},
		{"verified, null number", `{"msisdn":null,"verified":true}`, unusable},
		{"verified, empty number", `{"msisdn":"","verified":true}`, unusable},
		{"verified, number as a number", `{"msisdn":14155552671,"verified":true}`, unusable},
		{"verified for another number", `{"msisdn":"14155552672","verified":true}`, unusable},
		{"verified for a longer number", `{"msisdn":"141555526710","verified":true}`, unusable},
		{"verified for a part of the number", `{"msisdn":"4155552671","verified":true}`, unusable},
		{"verified for another pinId", `{"pinId":"OTHER","msisdn":"14155552671","verified":true}`, unusable},
		{"verified, pinId of another type", `{"pinId":7,"msisdn":"14155552671","verified":true}`, unusable},
		{"verified as a string", `{"msisdn":"14155552671","verified":"true"}`, unusable},
		{"verified as a number", `{"msisdn":"14155552671","verified":1}`, unusable},
		{"verified as an array", `{"msisdn":"14155552671","verified":[true]}`, unusable},
		{"verified null", `{"msisdn":"14155552671","verified":null}`, unusable},
		{"verified absent", `{"msisdn":"14155552671","attemptsRemaining":3}`, unusable},
		{"empty object", `{}`, unusable},
		{"an error's envelope under a 200", `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request"}}}`, unusable},

		{"wrong", `{"msisdn":"14155552671","verified":false,"attemptsRemaining":4,"pinError":"WRONG_PIN"}`, otp.Wrong},
		{"wrong, none left", `{"verified":false,"attemptsRemaining":0,"pinError":"WRONG_PIN"}`, otp.Exhausted},
		{"wrong, fewer than none left", `{"verified":false,"attemptsRemaining":-1,"pinError":"WRONG_PIN"}`, otp.Exhausted},
		{"wrong, no number beside it", `{"verified":false}`, otp.Wrong},
		{"wrong, left is a string", `{"verified":false,"attemptsRemaining":"0"}`, otp.Wrong},
		{"wrong, null error", `{"verified":false,"pinError":null,"attemptsRemaining":null}`, otp.Wrong},
		{"unknown error", `{"verified":false,"pinError":"SIM_SWAPPED","attemptsRemaining":2}`, otp.Wrong},
		{"unknown error that sounds good", `{"verified":false,"pinError":"VERIFIED"}`, otp.Wrong},
		{"unknown error, none left", `{"verified":false,"pinError":"SIM_SWAPPED","attemptsRemaining":0}`, otp.Exhausted},
		{"only an error", `{"pinError":"WRONG_PIN"}`, otp.Wrong},
		{"only an unknown error", `{"pinError":"NO_ERROR","verified":"true","msisdn":"14155552671"}`, otp.Wrong},
		{"exhausted", `{"verified":false,"attemptsRemaining":0,"pinError":"NO_MORE_PIN_ATTEMPTS"}`, otp.Exhausted},
		{"exhausted, other spelling", `{"verified":false,"pinError":"PIN_ATTEMPTS_EXCEEDED"}`, otp.Exhausted},
		{"expired", `{"verified":false,"attemptsRemaining":3,"pinError":"TTL_EXPIRED"}`, otp.Gone},
		{"expired, other spelling", `{"verified":false,"pinError":"PIN_EXPIRED"}`, otp.Gone},
		{"verified before", `{"verified":false,"pinError":"PIN_ALREADY_VERIFIED"}`, otp.Gone},
		{"verified before, as an error's envelope", `{"requestError":{"serviceException":{"messageId":"PIN_ALREADY_VERIFIED"}}}`, otp.Gone},
		{"wrong, as an error's envelope", `{"requestError":{"serviceException":{"messageId":"WRONG_PIN"}}}`, otp.Wrong},
		{"not found", `{"verified":false,"pinError":"PIN_NOT_FOUND"}`, otp.Gone},
		{"expired, none left", `{"verified":false,"attemptsRemaining":0,"pinError":"TTL_EXPIRED"}`, otp.Gone},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, says(200, test.body))
			verdict, err := clientOf(t, s).Verify(t.Context(), testPinID, testRecipient, testPIN)
			if test.want == unusable {
				if got := effectOf(t, err); got != otp.Unknown || verdict != 0 {
					t.Errorf("got %v, %v (%v), want an unknown effect", verdict, got, err)
				}
			} else if err != nil || verdict != test.want {
				t.Errorf("got %v, %v, want %v", verdict, err, test.want)
			}
			if got := len(s.got()); got != 1 {
				t.Errorf("%d requests, want 1: an answer that came is not asked for again", got)
			}
		})
	}
}

// TestVerifyOfAnAddress: an address may be missing from the answer, in any letter case, and
// no other one.
func TestVerifyOfAnAddress(t *testing.T) {
	for name, test := range map[string]struct {
		msisdn string
		right  bool
	}{
		"as it was given":           {`"canary+tag@example.com"`, true},
		"in other letters":          {`"Canary+Tag@EXAMPLE.com"`, true},
		"null":                      {`null`, true},
		"empty":                     {`""`, true},
		"another":                   {`"other@example.com"`, false},
		"without its tag":           {`"canary@example.com"`, false},
		"of another domain":         {`"canary+tag@example.org"`, false},
		"behind a name":             {`"Jane <canary+tag@example.com>"`, false},
		"one of two":                {`"canary+tag@example.com,other@example.com"`, false},
		"with a space":              {`"canary+tag@example.com "`, false},
		"a letter that folds (K)":   {`"canary+tag@example.com\u212a"`, false},
		"a number":                  {`"14155552671"`, false},
		"of another type":           {`7`, false},
		"a list":                    {`["canary+tag@example.com"]`, false},
		"its digits, of which none": {`"+"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, says(200, `{"pinId":"`+testPinID+`","msisdn":`+test.msisdn+`,"verified":true}`))
			verdict, err := clientOf(t, s).Verify(t.Context(), testPinID, testMailbox, testPIN)
			if test.right && (err != nil || verdict != otp.Verified) {
				t.Errorf("got %v, %v, want verified", verdict, err)
			}
			if !test.right && (verdict != 0 || effectOf(t, err) != otp.Unknown) {
				t.Errorf("got %v, %v, want an unknown effect", verdict, err)
			}
		})
	}
	s := serve(t, says(200, `{"verified":true}`))
	if verdict, err := clientOf(t, s).Verify(t.Context(), testPinID, testMailbox, testPIN); err != nil || verdict != otp.Verified {
		t.Errorf("an answer that names nobody: %v, %v, want verified", verdict, err)
	}
}

func TestVerifyRefusals(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.answer)
			verdict, err := clientOf(t, s).Verify(t.Context(), testPinID, testRecipient, testPIN)
			if got := effectOf(t, err); got != test.want || verdict != 0 {
				t.Errorf("got %v, %v (%v), want %v", verdict, got, err, test.want)
			}
			// Asked twice: after a 401, a 5xx or a cut exchange.
			calls := 1
			if strings.HasPrefix(test.name, "5") || strings.HasPrefix(test.name, "401") || strings.HasPrefix(test.name, "cut") {
				calls = 2
			}
			if got := len(s.got()); got != calls {
				t.Errorf("%d requests reached the provider, want %d", got, calls)
			}
		})
	}
}

// The first exchange of a verify is lost; the second decides what is known.
func TestVerifyOnceMore(t *testing.T) {
	for _, test := range []struct {
		name    string
		second  string
		status  int
		verdict otp.Verdict
		effect  otp.Effect
	}{
		{"right", verified, 200, otp.Verified, 0},
		{"wrong", `{"verified":false,"pinError":"WRONG_PIN","attemptsRemaining":1}`, 200, otp.Wrong, 0},
		{"gone", `{"requestError":{"serviceException":{"messageId":"NOT_FOUND","text":"Not found"}}}`, 404, otp.Gone, 0},
		{"verified before: by whom, nobody can say", `{"requestError":{"serviceException":{"messageId":"PIN_ALREADY_VERIFIED"}}}`, 400, 0, otp.Unknown},
		{"verified before, in a 200", `{"verified":false,"pinError":"PIN_ALREADY_VERIFIED","msisdn":"14155552671"}`, 200, 0, otp.Unknown},
		{"verified and verified before", `{"verified":true,"pinError":"PIN_ALREADY_VERIFIED","msisdn":"14155552671"}`, 200, 0, otp.Unknown},
		{"no such URL", `{"requestError":{"serviceException":{"messageId":"NOT_FOUND","text":"Requested URL not found: /x"}}}`, 404, 0, otp.Unknown},
		{"throttled: the first may still have been compared", ``, 429, 0, otp.Unknown},
		{"refused", ``, 400, 0, otp.Unknown},
		{"unusable", `{}`, 200, 0, otp.Unknown},
		{"5xx again", ``, 503, 0, otp.Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for name, first := range map[string]func() *server{
				"5xx":     func() *server { return serve(t, inTurn(says(500, ``), says(test.status, test.second))) },
				"cut":     func() *server { return serve(t, inTurn(hangUp, says(test.status, test.second))) },
				"half":    func() *server { return serve(t, inTurn(cutBody(200), says(test.status, test.second))) },
				"5xx cut": func() *server { return serve(t, inTurn(cutBody(502), says(test.status, test.second))) },
			} {
				s := first()
				verdict, err := clientOf(t, s).Verify(t.Context(), testPinID, testRecipient, testPIN)
				if test.verdict != 0 {
					if err != nil || verdict != test.verdict {
						t.Errorf("%s: got %v, %v, want %v", name, verdict, err, test.verdict)
					}
				} else if got := effectOf(t, err); got != test.effect {
					t.Errorf("%s: got %v, want %v", name, got, test.effect)
				}
				got := s.got()
				if len(got) != 2 || got[0].body != got[1].body || got[0].target != got[1].target {
					t.Errorf("%s: requests %v, want the same one twice", name, got)
				}
			}
		})
	}
}

// failsLater has its key once.
type failsLater struct{ asked int }

func (k *failsLater) APIKey(context.Context) (string, error) {
	k.asked++
	if k.asked > 1 {
		return "", errors.New("secrets are down")
	}
	return testKey, nil
}

func (k *failsLater) RefreshAPIKey(context.Context, string) (string, error) {
	return "", errors.New("secrets are down")
}

// A repeat that was certainly not made does not make the first call one.
func TestVerifyRepeatThatIsNotMade(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{"5xx": says(500, ``), "cut": hangUp} {
		s := serve(t, first)
		_, err := withKeys(t, s, new(failsLater)).Verify(t.Context(), testPinID, testRecipient, testPIN)
		if got := effectOf(t, err); got != otp.Unknown || len(s.got()) != 1 {
			t.Errorf("%s: got %v (%v) after %d requests, want unknown after 1", name, got, err, len(s.got()))
		}
	}
}

// FuzzVerifyAnswer holds the one promise that everything else rests on: no bytes
// from the network verify a PIN unless they are a JSON object that says, once and
// in so many words, verified true for this number.
func FuzzVerifyAnswer(f *testing.F) {
	for _, body := range []string{
		verified,
		`{"msisdn":"+14155552671","verified":true}`,
		`{"msisdn":"14155552671","verified":true,"verified":true}`,
		`{"msisdn":"14155552671","verified":false,"VERIFIED":true}`,
		`{"msisdn":"14155552671","veri\u0066ied":true}`,
		`{"msisdn":"14155552672","verified":true}`,
		`{"verified":false,"attemptsRemaining":4,"pinError":"WRONG_PIN"}`,
		`{"verified":false,"attemptsRemaining":0,"pinError":"NO_MORE_PIN_ATTEMPTS"}`,
		`{"msisdn":"14155552671","verified":true,"pinError":"PIN_EXPIRED"}`,
		`{"requestError":{"serviceException":{"messageId":"NOT_FOUND","text":"Not found"}}}`,
		`{"a":{"a":[{"verified":true}]}}`,
		`[true]`, `true`, ``, `<html>`, "\xef\xbb\xbf" + verified, verified + verified,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		verdict, reason := readVerdict(body, request{operation: opVerify}, testPinID, testRecipient)
		if (verdict == 0) == (reason == "") {
			t.Fatalf("verdict %v with the reason %q", verdict, reason)
		}
		noCanary(t, reason)
		if verdict != otp.Verified {
			return
		}
		// encoding/json is the second opinion. It is laxer, so it has to agree.
		var members map[string]any
		err := json.NewDecoder(bytes.NewReader(body)).Decode(&members)
		if err != nil {
			t.Fatalf("verified by what is no JSON object: %v", err)
		}
		msisdn, _ := members["msisdn"].(string)
		if pinError, _ := members["pinError"].(string); strings.Contains(strings.ToUpper(pinError), "EXPIRED") {
			t.Fatalf("verified beside a failure by %q", body)
		}
		if members["verified"] != true || digits(msisdn) != testDigits {
			t.Fatalf("verified by %q", body)
		}
		if id := members["pinId"]; id != nil && id != testPinID {
			t.Fatalf("verified for another pinId by %q", body)
		}
	})
}

// FuzzRefusal: no bytes make the reading of an error's body fail, or leak, or verify
// a PIN; and only a verify has a verdict.
func FuzzRefusal(f *testing.F) {
	f.Add(400, []byte(`{"requestError":{"serviceException":{"messageId":"`+testPinID+`","text":"`+testPIN+`"}}}`))
	f.Add(500, []byte(`{"errorCode":"E500","description":"`+testNumber+`"}`))
	f.Add(404, []byte(`{"requestError":{"policyException":{"messageId":"`+testPIN+`"}}}`))
	f.Add(404, []byte(`{"requestError":{"serviceException":{"messageId":"NOT_FOUND","text":"Requested URL not found: /2fa/2/pin/`+testPinID+`"}}}`))
	f.Add(403, []byte(`{"errorCode":"PIN_ALREADY_VERIFIED","violations":{"a":[]}}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status >= 200 && status <= 299 {
			return
		}
		for _, call := range []request{{operation: opSend}, {operation: opResend}, {operation: opVerify}, {operation: opVerify, repeat: true}} {
			call.secrets = []string{testPinID, testDigits, testPIN, testKey}
			verdict, failed := judge(call, response{status: status, body: body}, nil)
			switch {
			case failed == nil && (call.operation != opVerify || verdict == 0 || verdict == otp.Verified):
				t.Errorf("%+v: the verdict %v", call, verdict)
			case failed != nil && verdict != 0:
				t.Errorf("%+v: the verdict %v beside %v", call, verdict, failed)
			case failed != nil:
				noCanary(t, failed.Error())
				if len(failed.Error()) > 200 {
					t.Errorf("a long error: %v", failed)
				}
			}
		}
	})
}
