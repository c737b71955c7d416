package otptest

import (
	"context"
	"errors"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// steppedStore is the store as one request sees it.
type steppedStore struct {
	w     *World
	r     *Request
	pause func(Step)
}

func (s steppedStore) Load(ctx context.Context, key string) (otp.Ledger, otp.Revision, error) {
	s.pause(AtLoad)
	if s.r.mishap.Fail {
		s.r.failures++
		return otp.Ledger{}, "", errStore
	}
	n, revision, err := s.w.store.Load(ctx, key)
	s.w.saw(s.r, revision)
	return n, revision, err
}

func (s steppedStore) Save(ctx context.Context, key string, n otp.Ledger, was otp.Revision) (otp.Revision, error) {
	s.pause(AtSave)
	if s.r.mishap.Fail {
		s.r.failures++
		return "", errStore
	}
	revision, err := s.w.store.Save(ctx, key, n, was)
	conflict, refused := errors.AsType[*otp.Conflict](err)
	if err == nil {
		if was == "" {
			s.w.saw(s.r, "") // the item may have been deleted since
		}
		s.w.saved(s.r)
	}
	if s.r.mishap.Lose {
		s.r.failures++
		return "", errStore
	}
	if refused {
		s.r.conflicts++
		s.w.saw(s.r, conflict.Revision)
	}
	return revision, err
}

// steppedProvider is the provider as one request sees it.
type steppedProvider struct {
	w     *World
	r     *Request
	pause func(Step)
}

func (p steppedProvider) Send(ctx context.Context, to recipient.Recipient, c otp.Channel, message otp.Message) (string, error) {
	defer p.begin()()
	return p.w.Provider.Send(ctx, to, c, message)
}

func (p steppedProvider) Resend(ctx context.Context, pinID string, c otp.Channel) (string, error) {
	defer p.begin()()
	return p.w.Provider.Resend(ctx, pinID, c)
}

func (p steppedProvider) Verify(ctx context.Context, pinID string, to recipient.Recipient, pin string) (otp.Verdict, error) {
	defer p.begin()()
	return p.w.Provider.Verify(ctx, pinID, to, pin)
}

// begin pauses before a call; what it gives pauses before the call's answer.
func (p steppedProvider) begin() func() {
	p.pause(AtCall)
	p.w.Provider.Misbehave = func(Operation) Fault { return p.r.mishap.Provider }
	return func() {
		p.w.called(p.r, p.w.Provider.last())
		p.pause(AtAnswer)
	}
}

// readClock is the clock as one request sees it.
type readClock struct {
	w *World
	r *Request
}

func (c readClock) Now() time.Time {
	c.r.read = c.w.Clock.Now()
	return c.r.read
}
