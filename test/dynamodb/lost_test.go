package dynamodb

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// TestLostAnswers: the call has its effect, its answer gets lost, and the SDK repeats
// it. That is a success, and not a conflict with oneself: else a right PIN is reported
// as used, and the SMS that went out as refused.
func TestLostAnswers(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault harness.DynamoDBFault
	}{
		{"load", harness.DynamoDBFault{Operation: "GetItem"}},
		{"before the provider", harness.DynamoDBFault{Operation: "PutItem"}},
		{"after the provider", harness.DynamoDBFault{Operation: "PutItem", Skip: 1}},
		{"counter", harness.DynamoDBFault{Operation: "UpdateItem"}},
	} {
		c.fault.Lose, c.fault.Times = true, 1
		t.Run("send/"+c.name, func(t *testing.T) {
			r := newRig(t, nil)
			r.proxy.Inject(c.fault)
			a := r.send().want(t, 200, "")
			r.proxy.Mend()
			r.wantCalls("send", 1)
			remaining := "4"
			if c.fault.Operation == "UpdateItem" {
				remaining = "3" // counted twice: more is allowed, less is not
			}
			if a.Headers["RateLimit-Remaining"] != remaining {
				t.Errorf("RateLimit-Remaining is %s, want %s", a.Headers["RateLimit-Remaining"], remaining)
			}
			r.wantCharged(1, 1)
			r.verify(r.pin()).want(t, 200, "")
			r.wantCharged(0, 1)
		})
		t.Run("verify/"+c.name, func(t *testing.T) {
			r := newRig(t, free())
			r.send().want(t, 200, "")
			pin := r.pin()
			r.proxy.Inject(c.fault)
			r.verify(pin).want(t, 200, "")
			r.proxy.Mend()
			r.wantCalls("verify", 1)
			r.verify(pin).want(t, 401, "invalid_or_expired")
		})
		t.Run("wrong verify/"+c.name, func(t *testing.T) {
			r := newRig(t, free())
			sent := r.send().want(t, 200, "")
			pin := r.pin()
			r.proxy.Inject(c.fault)
			a := r.verifyNamed(sent.VerificationID, wrong(pin))
			r.proxy.Mend()
			a.want(t, 401, "invalid_or_expired")
			if *a.AttemptsRemaining != 4 {
				t.Errorf("%d attempts are left, want 4: the attempt is charged once", *a.AttemptsRemaining)
			}
			r.wantCalls("verify", 1)
		})
		t.Run("resend/"+c.name, func(t *testing.T) {
			r := newRig(t, free())
			sent := r.send().want(t, 200, "")
			r.advance(30 * time.Second)
			r.proxy.Inject(c.fault)
			r.resend(sent.VerificationID).want(t, 200, "")
			r.proxy.Mend()
			r.wantCalls("resend", 1)
			r.wantCharged(2, 2)
		})
	}
}

// TestBothAnswersLost: the repeat's answer is lost too, so nobody knows whether the write
// took place.
func TestBothAnswersLost(t *testing.T) {
	t.Run("send, before the provider", func(t *testing.T) {
		r := newRig(t, free())
		r.proxy.Inject(harness.DynamoDBFault{Operation: "PutItem", Lose: true, Times: 2})
		r.send("idempotency-key", "one").want(t, 503, "unavailable")
		r.proxy.Mend()
		r.wantTakenBack(7) // with the guard's stops
		r.wantCalls("send", 0)
		// The charge was taken back, and with it the cooldown.
		r.wantCharged(0, 0)
		r.send("idempotency-key", "one").want(t, 200, "")
		r.wantCalls("send", 1)
		r.wantCharged(1, 1)
		r.verify(r.pin()).want(t, 200, "")
	})
	t.Run("verify, before the provider", func(t *testing.T) {
		r := newRig(t, free())
		sent := r.send().want(t, 200, "")
		pin := r.pin()
		r.proxy.Spent()
		r.proxy.Inject(harness.DynamoDBFault{Operation: "PutItem", Lose: true, Times: 2})
		r.verifyNamed(sent.VerificationID, pin, "idempotency-key", "one").want(t, 503, "unavailable")
		r.proxy.Mend()
		r.wantTakenBack(6)
		r.wantCalls("verify", 0)
		if l := r.ledger(); len(l.Failures) != 0 || l.Verifications[0].Attempts != 0 || len(l.Verifications[0].Charges) != 0 {
			t.Errorf("still charged: failures %v, %d attempts, %d under way", l.Failures, l.Verifications[0].Attempts, len(l.Verifications[0].Charges))
		}
		r.verifyNamed(sent.VerificationID, pin, "idempotency-key", "one").want(t, 200, "")
		r.wantCalls("verify", 1)
	})
	// The answers to the taking back are lost as well.
	t.Run("before the provider, twice", func(t *testing.T) {
		r := newRig(t, free())
		r.proxy.Inject(harness.DynamoDBFault{Operation: "PutItem", Lose: true, Times: 4})
		r.send().want(t, 503, "unavailable")
		r.proxy.Mend()
		r.wantCharged(0, 0)
		r.send().want(t, 200, "")
		r.wantCalls("send", 1)
	})
	t.Run("after the provider", func(t *testing.T) {
		r := newRig(t, free())
		r.proxy.Inject(harness.DynamoDBFault{Operation: "PutItem", Skip: 1, Lose: true, Times: 2})
		r.send().want(t, 200, "")
		r.proxy.Mend()
		pin := r.pin()
		r.proxy.Inject(harness.DynamoDBFault{Operation: "PutItem", Skip: 1, Lose: true, Times: 3})
		r.verify(pin).want(t, 200, "")
		r.proxy.Mend()
		r.verify(pin).want(t, 401, "invalid_or_expired")
		r.wantCalls("send", 1)
		r.wantCalls("verify", 1)
	})
}

