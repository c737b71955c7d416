package otptest

import (
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// delivery is a charged send or resend.
type delivery struct {
	by   *Request
	code *Request // the send whose code it delivers
	at   time.Time
	// The ends of the windows it was charged to.
	windowEnds, clientEnds, totalEnds time.Time

	resendAt time.Time
	fate     fate
	returned bool // a success gave it back to the recipient
	own      bool // and to its client
	gone     bool // nothing refers to it any more
}

// fate is what became of a delivery.
type fate int

const (
	open fate = iota
	sent
	lost
	notSent
	turnedAway
	withdrawn
)

// underWay reports whether a delivery's asker may still be there.
func (m *model) underWay(d delivery, now time.Time) bool {
	return d.fate == open && now.Before(d.at.Add(m.policy.SendTimeout))
}

// shared reports whether a delivery counts among the recipient's sends.
func (m *model) shared(d delivery, now time.Time) bool {
	return !d.returned && (d.fate == sent || m.underWay(d, now))
}

// ofClient reports whether a delivery counts as its client's.
func (m *model) ofClient(d delivery, now time.Time) bool {
	return !d.own && (d.fate == sent || m.underWay(d, now))
}

// unsure reports whether nobody knows of a delivery, and none has succeeded since.
func (m *model) unsure(d delivery, now time.Time) bool {
	return !d.returned && (d.fate == lost || d.fate == open && !m.underWay(d, now))
}

// count counts a window's deliveries, and says when the window ends: a new one's end if
// none is running. A window runs as long as one of those that make it is in it.
func (m *model) count(now time.Time, limit rate.Rate, ends func(delivery) time.Time, makes, counts func(delivery) bool) (time.Time, int) {
	end, n := now.Add(limit.Window), 0
	for _, d := range m.deliveries {
		if now.Before(ends(d)) && makes(d) {
			end = ends(d)
			if counts(d) {
				n++
			}
		}
	}
	return end, n
}

// budgets are the windows of a recipient as a client meets them.
type budgets struct {
	windowEnds, clientEnds, totalEnds time.Time
	sends, unsure, client, total      int
}

func (m *model) budgets(client string, now time.Time) budgets {
	var b budgets
	all := func(delivery) bool { return true }
	shared := func(d delivery) bool { return m.shared(d, now) }
	ofWindow := func(d delivery) time.Time { return d.windowEnds }
	b.windowEnds, b.sends = m.count(now, m.policy.SendLimit, ofWindow, all, shared)
	_, b.unsure = m.count(now, m.policy.SendLimit, ofWindow, all, func(d delivery) bool { return m.unsure(d, now) })
	b.clientEnds, b.client = m.count(now, m.policy.ClientSendLimit, func(d delivery) time.Time { return d.clientEnds },
		func(d delivery) bool { return d.by.Client == client && m.ofClient(d, now) }, func(delivery) bool { return true })
	b.totalEnds, b.total = m.count(now, m.policy.TotalLimit, func(d delivery) time.Time { return d.totalEnds }, all,
		func(d delivery) bool { return d.fate == sent || d.fate == open || d.fate == lost })
	return b
}

func (m *model) delivery(by *Request) *delivery {
	for i := range m.deliveries {
		if m.deliveries[i].by == by {
			return &m.deliveries[i]
		}
	}
	return nil
}

// remembers reports whether there is still something to record a delivery's outcome in.
func (m *model) remembers(by *Request) bool {
	d := m.delivery(by)
	return d != nil && !d.gone
}

// keyed finds the delivery that an idempotency key already stands for.
func (m *model) keyed(r *Request) *delivery {
	for i := range m.deliveries {
		d := &m.deliveries[i]
		if r.Key != "" && d.by.Key == r.Key && d.by.Operation == r.Operation && !d.gone {
			return d
		}
	}
	return nil
}

// asks reports whether a request under the delivery's key is the same once more.
func (d *delivery) asks(r *Request) bool { return d.by.Voice == r.Voice && sameID(d.by.Of, r.Of) }

// repeated says what a send or resend gets whose key stands for a real delivery; false if
// it is to be carried out.
func (m *model) repeated(r *Request, now time.Time) (decision, bool) {
	d := m.keyed(r)
	if d != nil && r.Operation == Resend && !m.code(d.code).live(now) && (d.asks(r) || d.fate == notSent || d.fate == turnedAway) {
		d = nil // of an ended code only the key is still taken
	}
	if d != nil {
		c := m.code(d.code)
		over := c.ended == otp.StateVerified || c.ended == otp.StateLocked || c.ended == otp.StateExpired || !now.Before(c.expires)
		switch {
		case !d.asks(r):
			return decision{reason: otp.KeyReused}, true
		case r.Operation == Send && over && d.fate != notSent && d.fate != turnedAway:
			return decision{reason: otp.KeyExpired}, true
		case d.fate == sent:
			return decision{repeat: true, of: d.by}, true
		case m.underWay(*d, now):
			return decision{reason: otp.KeyInUse, wait: d.at.Add(m.policy.SendTimeout).Sub(now)}, true
		case d.fate == open || d.fate == lost:
			return decision{reason: otp.SendUnconfirmed, wait: d.resendAt.Sub(now)}, true
		case d.fate == notSent:
			return decision{reason: otp.SendFailed}, true
		case now.Before(d.resendAt):
			return decision{reason: otp.ProviderThrottled, wait: d.resendAt.Sub(now)}, true
		}
	}
	return decision{}, false
}

// deliver says what a send or resend gets.
func (m *model) deliver(r *Request, now time.Time) decision {
	if r.Voice && r.To.Kind() != recipient.Phone {
		return decision{reason: otp.ChannelMismatch}
	}
	if d, over := m.repeated(r, now); over {
		return d
	}
	if r.Operation == Send {
		m.rememberedTests(now)
		if d, over := m.keyedTest(r, now); over {
			return d
		}
	}
	if r.Operation == Resend && !m.usable(m.named(r.Of), now) {
		return decision{reason: otp.InvalidOrExpired}
	}
	if m.disabled(now) {
		return decision{reason: otp.RecipientLimited, wait: m.opensAt().Sub(now)}
	}
	b := m.budgets(r.Client, now)
	var until time.Time
	for _, window := range []struct {
		used, limit int
		ends        time.Time
	}{
		{b.sends, m.policy.SendLimit.Attempts, b.windowEnds},
		{b.client, m.policy.ClientSendLimit.Attempts, b.clientEnds},
		{b.total, m.policy.TotalLimit.Attempts, b.totalEnds},
	} {
		if window.used >= window.limit && window.ends.After(until) {
			until = window.ends
		}
	}
	if !until.IsZero() {
		return decision{reason: otp.RecipientLimited, wait: until.Sub(now)}
	}
	if len(m.deliveries) > 0 {
		if next := m.deliveries[len(m.deliveries)-1].resendAt; now.Before(next) {
			return decision{reason: otp.CoolingDown, wait: next.Sub(now)}
		}
	}
	return decision{}
}

// charge applies a send or resend that is carried out.
func (m *model) charge(r *Request, now time.Time) {
	m.forget(now)
	b := m.budgets(r.Client, now)
	began := b.windowEnds.Add(-m.policy.SendLimit.Window)
	d := delivery{
		by: r, code: r, at: now, windowEnds: b.windowEnds, clientEnds: b.clientEnds, totalEnds: b.totalEnds,
		resendAt: now.Add(m.cooldown(b.sends + b.unsure + 1)),
	}
	m.drop(func(old delivery) bool { return old.fate == notSent || old.fate == turnedAway })
	for i := range m.codes {
		c := &m.codes[i]
		send := m.delivery(c.send)
		if send.gone || !now.Before(c.expires) && send.at.Before(began) {
			c.gone = true
			m.drop(func(old delivery) bool { return old.code == c.send })
		}
	}
	if r.Operation == Resend {
		d.code = m.named(r.Of).send
	} else {
		m.codes = append(m.codes, code{send: r, life: now.Add(m.policy.PINTTL), expires: now.Add(m.policy.PINTTL)})
	}
	m.deliveries = append(m.deliveries, d)
}

func (m *model) cooldown(sends int) time.Duration {
	pause := m.policy.SendCooldown << (sends - 1)
	const most = 10 * time.Minute
	if pause > most {
		return max(most, m.policy.SendCooldown)
	}
	return pause
}

func (m *model) drop(which func(delivery) bool) {
	for i := range m.deliveries {
		if which(m.deliveries[i]) {
			m.deliveries[i].gone = true
		}
	}
}

// concluded applies what the provider said of a delivery.
func (m *model) concluded(r *Request, f fate, unknownCode bool) {
	d := m.delivery(r)
	c := m.code(d.code)
	d.fate = f
	switch {
	case c == nil || c.ended != "":
	case f == sent:
		c.active, c.handle = true, r.call.PinID
	case r.Operation == Send && (f == notSent || f == turnedAway):
		c.closed, c.ended = true, otp.StateFailed
	case unknownCode && c.active && c.handle == r.call.PinID:
		c.closed = true
		m.end(c, otp.StateExpired)
	}
}
