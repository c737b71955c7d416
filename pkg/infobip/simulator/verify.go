package simulator

import (
	"net/http"
	"time"
)

// The values of pinError that the vendor once listed.
const (
	wrongPIN       = "WRONG_PIN"
	ttlExpired     = "TTL_EXPIRED"
	noMoreAttempts = "NO_MORE_PIN_ATTEMPTS"
)

// alreadyVerified is the id of an error, not a pinError.
const alreadyVerified = "PIN_ALREADY_VERIFIED"

type verifyRequest struct {
	PIN string `json:"pin"`
}

type verifyAnswer struct {
	PINID             string `json:"pinId"`
	MSISDN            string `json:"msisdn"`
	Verified          bool   `json:"verified"`
	AttemptsRemaining int    `json:"attemptsRemaining"`
	PINError          string `json:"pinError,omitzero"`
}

// verify compares a PIN. The order of the checks is the contract's: body, pinId,
// rate, life, tries, comparison.
func (s *Simulator) verify(c *call) (answer, *refusal) {
	var request verifyRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	if request.PIN == "" {
		blank := invalid("pin", "must not be blank")
		return answer{}, &blank
	}
	asked, refused := s.pin(c.ids["pinId"])
	if refused != nil {
		return answer{}, refused
	}
	app, refused := s.application(asked.applicationID)
	if refused != nil {
		return answer{}, refused
	}
	now := s.now()
	key := "verify/" + app.ID + "/" + asked.destination
	if s.windows.full(key, app.rules.verifyLimit, now) {
		return answer{}, s.limitPassed()
	}
	s.windows.add(key, app.rules.verifyLimit, now)

	if s.options.ExpiredNotFound && !now.Before(asked.expiresAt) {
		missing := refuse(http.StatusNotFound).withText("PIN not found")
		return answer{}, &missing
	}
	pinError := ""
	if c.fault != nil && c.fault.PINError != nil {
		pinError = *c.fault.PINError
	} else {
		pinError = s.compare(asked, app.rules, request.PIN, now)
		if pinError == alreadyVerified {
			used := refuse(s.options.VerifiedStatus).withText("PIN already verified")
			used.messageID = alreadyVerified
			return answer{}, &used
		}
	}
	result := verifyAnswer{
		PINID: c.fault.pinIDFor(asked.id), MSISDN: asked.destination,
		Verified: pinError == "", AttemptsRemaining: asked.tries, PINError: pinError,
	}
	if result.Verified && !s.options.TrueRemainder {
		result.AttemptsRemaining = 0
	}
	return succeed(http.StatusOK, result), nil
}

// compare returns the reason why the PIN does not verify, or nothing if it does.
func (s *Simulator) compare(asked *pin, rules rules, given string, now time.Time) string {
	switch {
	case !now.Before(asked.expiresAt):
		return ttlExpired
	case asked.tries <= 0:
		return noMoreAttempts
	case !rules.allowMultiple && !asked.verifiedAt.IsZero():
		return alreadyVerified
	case sameSecret(given, asked.code):
		asked.verifiedAt = now
		return ""
	}
	asked.tries--
	if asked.tries == 0 && s.options.LastTryNoMore {
		return noMoreAttempts
	}
	return wrongPIN
}
