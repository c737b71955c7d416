package guard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Admit implements otp.Guard.
func (g *Guard) Admit(ctx context.Context, a otp.Application) otp.Admission {
	d := &delivery{
		guard: g, application: a, read: make(chan struct{}),
		subject: subjectOf(a.To, a.Names, name(a.Names, "network", networkOf(a.Client))),
	}
	d.slots = g.rules.slots(d.subject)
	keys := make([]string, len(d.slots))
	for i, slot := range d.slots {
		keys[i] = slot.key
	}
	go func() {
		defer close(d.read)
		d.cells, d.readErr = g.cells.Read(ctx, keys)
	}()
	return d
}

// delivery is an otp.Admission.
type delivery struct {
	guard       *Guard
	application otp.Application
	subject     subject
	slots       []slot

	read chan struct{}
	// Set before read is closed.
	cells   []Cell
	readErr error

	// What was decided last, by Decide.
	sender    sender
	now       time.Time
	judged    judgement
	challenge challengeState

	// taken is what Charge took, by slot.
	taken []taken
}

// taken is what a charge took from one cell.
type taken struct {
	known bool
	room  bool
	// paid is zero where nothing was; ends is the window that it was paid in.
	paid Amount
	ends time.Time
}

// Mark implements otp.Admission: the network, to which the delivery's success is credited.
func (d *delivery) Mark() string {
	if d.guard.rules.Allowances.Network.Mode == Off {
		return ""
	}
	return d.subject.network
}

// Decide implements otp.Admission.
func (d *delivery) Decide(ctx context.Context, t otp.Terms) error {
	<-d.read
	if d.readErr != nil {
		return &otp.Error{Reason: otp.Unavailable, Err: d.readErr}
	}
	rules := d.guard.rules
	region := d.application.To.Region()
	d.now = d.guard.now()
	d.sender = sender{region: region, channel: t.Channel, known: t.Known, price: rules.Prices.of(t.Channel).of(region)}
	d.judged = rules.judge(d.slots, d.cells, d.sender, d.now)
	if d.judged.refused != nil {
		return d.judged.refused
	}
	if rules.Challenge != Always && !d.judged.suspicious {
		return nil
	}
	if err := d.solved(ctx); err != nil {
		return &otp.Error{Reason: otp.ChallengeRequired, Err: err}
	}
	return nil
}

// Charge implements otp.Admission.
func (d *delivery) Charge(ctx context.Context) error {
	d.taken = make([]taken, len(d.slots))
	refusals := make([]*otp.Error, len(d.slots))
	var all sync.WaitGroup
	for i := range d.slots {
		all.Go(func() { d.taken[i], refusals[i] = d.charge(ctx, d.slots[i], d.cells[i]) })
	}
	all.Wait()
	refused := gravest(refusals)
	if refused == nil {
		return nil
	}
	if lost := d.GiveBack(ctx, otp.NotSent); lost != nil {
		refused = &otp.Error{Reason: refused.Reason, RetryAfter: refused.RetryAfter, Err: errors.Join(refused.Err, lost)}
	}
	return refused
}

// maxTries bounds how often a change is made anew from what the cell is by then. Every
// further one needs somebody else to settle a room, or a window to begin, in between.
const maxTries = 5

var errUnsettled = errors.New("a cell would not settle")

// charge takes a delivery from one cell. The cell is as it was read; where it turns out to
// be another meanwhile, money is decided anew, and room is not: it was decided.
func (d *delivery) charge(ctx context.Context, s slot, c Cell) (taken, *otp.Error) {
	for range maxTries {
		change, took := d.plan(s, c)
		if change.Room == nil && change.Payment == nil {
			return taken{}, nil
		}
		if broke := s.broke(c, d.sender, d.now); broke > 0 {
			reason := otp.BudgetExhausted
			if s.kind == prefix {
				reason = otp.TrafficLimited
			}
			return taken{}, &otp.Error{Reason: reason, RetryAfter: roundUp(broke, quarter), Err: fmt.Errorf("no room: %s money", s.name)}
		}
		current, applied, err := d.guard.cells.Apply(ctx, s.key, change)
		if err != nil {
			return taken{}, &otp.Error{Reason: otp.Unavailable, Err: err}
		}
		if applied {
			return took, nil
		}
		c = current
	}
	return taken{}, &otp.Error{Reason: otp.Busy, Err: errUnsettled}
}

