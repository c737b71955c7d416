package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// report is what the state remembers of a number, for an operator. It has no handle of
// the provider's, and of ids only their beginning: what it shows can be told to others.
type report struct {
	Table      string `json:"table"`
	KeptBy     string `json:"phoneKeyFrom"`
	LogName    string `json:"logName"`
	Remembered bool   `json:"remembered"`
	// RememberedUntil is the item's TTL. Once it is past nothing here counts any more;
	// the table deletes it within days.
	RememberedUntil time.Time `json:"rememberedUntil,omitzero"`
	// Disabled may come before DisabledAt: when the last failure allowed was charged,
	// and nobody recorded its outcome. FailureLimit is that of this environment.
	Disabled      bool                 `json:"disabled"`
	FailureLimit  int                  `json:"failureLimit"`
	DisabledAt    time.Time            `json:"disabledAt,omitzero"`
	Failures      int                  `json:"failures"`
	LastFailureAt time.Time            `json:"lastFailureAt,omitzero"`
	Sends         int                  `json:"sends"`
	WindowEnds    time.Time            `json:"windowEnds,omitzero"`
	NextSendAt    time.Time            `json:"nextSendAt,omitzero"`
	NextVerifyAt  time.Time            `json:"nextVerifyAt,omitzero"`
	Verifications []verificationReport `json:"verifications"`
}

type verificationReport struct {
	deliveryReport
	State     otp.State        `json:"state"`
	Live      bool             `json:"live"`
	Channel   otp.Channel      `json:"channel"`
	Attempts  int              `json:"attempts"`
	Pending   int              `json:"pending"`
	ExpiresAt time.Time        `json:"expiresAt,omitzero"`
	Resends   []deliveryReport `json:"resends"`
}

type deliveryReport struct {
	ID        string       `json:"id"`
	Progress  otp.Progress `json:"progress"`
	StartedAt time.Time    `json:"startedAt,omitzero"`
}

func newReport(s *subject, now time.Time) report {
	r := report{
		Table: s.table.name, KeptBy: s.keptBy, LogName: s.logName,
		Remembered:    !s.state.IsZero(),
		Disabled:      s.state.Disabled(s.policy),
		FailureLimit:  s.policy.FailureLimit,
		DisabledAt:    second(s.state.DisabledAt),
		Failures:      failures(s.state),
		LastFailureAt: second(s.state.LastFailureAt),
		Sends:         s.state.Sends,
		WindowEnds:    second(s.state.WindowEnds),
		NextSendAt:    second(s.state.NextSendAt),
		NextVerifyAt:  second(s.state.NextVerifyAt),
		Verifications: []verificationReport{},
	}
	if r.Remembered {
		r.RememberedUntil = second(s.state.ForgetAt)
	}
	if !now.Before(s.state.WindowEnds) {
		r.Sends = 0 // that window is over
	}
	for i := range s.state.Verifications {
		v := &s.state.Verifications[i]
		reported := verificationReport{
			deliveryReport: newDeliveryReport(&v.Delivery),
			State:          v.State, Live: v.Live(now), Channel: v.Channel,
			Attempts: v.Attempts, Pending: len(v.Charges),
			ExpiresAt: second(v.ExpiresAt),
			Resends:   []deliveryReport{},
		}
		for j := range v.Resends {
			reported.Resends = append(reported.Resends, newDeliveryReport(&v.Resends[j]))
		}
		r.Verifications = append(r.Verifications, reported)
	}
	return r
}

func newDeliveryReport(d *otp.Delivery) deliveryReport {
	return deliveryReport{ID: abbreviated(d.ID), Progress: d.Progress, StartedAt: second(d.StartedAt)}
}

// abbreviated returns enough of an id to tell a number's few verifications apart, and not
// enough to use it.
func abbreviated(id string) string {
	const enough = 6
	if len(id) <= enough {
		return "…"
	}
	return id[:enough] + "…"
}

func (r *report) print(w io.Writer, now time.Time) error {
	out := &strings.Builder{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t"+format+"\n", append([]any{name}, args...)...)
	}
	line("table", "%s", r.Table)
	line("phone key", "%s", r.KeptBy)
	line("in logs", "%s", r.LogName)
	if !r.Remembered {
		line("remembered", "nothing")
	} else {
		line("disabled", "%s", r.disabled(now))
		line("failures", "%s", r.failures(now))
		line("sends", "%s", r.sends(now))
		line("next send", "%s", next(r.NextSendAt, now))
		line("next verify", "%s", next(r.NextVerifyAt, now))
		line("remembered", "%s", r.remembered(now))
		r.printVerifications(table, now)
	}
	_ = table.Flush() // into memory
	_, err := io.WriteString(w, out.String())
	if err != nil {
		return fails(fmt.Errorf("writing the report: %w", err))
	}
	return nil
}

func (r *report) printVerifications(table io.Writer, now time.Time) {
	if len(r.Verifications) == 0 {
		fmt.Fprintln(table, "verifications\tnone")
		return
	}
	fmt.Fprintln(table, "\nverification\tstate\tlast delivery\tchannel\tattempts\tstarted\texpires")
	for _, v := range r.Verifications {
		state, attempts := string(v.State), fmt.Sprint(v.Attempts)
		if underWay := v.State == otp.StateActive || v.State == otp.StateSending; underWay && !v.Live {
			state += ", over"
		}
		if v.Pending > 0 {
			attempts += fmt.Sprintf(" (%d without an outcome)", v.Pending)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, state, v.Progress, v.Channel, attempts,
			when(v.StartedAt, now), when(v.ExpiresAt, now))
		for _, d := range v.Resends {
			fmt.Fprintf(table, "  %s\tresend\t%s\t\t\t%s\t\n", d.ID, d.Progress, when(d.StartedAt, now))
		}
	}
}

func (r *report) disabled(now time.Time) string {
	switch {
	case !r.DisabledAt.IsZero():
		return "since " + when(r.DisabledAt, now)
	case r.Disabled:
		return fmt.Sprintf("by its failures, which reach NUMBER_FAILURE_LIMIT (%d here)", r.FailureLimit)
	}
	return "no"
}

func (r *report) remembered(now time.Time) string {
	until := "until " + when(r.RememberedUntil, now)
	if now.Before(r.RememberedUntil) {
		return until
	}
	return until + ": nothing here counts any more, and the table will delete it"
}

func (r *report) failures(now time.Time) string {
	if r.Failures == 0 {
		return "none"
	}
	return fmt.Sprintf("%d in a row, the last %s", r.Failures, when(r.LastFailureAt, now))
}

func (r *report) sends(now time.Time) string {
	if !now.Before(r.WindowEnds) {
		return "none"
	}
	return fmt.Sprintf("%d in the window that ends %s", r.Sends, when(r.WindowEnds, now))
}

// next says how long the pause before something still is.
func next(at, now time.Time) string {
	if !now.Before(at) {
		return "no pause"
	}
	return "from " + when(at, now)
}

// second returns a moment as it is reported: in UTC, with whole seconds.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// when returns a moment, and how far off it is.
func when(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	if off := t.Sub(now).Round(time.Second); off > 0 {
		return fmt.Sprintf("%s (in %s)", stamp(t), span(off))
	}
	return fmt.Sprintf("%s (%s ago)", stamp(t), span(now.Sub(t).Round(time.Second)))
}

// span returns a duration to a precision that a person can use.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
