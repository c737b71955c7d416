package guard

import (
	"context"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Admit implements otp.Guard.
func (g *Guard) Admit(ctx context.Context, a otp.Application) otp.Admission {
	d := &delivery{guard: g, application: a, read: make(chan struct{})}
	go func() {
		defer close(d.read)
		d.cells, d.err = g.cells.Read(ctx, []string{serviceKey})
	}()
	return d
}

// Credit implements otp.Guard.
func (*Guard) Credit(context.Context, otp.Earning) error { return nil }

// delivery is an otp.Admission.
type delivery struct {
	guard       *Guard
	application otp.Application

	read chan struct{}
	// Set before read is closed.
	cells []Cell
	err   error
}

// Mark implements otp.Admission.
func (*delivery) Mark() string { return "" }

// Decide implements otp.Admission.
func (d *delivery) Decide(_ context.Context, t otp.Terms) error {
	<-d.read
	if d.err != nil {
		return &otp.Error{Reason: otp.Unavailable, Err: d.err}
	}
	now := d.guard.clock.Now()
	stop, stopped := d.cells[0].Orders.stopped(now, d.application.To.Region(), t.Channel)
	if stopped {
		return stop.refusal(now)
	}
	return nil
}

// Charge implements otp.Admission.
func (*delivery) Charge(context.Context) error { return nil }

// GiveBack implements otp.Admission.
func (*delivery) GiveBack(context.Context, otp.Effect) error { return nil }

// Findings implements otp.Admission.
func (*delivery) Findings() []otp.Finding { return nil }