// wantTakenBack checks that a request whose save was not answered made one more load and
// save. The SDK's repeat of the first save met its own write, and its answer is lost too.
func (r *rig) wantTakenBack(calls int) {
	r.tb.Helper()
	if got, want := r.proxy.Spent(), (harness.Spent{Calls: calls, Get: 2, Put: 3, Update: 1, Read: 2, Write: 4}); got != want {
		r.tb.Errorf("a charge that is taken back spent %+v, want %+v", got, want)
	}
}

// TestErrors answers every call with every error of DynamoDB: nothing is sent, nothing
// is verified, the client is told to come again, and the next request is served.
func TestErrors(t *testing.T) {
	for _, e := range []struct {
		status int
		name   string
	}{
		{400, "ProvisionedThroughputExceededException"}, {400, "ThrottlingException"}, {400, "RequestLimitExceeded"},
		{400, "ResourceNotFoundException"}, {400, "ValidationException"}, {400, "AccessDeniedException"}, {400, "UnrecognizedClientException"},
		{400, "ItemCollectionSizeLimitExceededException"}, {400, "TransactionConflictException"}, {500, "InternalServerError"}, {503, "ServiceUnavailable"},
	} {
		for _, operation := range []string{"GetItem", "PutItem", "UpdateItem"} {
			t.Run(e.name+"/"+operation, func(t *testing.T) {
				r := newRig(t, free())
				r.send().want(t, 200, "")
				pin := r.pin()
				r.advance(time.Minute)
				r.proxy.Inject(harness.DynamoDBFault{Operation: operation, Status: e.status, Name: e.name})
				for _, a := range []answer{r.send(), r.verify(pin)} {
					a.want(t, 503, "unavailable")
					if a.Headers["Retry-After"] == "" {
						t.Error("the 503 has no Retry-After")
					}
				}
				r.proxy.Mend()
				r.wantCalls("", 1)
				r.verify(pin).want(t, 200, "")
				r.send().want(t, 200, "")
			})
		}
	}
}

// TestTableMissing: a table that is not there yet, and then is.
func TestTableMissing(t *testing.T) {
	r := newRig(t, free("TABLE_NAME", "not-there-"+fmt.Sprint(time.Now().UnixNano())))
	r.send().want(t, 503, "unavailable")
	r.verify("123456").want(t, 503, "unavailable")
	r.wantCalls("", 0)
}

// TestSaveWhoseAnswerIsLost: the store itself tells its own write from a stranger's.
func TestSaveWhoseAnswerIsLost(t *testing.T) {
	endpoint := harness.DynamoDBLocal(t)
	p := harness.StartDynamoDBProxy(t, endpoint)
	s := store.NewDynamoDB(app.NewDynamoDB(app.AWS{DynamoDB: p.URL, Attempt: patience}), harness.Table(t, endpoint))
	was := otp.Revision("")
	for sends := range 3 { // the first creates the item
		p.Inject(harness.DynamoDBFault{Operation: "PutItem", Lose: true, Times: 1})
		n := otp.Ledger{Sends: sends + 1, ForgetAt: time.Now().Add(time.Hour)}
		revision, err := s.Save(t.Context(), "key", n, was)
		if err != nil {
			t.Fatalf("our own write came back as %v", err)
		}
		p.Mend()
		got, current, err := s.Load(t.Context(), "key")
		if err != nil || current != revision || got.Sends != n.Sends {
			t.Fatalf("loaded %d sends at %q, %v; want %d at %q", got.Sends, current, err, n.Sends, revision)
		}
		was = revision
	}
}
