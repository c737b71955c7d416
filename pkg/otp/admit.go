package otp

import (
	"context"
	"errors"
)

// admit has the guard, if there is one, start to read what it knows of a delivery.
func (s *Service) admit(ctx context.Context, r *deliveryRequest) Admission {
	if s.Guard == nil {
		return unguarded{}
	}
	return s.Guard.Admit(ctx, Application{To: r.to, Client: r.Client, Names: r.Names, Challenge: r.challenge})
}

// unguarded lets everything through.
type unguarded struct{}

func (unguarded) Mark() string                           { return "" }
func (unguarded) Decide(context.Context, Terms) error    { return nil }
func (unguarded) Charge(context.Context) error           { return nil }
func (unguarded) GiveBack(context.Context, Effect) error { return nil }
func (unguarded) Findings() []Finding                    { return nil }

// fare is what a guard charges for one delivery. It is taken beside the save of the
// reservation, so that it costs the request no time, and once, however often that save
// meets a conflict.
type fare struct {
	admission Admission
	taken     chan struct{} // nil until the guard is asked to charge
	err       error         // of the charge, once taken is closed
	lost      error         // of giving back
}

// take starts to charge, unless that was done before.
func (f *fare) take(ctx context.Context) {
	if _, free := f.admission.(unguarded); free || f.taken != nil {
		return
	}
	f.taken = make(chan struct{})
	go func() {
		defer close(f.taken)
		f.err = f.admission.Charge(ctx)
	}()
}

// paid waits for the charge, if there was one.
func (f *fare) paid() error {
	if f.taken == nil {
		return nil
	}
	<-f.taken
	return f.err
}

// giveBack undoes a charge that took place.
func (f *fare) giveBack(ctx context.Context, e Effect) {
	if f.taken == nil || f.paid() != nil {
		return
	}
	f.lost = f.admission.GiveBack(ctx, e)
}

func (f *fare) findings() []Finding {
	found := f.admission.Findings()
	if f.lost != nil {
		found = append(found, Finding{"giveBack", "lost: " + f.lost.Error()})
	}
	return found
}

// effectOf is what is known of a delivery that failed.
func effectOf(callErr error) Effect {
	if errors.Is(callErr, ErrUnavailable) { // the provider was not asked, or refused the key
		return NotSent
	}
	return providerFailure(callErr).Effect
}
