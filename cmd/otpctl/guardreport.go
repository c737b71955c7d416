package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// guardReport is what the guard sees, for an operator.
type guardReport struct {
	Table   string       `json:"table"`
	Stops   []stopReport `json:"stops"`
	Started *startReport `json:"lastStarted,omitempty"`
}

type stopReport struct {
	Region  string    `json:"region,omitempty"`
	Channel string    `json:"channel,omitempty"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"`
	Reason  string    `json:"reason"`

	scope guard.Scope
}

type startReport struct {
	Region  string    `json:"region,omitempty"`
	Channel string    `json:"channel,omitempty"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`

	scope guard.Scope
}

func newGuardReport(table string, orders guard.Orders, now time.Time) guardReport {
	r := guardReport{Table: table, Stops: []stopReport{}}
	for _, s := range orders.Active(now) {
		reported := stopReport{Region: s.Region, Channel: string(s.Channel), Since: second(s.Since), Reason: s.Reason, scope: s.Scope}
		if !s.Until.IsZero() {
			reported.Until = second(s.Until)
		}
		r.Stops = append(r.Stops, reported)
	}
	if s := orders.Started; s != (guard.Start{}) {
		r.Started = &startReport{Region: s.Region, Channel: string(s.Channel), At: second(s.At), Reason: s.Reason, scope: s.Scope}
	}
	return r
}

func (g *guardCommand) show(ctx context.Context, operator guard.Operator) error {
	orders, err := operator.Orders(ctx)
	if err != nil {
		return g.explain(err)
	}
	now := g.now()
	r := newGuardReport(g.target.table, orders, now)
	if !g.json {
		return r.print(g.ui.out, now)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fails(fmt.Errorf("writing the report: %w", err))
	}
	g.ui.emit("%s", text)
	return nil
}

func (r *guardReport) print(w io.Writer, now time.Time) error {
	out := &strings.Builder{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "table\t%s\n", r.Table)
	if len(r.Stops) == 0 {
		fmt.Fprintln(table, "stopped\tnothing")
	}
	for _, s := range r.Stops {
		fmt.Fprintf(table, "stopped\t%s\tsince %s\t%s\t%s\n", s.scope, when(s.Since, now), ends(s.Until, now), s.Reason)
	}
	if s := r.Started; s != nil {
		fmt.Fprintf(table, "last started\t%s\t%s\t\t%s\n", s.scope, when(s.At, now), s.Reason)
	}
	_ = table.Flush() // into memory
	_, err := io.WriteString(w, out.String())
	if err != nil {
		return fails(fmt.Errorf("writing the report: %w", err))
	}
	return nil
}
