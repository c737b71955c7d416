package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
)

// stillClock stands at the moment of the tests.
type stillClock struct{}

func (stillClock) Now() time.Time { return now }

// guardAt is the guard's commands at a moment, on a memory of their own.
type guardAt struct {
	guardCommand
	operator       guard.Operator
	stdout, stderr bytes.Buffer
}

func newGuardAt() *guardAt {
	g := &guardAt{operator: guard.Operator{Cells: cells.NewMemory(stillClock{})}}
	g.guardCommand = guardCommand{
		ui:     &tui{in: strings.NewReader(""), out: &g.stdout, err: &g.stderr},
		target: target{table: "otp"}, now: func() time.Time { return now },
	}
	return g
}

// does runs a command and checks what it says; an error says itself.
func (g *guardAt) does(t *testing.T, do func(*guardCommand, context.Context, guard.Operator) error, want ...string) {
	t.Helper()
	g.stdout.Reset()
	g.stderr.Reset()
	err := do(&g.guardCommand, t.Context(), g.operator)
	if err != nil {
		g.ui.fail(err)
	}
	got := g.stdout.String() + g.stderr.String()
	if wanted := strings.Join(want, "\n") + "\n"; got != wanted {
		t.Errorf("it said\n%swant\n%s", got, wanted)
	}
}

func TestGuardStopAndStart(t *testing.T) {
	g := newGuardAt()
	g.does(t, (*guardCommand).show, "table    otp", "stopped  nothing")

	g.region, g.until, g.reason = "AT", "90m", "pumped numbers"
	g.does(t, (*guardCommand).stop, "otpctl: stopped: everything to AT, until 2026-11-24T13:30:00Z (in 1h30m): pumped numbers")
	g.region, g.channel, g.until, g.reason = "", "voice", "", "calls"
	g.does(t, (*guardCommand).stop,
		"otpctl: stopped: voice, until guard start: calls",
		"otpctl: still stopped: everything to AT, until 2026-11-24T13:30:00Z (in 1h30m): pumped numbers")
	g.does(t, (*guardCommand).show,
		"table    otp",
		"stopped  everything to AT  since 2026-11-24T12:00:00Z (0s ago)  until 2026-11-24T13:30:00Z (in 1h30m)  pumped numbers",
		"stopped  voice             since 2026-11-24T12:00:00Z (0s ago)  until guard start                      calls")

	g.channel, g.reason = "", "all is calm"
	g.does(t, (*guardCommand).start,
		"otpctl: nothing to change: there is no stop of everything",
		"otpctl: still stopped: everything to AT, until 2026-11-24T13:30:00Z (in 1h30m): pumped numbers",
		"otpctl: still stopped: voice, until guard start: calls")
	g.region = "AT"
	g.does(t, (*guardCommand).start,
		"otpctl: started: everything to AT: all is calm",
		"otpctl: still stopped: voice, until guard start: calls")

	g.region, g.json = "", true
	g.does(t, (*guardCommand).show, `{
  "table": "otp",
  "stops": [
    {
      "channel": "voice",
      "since": "2026-11-24T12:00:00Z",
      "reason": "calls"
    }
  ],
  "lastStarted": {
    "region": "AT",
    "at": "2026-11-24T12:00:00Z",
    "reason": "all is calm"
  },
  "cells": [
    {
      "kind": "service",
      "left": 0,
      "most": 0,
      "knownLeft": 0,
      "knownMost": 0
    },
    {
      "kind": "service mail",
      "left": 0,
      "most": 0,
      "knownLeft": 0,
      "knownMost": 0
    }
  ]
}`)
	if !json.Valid(g.stdout.Bytes()) {
		t.Errorf("the report is no JSON: %s", g.stdout.String())
	}
}

func TestGuardOrdersThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ region, channel, until, reason, want string }{
		{"at", "", "", "x", `there is no region "at": use an ISO 3166 code in capitals such as AT, or 001`},
		{"", "fax", "", "x", `there is no channel "fax": use sms, voice or email`},
		{"", "", "tomorrow", "x", `"tomorrow" is neither a time such as 2026-12-01T08:00:00Z nor a duration such as 6h`},
		{"", "", "2026-11-24T12:00:00Z", "x", "a stop ends in the future"},
		{"", "", "0s", "x", "a stop ends in the future"},
		{"", "", "", "two\nlines", "a reason has 1 to 100 bytes of printable text in one line"},
	} {
		g := newGuardAt()
		g.region, g.channel, g.until, g.reason = c.region, c.channel, c.until, c.reason
		g.does(t, (*guardCommand).stop, "otpctl: error: "+c.want)
		g.until = ""
		if c.until == "" {
			g.does(t, (*guardCommand).start, "otpctl: error: "+c.want)
		}
		if service, err := g.operator.Service(t.Context()); err != nil || len(service.Orders.Stops) != 0 {
			t.Errorf("%+v left %v, %v", c, service.Orders, err)
		}
	}
}

// lostCells write and do not say so.
type lostCells struct{ guard.Cells }

func (l lostCells) Order(ctx context.Context, key string, o guard.Orders, was guard.Revision, keep time.Time) (bool, error) {
	_, err := l.Cells.Order(ctx, key, o, was, keep)
	return false, errors.Join(err, errors.New("the answer was lost"))
}

func TestGuardLostAnswerIsNotSaidToBeNothing(t *testing.T) {
	g := newGuardAt()
	g.operator.Cells = lostCells{g.operator.Cells}
	g.reason = "x"
	g.does(t, (*guardCommand).stop,
		"otpctl: error: writing the orders: the answer was lost",
		"otpctl: hint: run it again: it says whether the change was made")
}
