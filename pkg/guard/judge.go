package guard

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// sender is what a delivery is judged by, beside its cells.
type sender struct {
	region  string
	channel otp.Channel
	price   Amount
	known   bool
}

// judgement is what the rules say of a delivery.
type judgement struct {
	// refused is nil for a delivery that may pass.
	refused *otp.Error
	// suspicious: it may pass with a solved challenge.
	suspicious bool
	// by names the rule that refused or suspects, for the log.
	by string
}

// quarter is what waits are rounded up to: a client has no use for less, and no business to
// read a counter from it.
const quarter = 15 * time.Minute

// judge decides about a delivery from its cells as they were read. It comes in the order in
// which a refusal says the most: an operator's stop, money, and then room. What no solved
// challenge could change is never answered by asking for one.
func (r Rules) judge(slots []slot, cells []Cell, s sender, now time.Time) judgement {
	whole := cells[len(cells)-1]
	if stop, stopped := whole.Orders.stopped(now, s.region, s.channel); stopped {
		return judgement{refused: stop.refusal(now), by: "stop"}
	}
	var money, tenth, room judgement
	suspect := judgement{}
	for i, slot := range slots {
		if broke := slot.broke(cells[i], s, now); broke > 0 {
			if slot.kind == prefix {
				tenth = tenth.longer(otp.TrafficLimited, broke, slot.name+" money")
			} else {
				money = money.longer(otp.BudgetExhausted, broke, slot.name+" money")
			}
		}
		if r.Challenge == Suspicious && suspect.by == "" && slot.wary(cells[i], s, now) {
			suspect = judgement{suspicious: true, by: slot.name + " money"}
		}
		if slot.allowance.Mode != Enforce {
			continue
		}
		wait, suspicious := r.full(slot.allowance, cells[i], s.known, now)
		if wait > 0 {
			room = room.longer(otp.TrafficLimited, wait, slot.name)
		}
		if suspicious && suspect.by == "" {
			suspect = judgement{suspicious: true, by: slot.name}
		}
	}
	for _, j := range []judgement{money, tenth, room} {
		if j.refused != nil {
			j.refused.RetryAfter = roundUp(j.refused.RetryAfter, quarter)
			return j
		}
	}
	return suspect
}

// longer returns the refusal with the longer wait.
func (j judgement) longer(reason otp.Reason, wait time.Duration, by string) judgement {
	if j.refused != nil && j.refused.RetryAfter >= wait {
		return j
	}
	return judgement{refused: &otp.Error{Reason: reason, RetryAfter: wait, Err: fmt.Errorf("no room: %s", by)}, by: by}
}

func roundUp(d, step time.Duration) time.Duration {
	return (d + step - 1).Truncate(step)
}

// broke returns how long it takes until a slot's purse can pay a delivery; zero if it can.
func (s slot) broke(c Cell, from sender, now time.Time) time.Duration {
	payment := s.payment(c, from.price, from.channel == otp.Email, from.known, now)
	if payment == nil {
		return 0
	}
	if _, ok := payment.apply(c.Purse); ok {
		return 0
	}
	if payment.Begins { // a message that is dearer than all that may be spent
		return s.limit.Window
	}
	return c.Purse.Ends.Sub(now)
}

// wary reports whether a delivery passes half of what strangers may spend of a slot's limit.
// From there on, where there is a challenge, everybody solves one: nothing else stops robots
// that verify what they send to themselves, and so make room, and of a limit of three honest
// days the other half is still one. Known numbers are asked as well, or the answer would tell
// who is one.
func (s slot) wary(c Cell, from sender, now time.Time) bool {
	payment := s.payment(c, from.price, from.channel == otp.Email, false, now)
	if payment == nil || s.kind == prefix {
		return false
	}
	const half = 2
	payment.Most /= half
	_, ok := payment.apply(c.Purse)
	return !ok
}

// full returns how long it takes until a cell has room for a delivery, zero if it has, and
// whether the delivery passes with a solved challenge only.
//
// With a challenge the room goes as far below zero as it can hold above. Strangers' room
// counts for known numbers too then, or the answer would tell who is one.
func (r Rules) full(a Allowance, c Cell, known bool, now time.Time) (time.Duration, bool) {
	room := *c.room(known)
	if r.Challenge != Suspicious {
		return a.wait(room, now, milli), false
	}
	suspicious := a.level(room, now) < milli || a.level(c.Strangers, now) < milli
	return a.wait(room, now, milli-a.most(room, now)), suspicious
}

var errNoChallenge = errors.New("no challenge was solved")
