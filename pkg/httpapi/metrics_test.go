package httpapi_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

var metricsTarget = telemetry.Target{Namespace: "InfobipOTP", Stage: "test"}

// metrics of the newest line, by name. Requests, which all have, and counts of nothing are
// left out.
func (r *rig) metrics() map[string]float64 {
	r.tb.Helper()
	line, found := r.lastLine(), map[string]float64{}
	for _, m := range telemetry.Metrics() {
		value, ok := line[m.Name].(float64)
		if ok && m.Name != "Requests" && (value != 0 || m.Unit != telemetry.Count) {
			found[m.Name] = value
		}
	}
	if line["Requests"] != 1.0 || line["Stage"] != "test" {
		r.tb.Errorf("the line has Requests %v and Stage %v", line["Requests"], line["Stage"])
	}
	return found
}

func (r *rig) wantMetrics(what string, want map[string]float64) {
	r.tb.Helper()
	if diff := cmp.Diff(want, r.metrics()); diff != "" {
		r.tb.Errorf("metrics of %s (-want +got):\n%s", what, diff)
	}
}

// wantZeros checks that a share of outcomes has data whatever the outcome is.
func (r *rig) wantZeros(names ...string) {
	r.tb.Helper()
	for line := r.lastLine(); len(names) > 0; names = names[1:] {
		if _, there := line[names[0]].(float64); !there {
			r.tb.Errorf("the line has no %s: %v", names[0], line)
		}
	}
}

type counts = map[string]float64

// TestMetricsOfSends: an outcome counts with the request that Infobip was asked for, and
// with no repeat of it.
func TestMetricsOfSends(t *testing.T) {
	for name, c := range map[string]struct {
		inject func(*rig)
		want   counts
	}{
		"sent":        {func(r *rig) { r.fault(simulator.Fault{Operation: "send", Delay: "120ms"}) }, counts{"SendsOK": 1, "ProviderTime": 120}},
		"refused":     {func(r *rig) { r.fault(simulator.Fault{Operation: "send", Status: 400}) }, counts{"SendsFailed": 1, "ProviderTime": 0}},
		"lost":        {func(r *rig) { r.fault(simulator.Fault{Operation: "send", Delay: "6s"}) }, counts{"SendsUnconfirmed": 1, "ProviderTime": 5000}},
		"throttled":   {func(r *rig) { r.fault(simulator.Fault{Operation: "send", Status: 429}) }, counts{"SendsThrottled": 1, "ProviderTime": 0}},
		"not saved":   {func(r *rig) { r.store.save.set(fromCall(2, failing)) }, counts{"SendsUnconfirmed": 1, "Unrecorded": 1, "ProviderTime": 0}},
		"key refused": {func(r *rig) { r.fault(simulator.Fault{Operation: "send", Status: 401, Times: 2}) }, counts{"SendsFailed": 1, "ProviderTime": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				c.inject(r)
				r.post(httpapi.RouteSend, sendBody(number), withHeader("idempotency-key", idempotent))
				r.wantMetrics("a send", c.want)
				r.wantZeros("SendsOK", "SendsFailed", "SendsUnconfirmed", "SendsThrottled", "VerifiesOK")
				r.mend()
				calls := r.calls("send")
				r.post(httpapi.RouteSend, sendBody(number), withHeader("idempotency-key", idempotent))
				got := r.metrics()
				if r.calls("send") == calls && (len(got) > 0 && got["RefusedByNumber"] == 0 || got["SendsOK"] != 0) {
					t.Errorf("a repeat that sent nothing counts %v", got)
				}
			})
		})
	}
}

func TestMetricsOfVerifies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{fails: 1}
		r := newRig(t, proving(t, i))
		r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
		pin, key := r.pin(), withHeader("idempotency-key", idempotent)
		verify := func(pin, what string, want counts, changes ...change) response {
			t.Helper()
			got := r.post(httpapi.RouteVerify, verifyBody(number, pin), changes...)
			r.wantMetrics(what, want)
			r.clock.Advance(otp.DefaultPolicy().VerifySpacing)
			return got
		}
		verify(wrong(pin), "a wrong PIN", counts{"VerifiesWrong": 1, "ProviderTime": 0})
		r.wantZeros("VerifiesOK", "VerifiesWrong", "VerifiesFailed")
		r.fault(simulator.Fault{Operation: "verify", Status: 401, Times: 2})
		verify(pin, "a verify without an answer", counts{"VerifiesFailed": 1, "ProviderTime": 0})
		verify(pin, "a success without a proof", counts{"VerifiesOK": 1, "SigningFailed": 1, "ProviderTime": 0}, key)
		verify(pin, "its repeat", counts{}, key).wantOK(t)
		verify(pin, "a used PIN", counts{"VerifiesWrong": 1})

		r.post(httpapi.RouteSend, sendBody(number2)).wantOK(t)
		r.store.save.set(fromCall(2, failing))
		r.post(httpapi.RouteVerify, verifyBody(number2, r.pin()))
		r.wantMetrics("a right PIN that was not saved", counts{"VerifiesFailed": 1, "Unrecorded": 1, "Unavailable": 1, "ProviderTime": 0})
	})
}

// telling is a sender that tells of a guard's findings, and refuses.
type telling struct {
	err   error
	trace otp.Trace
}

func (s telling) Send(_ context.Context, r otp.SendRequest) (otp.Receipt, error) {
	*r.Trace = s.trace
	return otp.Receipt{}, s.err
}

func (s telling) Resend(_ context.Context, r otp.ResendRequest) (otp.Receipt, error) {
	*r.Trace = s.trace
	return otp.Receipt{}, s.err
}

