package guard_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// rivalStore lets a rival through before its first save.
type rivalStore struct {
	otp.Store
	rival func()
}

func (s *rivalStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if rival := s.rival; rival != nil {
		s.rival = nil
		rival()
	}
	return s.Store.Save(ctx, key, l, was)
}

// TestRepeatThatWasCharged: of two requests under one key the one that turns out to be a
// repeat, after its charge, pays nothing.
func TestRepeatThatWasCharged(t *testing.T) {
	r := newRig(t, fullRules())
	request := func() otp.SendRequest {
		request := otp.SendRequest{Caller: r.caller("192.0.2.1"), To: phoneNumber(t, 1), Channel: otp.SMS}
		request.IdempotencyKey = "key"
		return request
	}
	var first otp.Receipt
	r.Store = &rivalStore{r.Store, func() {
		var err error
		first, err = r.Send(t.Context(), request())
		want(t, "the rival", err, "")
	}}
	second := request()
	receipt, err := r.Send(t.Context(), second)
	want(t, "the repeat", err, "")
	if !second.Trace.Repeat || receipt.VerificationID != first.VerificationID {
		t.Errorf("the repeat is told of %s, want %s", receipt.VerificationID, first.VerificationID)
	}
	r.calls(1)
	r.wantBooks("one message", "network: 49", "prefix: 99 spent 1.00", "region: 99 spent 1.00", "service: 99 spent 1.00")
}

// TestLostGiveBack stands in the trace, and the refusal is what it was.
func TestLostGiveBack(t *testing.T) {
	r := newRig(t, fullRules())
	cells := &stuckCells{Cells: r.cells}
	r.guard(fullRules(), cells)
	r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
	r.provider.meanwhile = func() { cells.stuck = "guard#region" }
	request, err := r.sendWith(phoneNumber(t, 1), "", "")
	want(t, "a send that fails", err, otp.SendFailed)
	found := ""
	for _, f := range request.Trace.Guard {
		if f.Name == "giveBack" {
			found = f.Value
		}
	}
	if !strings.HasPrefix(found, "lost: ") {
		t.Errorf("the trace says %q of what could not be given back: %v", found, request.Trace.Guard)
	}
	r.wantBooks("what could be given back", "network: 50", "prefix: 100", "region: 99 spent 1.00", "service: 100")
}

// panickyStore cannot record what became of a message.
type panickyStore struct {
	otp.Store
	saves int
}

func (s *panickyStore) Save(ctx context.Context, key string, l otp.Ledger, was otp.Revision) (otp.Revision, error) {
	if s.saves++; s.saves > 1 {
		panic("test")
	}
	return s.Store.Save(ctx, key, l, was)
}

// TestPanicWaitsForWhatIsGivenBack: the function may be frozen as soon as it has answered.
func TestPanicWaitsForWhatIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, fullRules())
		r.guard(fullRules(), &slowCells{r.cells, time.Second})
		r.Store = &panickyStore{Store: r.Store}
		r.provider.delivery = &otp.ProviderError{Effect: otp.NotSent, Err: errors.New("test")}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is lost")
				}
			}()
			_, _ = r.send(phoneNumber(t, 1), "192.0.2.1")
		}()
		r.wantBooks("when the panic arrives", "network: 50", "prefix: 100", "region: 100", "service: 100")
	})
}

// TestResendKeepsNoMark: a success is credited to the network that began the verification, so
// the mark of another would only make the item dearer.
func TestResendKeepsNoMark(t *testing.T) {
	r := newRig(t, fullRules())
	number := phoneNumber(t, 1)
	receipt, err := r.send(number, "192.0.2.1")
	want(t, "the send", err, "")
	r.clock.advance(time.Minute)
	_, err = r.Resend(t.Context(), otp.ResendRequest{Caller: r.caller("198.51.100.1"), To: number, VerificationID: receipt.VerificationID})
	want(t, "the resend", err, "")
	l, _, err := r.Store.Load(t.Context(), r.key.LedgerKey(number))
	if err != nil {
		t.Fatal(err)
	}
	if v := l.Verifications[0]; len(v.Mark) != 8 || len(v.Resends) != 1 || v.Resends[0].Mark != "" {
		t.Errorf("the send has the mark %q, its resends %+v", v.Mark, v.Resends)
	}
	want(t, "the verify", r.verify(number, "203.0.113.1"), "")
	var rooms []int64
	err = r.cells.(guard.Scanner).Scan(t.Context(), func(key string, c guard.Cell) {
		if strings.HasPrefix(key, "guard#network#") {
			rooms = append(rooms, c.Strangers.Milli/1000)
		}
	})
	if err != nil || len(rooms) != 2 || rooms[0]+rooms[1] != 54+49 {
		t.Errorf("the networks have %v, %v, want the sends and the growth for the first", rooms, err)
	}
}