// plan returns what a delivery changes in one cell.
func (d *delivery) plan(s slot, c Cell) (Change, taken) {
	change, took := Change{Keep: s.keep(c, d.now)}, taken{known: d.sender.known}
	room := *c.room(d.sender.known)
	if s.allowance.Mode == Enforce || s.allowance.Mode == Record && s.allowance.level(room, d.now) >= milli {
		take := s.allowance.take(room, d.now)
		take.Known = d.sender.known
		change.Room, took.room = &take, true
	}
	change.Payment = s.payment(c, d.sender.price, d.sender.channel == otp.Email, d.sender.known, d.now)
	if p := change.Payment; p != nil {
		took.paid, took.ends = p.Price, c.Purse.Ends
		if p.Begins {
			took.ends = p.Ends
		}
	}
	return change, took
}

// gravest returns the refusal that says the most: that something cannot be reached, then
// that the money is spent. It returns nil where there is none.
func gravest(refusals []*otp.Error) *otp.Error {
	var first *otp.Error
	for _, reason := range []otp.Reason{otp.Unavailable, otp.BudgetExhausted} {
		for _, refused := range refusals {
			switch {
			case refused == nil:
			case refused.Reason == reason:
				return refused
			case first == nil:
				first = refused
			}
		}
	}
	return first
}

// GiveBack implements otp.Admission.
func (d *delivery) GiveBack(ctx context.Context, e otp.Effect) error {
	errs := make([]error, len(d.taken))
	var all sync.WaitGroup
	for i, took := range d.taken {
		all.Go(func() { errs[i] = d.giveBack(ctx, d.slots[i], took, e) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// giveBack puts back into one cell what was taken from it; where nobody knows whether a message
// is out, its price stays paid.
func (d *delivery) giveBack(ctx context.Context, s slot, took taken, e otp.Effect) error {
	change := Change{Once: true}
	if took.room {
		change.Room = &RoomChange{Known: took.known, Add: milli}
	}
	if took.paid > 0 && e != otp.Unknown {
		change.Refund = &Refund{Price: took.paid, Mail: d.sender.channel == otp.Email && s.kind == service, Ends: took.ends}
	}
	for change.Room != nil || change.Refund != nil {
		current, applied, err := d.guard.cells.Apply(ctx, s.key, change)
		if err != nil || applied {
			return err
		}
		// What it was taken from is gone: the window is over, or the cell was forgotten.
		gone := false
		if r := change.Refund; r != nil && !current.Purse.Ends.Equal(r.Ends) {
			change.Refund, gone = nil, true
		}
		if r := change.Room; r != nil && current.room(r.Known).At.IsZero() {
			change.Room, gone = nil, true
		}
		if !gone {
			return fmt.Errorf("giving back to %s: %w", s.name, errUnsettled)
		}
	}
	return nil
}

// Credit implements otp.Guard.
func (g *Guard) Credit(ctx context.Context, e otp.Earning) error {
	slots := g.rules.slots(subjectOf(e.To, e.Names, e.Mark))
	errs := make([]error, len(slots))
	var all sync.WaitGroup
	for i, slot := range slots {
		if slot.allowance.Mode != Off {
			all.Go(func() { errs[i] = g.credit(ctx, slot, e) })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

// credit tells one cell of a success. It is tried blind: nothing was read for it.
func (g *Guard) credit(ctx context.Context, s slot, e otp.Earning) error {
	known := !e.Before.IsZero()
	fresh := s.allowance.fresh(e.Before, e.At)
	if e.Sends == 0 && !fresh {
		return nil
	}
	room := s.allowance.blind(e.At)
	for range maxTries {
		change := s.allowance.credit(room, e.At, e.Sends, fresh)
		change.Known = known
		all := Change{Room: &change, Once: true}
		if change.Settles { // nothing is kept of this room: the cell begins
			all.Keep = s.keep(Cell{}, e.At)
		}
		current, applied, err := g.cells.Apply(ctx, s.key, all)
		if err != nil || applied {
			return err
		}
		room = *current.room(known)
	}
	return fmt.Errorf("crediting %s: %w", s.name, errUnsettled)
}

// now is the clock to the millisecond, which is what cells keep.
func (g *Guard) now() time.Time { return g.clock.Now().UTC().Truncate(time.Millisecond) }
