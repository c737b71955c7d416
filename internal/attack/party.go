package main

import (
	"errors"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// party is somebody whose sends are counted together.
type party struct {
	name     string
	requests int
	messages int
	money    guard.Amount
	verified int
	// What was refused, by whom.
	byGuard, byAddress, byNumber, byKind int
	// challenged counts those that were asked for a challenge.
	challenged int
	// solved counts those that then came with a solved one.
	solved int
	// sends are the moments of the messages, refusedAt and refusedLast those of the first
	// and the last refusal by the guard.
	sends                  []paid
	refusedAt, refusedLast time.Time
}

// paid is one message.
type paid struct {
	at    time.Time
	price guard.Amount
	// window is the end of the money's window that it was paid in.
	window time.Time
}

func (p *party) sent(at time.Time, price guard.Amount, window time.Time) {
	p.messages++
	p.money += price
	p.sends = append(p.sends, paid{at, price, window})
}

// asked counts a request, and returns why it was refused; empty if it was not.
func (p *party) asked(at time.Time, err error) otp.Reason {
	p.requests++
	if errors.Is(err, errAddress) {
		p.byAddress++
		return "address_limited"
	}
	failure, refused := errors.AsType[*otp.Error](err)
	if !refused {
		return ""
	}
	switch failure.Reason {
	case otp.TrafficLimited, otp.BudgetExhausted:
		p.byGuard++
		p.refusedLast = at
		if p.refusedAt.IsZero() {
			p.refusedAt = at
		}
	case otp.ChallengeRequired:
		p.challenged++
		if p.refusedAt.IsZero() {
			p.refusedAt = at
		}
	case otp.RecipientLimited, otp.CoolingDown:
		p.byNumber++
	case otp.ChannelNotAllowed, otp.RegionNotAllowed, otp.LineTypeNotAllowed:
		p.byKind++
	}
	return failure.Reason
}

// worst returns the most money that went in a window of SPEND_LIMIT.
func (p *party) worst() guard.Amount {
	var most guard.Amount
	sums := map[time.Time]guard.Amount{}
	for _, s := range p.sends {
		sums[s.window] += s.price
		most = max(most, sums[s.window])
	}
	return most
}

// between counts messages from a moment on, before another.
func (p *party) between(from, until time.Time) int {
	n := 0
	for _, s := range p.sends {
		if !s.at.Before(from) && s.at.Before(until) {
			n++
		}
	}
	return n
}