// TestMetricsOfTheGuard: a stop is told from a room, a challenge from one that everybody
// gets, and money is a gauge.
func TestMetricsOfTheGuard(t *testing.T) {
	for name, c := range map[string]struct {
		reason otp.Reason
		by     string
		spent  string
		want   counts
	}{
		"stop":             {otp.TrafficLimited, "stop", "", counts{"SendsStopped": 1}},
		"room":             {otp.TrafficLimited, "region", "12.50/50.00", counts{"RefusedByAllowance": 1, "SpendLimitUsed": 25}},
		"challenge":        {otp.ChallengeRequired, "network", "", counts{"RefusedByAllowance": 1}},
		"always challenge": {otp.ChallengeRequired, "", "", counts{}},
		"money":            {otp.BudgetExhausted, "service money", "50.00/50.00", counts{"RefusedByBudget": 1, "SpendLimitUsed": 100}},
		"region":           {otp.RegionNotAllowed, "", "", counts{}},
		"no amount":        {otp.CoolingDown, "", "0.00/0.00", counts{"RefusedByNumber": 1}},
		"half an amount":   {otp.CoolingDown, "", "1/x", counts{"RefusedByNumber": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				said := telling{err: &otp.Error{Reason: c.reason}}
				for finding, value := range map[string]string{"by": c.by, "serviceSpent": c.spent} {
					if value != "" {
						said.trace.Guard = append(said.trace.Guard, otp.Finding{Name: finding, Value: value})
					}
				}
				r := newRig(t, func(s *setup) { s.sender = said })
				r.post(httpapi.RouteSend, sendBody(number))
				r.wantMetrics("a refused send", c.want)

				said.err, said.trace.Repeat = nil, true
				r = newRig(t, func(s *setup) { s.sender = said })
				r.post(httpapi.RouteResend, resendBody(number, possibleID)).wantOK(t)
				if got := r.metrics(); got["SpendLimitUsed"] != 0 || got["SendsOK"] != 0 {
					t.Errorf("a repeat counts %v", got)
				}
			})
		})
	}
}

// unpublished is a key that KMS does not give.
type unpublished struct{}

func (unpublished) KeyID() string { return "key" }
func (unpublished) Read(context.Context) (*rsa.PublicKey, error) {
	return nil, errors.New("a fault of the test")
}

// TestMetricsOfTrouble, and of what never gets as far as the domain.
func TestMetricsOfTrouble(t *testing.T) {
	conflict := func(_ context.Context, _ func() error) error { return &otp.Conflict{} }
	send := func(r *rig) { r.post(httpapi.RouteSend, sendBody(number)) }
	get := func(path string) func(*rig) { return func(r *rig) { r.do(event(http.MethodGet, path, "")) } }
	for name, c := range map[string]struct {
		change func(*setup)
		inject func(*rig)
		ask    func(*rig)
		want   counts
	}{
		"form":     {ask: func(r *rig) { r.post(httpapi.RouteSend, "{") }, want: counts{}},
		"banner":   {ask: get(httpapi.RouteBanner), want: counts{}},
		"unknown":  {ask: get("/nowhere"), want: counts{}},
		"table":    {inject: func(r *rig) { r.store.load.set(fromCall(1, failing)) }, ask: send, want: counts{"Unavailable": 1}},
		"secret":   {inject: func(r *rig) { r.secret.set(fromCall(1, failing)) }, ask: send, want: counts{"Unavailable": 1, "SecretUnreadable": 1}},
		"conflict": {inject: func(r *rig) { r.store.save.set(only(1, conflict)) }, ask: send, want: counts{"SendsOK": 1, "Conflicts": 1, "ProviderTime": 0}},
		"address": {change: func(s *setup) { s.sendLimit = rate.Rate{Attempts: 1, Window: 1e9} }, ask: func(r *rig) {
			send(r)
			r.post(httpapi.RouteSend, sendBody(number2))
		}, want: counts{"RefusedByAddress": 1}},
		"number": {ask: func(r *rig) { send(r); send(r) }, want: counts{"RefusedByNumber": 1}},
		"origin": {change: func(s *setup) { s.client.Header = "X-Client-Address" }, ask: send, want: counts{"RefusedByOrigin": 1}},
		"closed": {change: func(s *setup) { s.policy.FailureLimit = 1 }, ask: func(r *rig) {
			send(r)
			r.post(httpapi.RouteVerify, verifyBody(number, wrong(r.pin())))
		}, want: counts{"VerifiesWrong": 1, "NumbersDisabled": 1, "ProviderTime": 0}},
		"key set": {
			change: func(s *setup) {
				s.published = proof.NewPublished(proofIssuer, simulator.NewClock(), discarding(), unpublished{})
			},
			ask: get(proof.KeySetPath), want: counts{"Unavailable": 1, "SigningFailed": 1},
		},
		"quiet log": {change: func(s *setup) { s.logLevel = "FATAL" }, ask: send, want: counts{"SendsOK": 1, "ProviderTime": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(s *setup) {
					if c.change != nil {
						c.change(s)
					}
				})
				if c.inject != nil {
					c.inject(r)
				}
				c.ask(r)
				r.wantMetrics(name, c.want)
			})
		})
	}
}

// TestEveryMetricIsEmitted by a test of this file or of test recipients, so that none is
// declared that nobody ever sees.
func TestEveryMetricIsEmitted(t *testing.T) {
	source := readFile(t, "metrics_test.go") + readFile(t, "testrecipients_test.go")
	for _, m := range telemetry.Metrics() {
		if !strings.Contains(source, fmt.Sprintf("%q: ", m.Name)) && m.Name != "Requests" {
			t.Errorf("no test has %s emitted", m.Name)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func discarding() *slog.Logger { return slog.New(slog.DiscardHandler) }
