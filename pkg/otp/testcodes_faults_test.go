package otp_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
)

func TestAListThatCannotBeReadDoesNothing(t *testing.T) {
	r := newTestRig()
	r.list.err = errors.Join(errors.New("a fault of the test"), otp.ErrUnavailable)
	_, err := r.send(t, otptest.Bob, "")
	wantReason(t, err, otp.Unavailable)
	wantReason(t, r.verify(t, otptest.Bob, "", wrongPIN, ""), otp.Unavailable)
	r.untouched(t)
}

// TestTestRecipientFailsClosed: what is not saved is no success, and no send.
func TestTestRecipientFailsClosed(t *testing.T) {
	r := newTestRig()
	id := r.mustSend(t, otptest.Alice).VerificationID
	broken := &failingStore{Store: r.store, failSaves: 2}
	r.service.Store = broken
	_, err := r.send(t, otptest.Alice, "")
	wantReason(t, err, otp.Unavailable)
	wantReason(t, r.verify(t, otptest.Alice, id, otptest.TestPIN, ""), otp.Unavailable)
	if broken.saves != 2 {
		t.Errorf("%d saves were tried, want one a request", broken.saves)
	}
	// A right PIN whose save was not answered is found again under its key.
	r.service.Store = &failingStore{Store: r.store, loseSaves: 1}
	wantReason(t, r.verify(t, otptest.Alice, id, otptest.TestPIN, "key"), otp.Unavailable)
	if err := r.verify(t, otptest.Alice, id, otptest.TestPIN, "key"); err != nil {
		t.Errorf("its repeat gets %v", err)
	}
	r.untouched(t)
}

// TestLostWriteOfATestCode: what the store refuses, although it is this request's own, is
// found and not counted again.
func TestLostWriteOfATestCode(t *testing.T) {
	p, now := otp.DefaultPolicy(), otptest.Start
	terms := otp.TestTerms{Ends: now.Add(time.Hour)}
	var l otp.Ledger
	order := otp.Order{ID: "id", RunID: "run", Channel: otp.SMS, Client: home}
	for range 2 {
		if ticket, err := l.ReserveTest(now, p, terms, order); err != nil || ticket.Repeat || len(l.Tests) != 1 {
			t.Errorf("got %+v, %v, with %d codes", ticket, err, len(l.Tests))
		}
	}
	again := otp.Order{ID: "again", RunID: "run", Channel: otp.Voice}
	for range 2 {
		if ticket, err := l.ResendTest(now, p, "id", again); err != nil || ticket.Repeat || len(l.Tests[0].Resends) != 1 {
			t.Errorf("got %+v, %v, with %d resends", ticket, err, len(l.Tests[0].Resends))
		}
	}
	wrong := otp.Check{ID: "wrong", RunID: "one", VerificationID: "id", Client: home}
	for _, changed := range []bool{true, false} {
		if _, saves, err := l.TryTest(now, p, terms, wrong, false); saves != changed || err == nil || l.Tests[0].Attempts != 1 || l.FailuresInARow(p) != 1 {
			t.Errorf("saves %t, %v; %d attempts, %d failures", saves, err, l.Tests[0].Attempts, l.FailuresInARow(p))
		}
	}
	right := otp.Check{ID: "right", RunID: "two", VerificationID: "id", Client: home}
	for _, changed := range []bool{true, false} {
		if tried, saves, err := l.TryTest(now, p, terms, right, true); saves != changed || err != nil || tried.Repeat || tried.Channel != otp.Voice {
			t.Errorf("got %+v, saves %t, %v", tried, saves, err)
		}
	}
}
