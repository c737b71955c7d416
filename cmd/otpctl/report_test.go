package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(off string) time.Time {
	d, err := time.ParseDuration(off)
	if err != nil {
		panic(err)
	}
	return now.Add(d)
}

// attacked is a number that has been through much.
func attacked() otp.Ledger {
	return otp.Ledger{
		Sends: 2, WindowEnds: at("23h"), NextSendAt: at("-5s"), NextVerifyAt: at("2s"),
		Failures: []otp.Failures{{Client: "canary-c", Count: 30}, {Count: 20}}, LastFailureAt: at("-1m"), DisabledAt: at("-1m"),
		ForgetAt: at("2159h59m"),
		Verifications: []otp.Verification{
			{
				Delivery: otp.Delivery{ID: "OLDcanary-verification", Progress: otp.Sent, Channel: otp.SMS, StartedAt: at("-1h"), ResendAt: at("-59m")},
				State:    otp.StateActive, PinID: "canary-pinid", ExpiresAt: at("-50m"), Attempts: 5,
			},
			{
				Delivery: otp.Delivery{ID: "NEWcanary-verification", Progress: otp.Sent, Fingerprint: "canary-print", Channel: otp.Voice, Client: "canary-c", StartedAt: at("-90s")},
				State:    otp.StateActive, PinID: "canary-pinid", ExpiresAt: at("8m30s"), Attempts: 3, Charges: []otp.Charge{{RunID: "canary-run", Client: "canary-c"}},
				Resends: []otp.Delivery{{ID: "AGAINcanary-resend", RunID: "canary-run", Client: "canary-c", Progress: otp.InFlight, StartedAt: at("-60s")}},
			},
			{
				Delivery: otp.Delivery{ID: "DONEcanary-id", Progress: otp.Sent, Channel: otp.SMS, StartedAt: at("-80s")},
				State:    otp.StateVerified, SettledBy: "canary-settled", ExpiresAt: at("9m"), Attempts: 1,
			},
		},
	}
}

func subjectOf(state otp.Ledger) *subject {
	return &subject{
		table: tableNamed("otp"), key: "number#1#canary-key", keptBy: "in the secret otp", logName: "log-name",
		clock: clock{}, policy: otp.DefaultPolicy(), state: state,
	}
}

