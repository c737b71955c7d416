package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// refusalMetrics are the refusals that are counted by their code alone.
var refusalMetrics = map[string]telemetry.ID{
	"address_limited":                  telemetry.RefusedByAddress,
	reasons[otp.CoolingDown].code:      telemetry.RefusedByNumber, // of a verify too
	reasons[otp.RecipientLimited].code: telemetry.RefusedByNumber,
	reasons[otp.BudgetExhausted].code:  telemetry.RefusedByBudget,
	refuseOrigin.code:                  telemetry.RefusedByOrigin,
	reasons[otp.Unavailable].code:      telemetry.Unavailable,
}

// measure returns the metrics of a request, from its code, its cause and its trace. What
// was sent, and what it was worth, counts where Infobip was asked: so a repeat under a key
// counts neither.
func (r *request) measure(code string, cause error) telemetry.Measured {
	var m telemetry.Measured
	m.Count(telemetry.Requests)
	if id, ok := refusalMetrics[code]; ok {
		m.Count(id)
	}
	by := r.saw("by")
	switch {
	case by == "stop":
		m.Count(telemetry.SendsStopped)
	case code == reasons[otp.TrafficLimited].code, code == reasons[otp.ChallengeRequired].code && by != "":
		m.Count(telemetry.RefusedByAllowance)
	}
	switch {
	case r.trace.Test: // neither a send nor a verification: nothing went out, and nobody has a phone
		m.Count(telemetry.TestRequests)
	case r.method() == http.MethodPost:
		switch r.path {
		case RouteSend, RouteResend:
			r.measureSend(&m, code)
		case RouteVerify:
			r.measureVerify(&m, code)
		}
	}
	r.measureTrouble(&m, code, cause)
	return m
}

func (r *request) asked() bool { return r.trace.ProviderOutcome != "" }

func (r *request) measureSend(m *telemetry.Measured, code string) {
	if percent, ok := percentOf(r.saw("serviceSpent")); ok && !r.trace.Repeat {
		m.Set(telemetry.SpendLimitUsed, percent)
	}
	if !r.asked() {
		return
	}
	// A zero of each outcome, and of the successes that a conversion is counted from: an
	// alarm on a share must not wait for data of a metric that trouble leaves without any.
	m.Zero(telemetry.SendsOK, telemetry.SendsFailed, telemetry.SendsUnconfirmed, telemetry.SendsThrottled, telemetry.VerifiesOK)
	switch code {
	case codeOK:
		m.Count(telemetry.SendsOK)
	case reasons[otp.ProviderThrottled].code:
		m.Count(telemetry.SendsThrottled)
	case reasons[otp.SendUnconfirmed].code, refuseInternal.code:
		m.Count(telemetry.SendsUnconfirmed)
	default:
		m.Count(telemetry.SendsFailed)
	}
}

func (r *request) measureVerify(m *telemetry.Measured, code string) {
	if r.asked() {
		m.Zero(telemetry.VerifiesOK, telemetry.VerifiesWrong, telemetry.VerifiesFailed)
	}
	switch {
	case code == reasons[otp.InvalidOrExpired].code:
		m.Count(telemetry.VerifiesWrong)
	case !r.asked():
	case code == codeOK, code == refuseProof.code:
		m.Count(telemetry.VerifiesOK)
	default:
		m.Count(telemetry.VerifiesFailed)
		if r.trace.ProviderOutcome == otp.Verified.String() {
			m.Count(telemetry.Unrecorded)
		}
	}
}

func (r *request) measureTrouble(m *telemetry.Measured, code string, cause error) {
	if r.trace.Unrecorded {
		m.Count(telemetry.Unrecorded)
	}
	if r.trace.Disabled {
		m.Count(telemetry.NumbersDisabled)
	}
	if r.trace.Conflicts > 0 {
		m.Set(telemetry.Conflicts, float64(r.trace.Conflicts))
	}
	if r.asked() {
		m.Set(telemetry.ProviderTime, milliseconds(r.trace.ProviderTime))
	}
	if cause == nil {
		return
	}
	if errors.Is(cause, otp.ErrSecretUnreadable) {
		m.Count(telemetry.SecretUnreadable)
	}
	_, unsigned := errors.AsType[*proof.Error](cause)
	if unsigned || r.path == proof.KeySetPath && code == reasons[otp.Unavailable].code {
		m.Count(telemetry.SigningFailed)
	}
}

// saw returns what the guard found under a name; empty if nothing.
func (r *request) saw(name string) string {
	for _, f := range r.trace.Guard {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// percentOf reads the guard's "120.40/320.00", and reports whether it is that.
func percentOf(text string) (float64, bool) {
	part, whole, found := strings.Cut(text, "/")
	if !found {
		return 0, false
	}
	spent, err := strconv.ParseFloat(part, 64)
	most, err2 := strconv.ParseFloat(whole, 64)
	const hundred = 100
	if errors.Join(err, err2) != nil || most <= 0 {
		return 0, false
	}
	return hundred * spent / most, true
}