func printed(t *testing.T, state otp.Ledger, now time.Time) string {
	t.Helper()
	var out strings.Builder
	r := newReport(subjectOf(state), now)
	err := r.print(&out, now)
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestReport(t *testing.T) {
	want := `table        otp
phone key    in the secret otp
in logs      log-name
disabled     since 2026-11-24T11:59:00Z (1m00s ago)
failures     50 in a row, the last 2026-11-24T11:59:00Z (1m00s ago)
sends        2 in the window that ends 2026-11-25T11:00:00Z (in 23h00m)
next send    no pause
next verify  from 2026-11-24T12:00:02Z (in 2s)
remembered   until 2027-02-22T11:59:00Z (in 89d)

verification  state         last delivery  channel  attempts                started                         expires
OLDcan…       active, over  sent           sms      5                       2026-11-24T11:00:00Z (1h00m ago)  2026-11-24T11:10:00Z (50m00s ago)
NEWcan…       active        sent           voice    3 (1 without an outcome)  2026-11-24T11:58:30Z (1m30s ago)  2026-11-24T12:08:30Z (in 8m30s)
  AGAINc…     resend        in_flight                                       2026-11-24T11:59:00Z (1m00s ago)
DONEca…       verified      sent           sms      1                       2026-11-24T11:58:40Z (1m20s ago)  2026-11-24T12:09:00Z (in 9m00s)
`
	if diff := cmp.Diff(words(want), words(printed(t, attacked(), now))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// words are the lines with their columns one space apart.
func words(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

func TestReportOfLittle(t *testing.T) {
	for name, test := range map[string]struct {
		state otp.Ledger
		now   time.Time
		want  []string
	}{
		"never sent to":   {otp.Ledger{}, now, []string{"remembered nothing"}},
		"reset":           {otp.Ledger{ForgetAt: at("-1h")}, now, []string{"remembered nothing"}},
		"window over":     {otp.Ledger{Sends: 3, WindowEnds: at("-1s"), ForgetAt: at("1h")}, now, []string{"disabled no", "failures none", "sends none", "verifications none"}},
		"window ends now": {otp.Ledger{Sends: 3, WindowEnds: now, ForgetAt: at("1h")}, now, []string{"sends none"}},
		"limit reached":   {otp.Ledger{Failures: []otp.Failures{{Count: 25}, {Client: "c", Count: 25}}, ForgetAt: at("1h")}, now, []string{"disabled by its failures, which reach NUMBER_FAILURE_LIMIT (50 here)"}},
		"below the limit": {otp.Ledger{Failures: []otp.Failures{{Count: 24}, {Client: "c", Count: 25}}, ForgetAt: at("1h")}, now, []string{"disabled no"}},
		"waiting for TTL": {attacked(), at("2160h"), []string{"remembered until 2027-02-22T11:59:00Z (1m00s ago): nothing here counts any more, and the table will delete it"}},
		"code just expired": {attacked(), at("8m30s"), []string{"verification state last delivery channel attempts started expires",
			"NEWcan… active, over sent voice 3 (1 without an outcome) 2026-11-24T11:58:30Z (10m00s ago) 2026-11-24T12:08:30Z (0s ago)"}},
	} {
		got := words(printed(t, test.state, test.now))
		for _, want := range test.want {
			found := false
			for _, line := range got {
				found = found || line == want
			}
			if !found {
				t.Errorf("%s: no line %q in\n%s", name, want, strings.Join(got, "\n"))
			}
		}
	}
}

// Sends of a window that is over count no more, and are not reported.
func TestReportOfAWindowThatIsOver(t *testing.T) {
	if got := newReport(subjectOf(attacked()), at("23h")); got.Sends != 0 || !got.Remembered {
		t.Errorf("sends = %d, want 0", got.Sends)
	}
}

// TestReportTellsNoHandle: the report may be sent to somebody else.
func TestReportTellsNoHandle(t *testing.T) {
	raw, err := json.Marshal(newReport(subjectOf(attacked()), now))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"text": printed(t, attacked(), now), "JSON": string(raw)} {
		if strings.Contains(text, "canary-") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestReportAsJSON(t *testing.T) {
	raw, err := json.Marshal(newReport(subjectOf(attacked()), now))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	err = json.Unmarshal(raw, &got)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := got["verifications"].([]any)
	if len(all) != 3 {
		t.Fatalf("verifications = %v, want 3", got["verifications"])
	}
	second := all[1]
	delete(got, "verifications")
	if diff := cmp.Diff(map[string]any{
		"table": "otp", "phoneKeyFrom": "in the secret otp", "logName": "log-name", "remembered": true,
		"rememberedUntil": "2027-02-22T11:59:00Z", "disabled": true, "failureLimit": 50.0,
		"disabledAt": "2026-11-24T11:59:00Z", "failures": 50.0, "lastFailureAt": "2026-11-24T11:59:00Z",
		"sends": 2.0, "windowEnds": "2026-11-25T11:00:00Z", "nextSendAt": "2026-11-24T11:59:55Z", "nextVerifyAt": "2026-11-24T12:00:02Z",
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"id": "NEWcan…", "progress": "sent", "startedAt": "2026-11-24T11:58:30Z", "state": "active", "live": true, "channel": "voice",
		"attempts": 3.0, "pending": 1.0, "expiresAt": "2026-11-24T12:08:30Z",
		"resends": []any{map[string]any{"id": "AGAINc…", "progress": "in_flight", "startedAt": "2026-11-24T11:59:00Z"}},
	}, second); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReportOfNothingAsJSON(t *testing.T) {
	raw, err := json.Marshal(newReport(subjectOf(otp.Ledger{ForgetAt: at("-1h")}), now))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"table":"otp","phoneKeyFrom":"in the secret otp","logName":"log-name","remembered":false,"disabled":false,"failureLimit":50,"failures":0,"sends":0,"verifications":[]}`
	if string(raw) != want {
		t.Errorf("got %s, want %s", raw, want)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", time.Minute: "1m00s", 61 * time.Minute: "1h01m",
		47*time.Hour + 59*time.Minute: "47h59m", 48 * time.Hour: "2d", 400 * 24 * time.Hour: "400d",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
