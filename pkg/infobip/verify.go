package infobip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// verifyJitter spreads the repeats of verifies that failed together.
const verifyJitter = 250 * time.Millisecond

// verifyRequest is the body of a verify.
type verifyRequest struct {
	PIN string `json:"pin"`
}

// Verify compares a PIN. It asks a second time, once, if the first exchange came
// to no end or ended in a 5xx and the deadline leaves room; the provider's
// application has to allow several verifications of one PIN for that.
func (c *Client) Verify(ctx context.Context, pinID string, to recipient.Recipient, pin string) (otp.Verdict, error) {
	if !isPinID(pinID) {
		return 0, notBegun(opVerify, errPinID)
	}
	if to == (recipient.Recipient{}) {
		return 0, notBegun(opVerify, errNobody)
	}
	if !utf8.ValidString(pin) {
		return 0, notBegun(opVerify, errNotUTF8) // encoding/json would compare another PIN
	}
	body, err := json.Marshal(verifyRequest{PIN: pin})
	if err != nil {
		return 0, notBegun(opVerify, err)
	}
	r := request{
		operation: opVerify,
		path:      "/2fa/2/pin/" + url.PathEscape(pinID) + "/verify",
		body:      body,
		secrets:   []string{pinID, pin, destinationOf(to)},
	}
	verdict, first := c.verifyOnce(ctx, r, pinID, to)
	if first == nil {
		return verdict, nil
	}
	if !repeatable(first) || !c.waitToRepeat(ctx, first.RetryAfter) {
		return 0, first
	}
	r.repeat = true
	verdict, second := c.verifyOnce(ctx, r, pinID, to)
	if second != nil {
		// Whatever the second call came to, the first may have taken place.
		return 0, &otp.ProviderError{
			Effect:     otp.Unknown,
			RetryAfter: second.RetryAfter,
			Err:        fmt.Errorf("%w; once more: %w", first.Err, second.Err),
		}
	}
	return verdict, nil
}

func (c *Client) verifyOnce(ctx context.Context, r request, pinID string, to recipient.Recipient) (otp.Verdict, *otp.ProviderError) {
	res, cut, failed := c.post(ctx, &r)
	if failed != nil {
		return 0, failed
	}
	if !res.succeeded() {
		return judge(r, res, cut)
	}
	if cut != nil {
		return 0, unusable(r, res, cut, "")
	}
	verdict, reason := readVerdict(res.body, r, pinID, to)
	if reason != "" {
		return 0, unusable(r, res, nil, reason)
	}
	return verdict, nil
}

func repeatable(failed *otp.ProviderError) bool {
	call, ok := errors.AsType[*CallError](failed.Err)
	return ok && failed.Effect == otp.Unknown && call.retryable
}

// waitToRepeat sleeps until a verify may be made again. It returns false, and at once,
// if the deadline leaves no room for that and a whole call.
func (c *Client) waitToRepeat(ctx context.Context, asked time.Duration) bool {
	if asked > c.wire.timeout {
		return false // nobody waits that long for an answer
	}
	wait := max(c.verifyRetryAfter, asked) + rand.N(verifyJitter) //nolint:gosec // a jitter is no secret
	deadline, bounded := ctx.Deadline()
	if bounded && time.Until(deadline) < wait+c.wire.timeout+c.wire.reserve {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// readVerdict reads the body of a 2xx to a verify. If it has no verdict, the
// reason says why.
//
// verified comes first: Infobip's own example of success has no attempts left.
// It counts only as the JSON literal true, only without a word of failure beside it
// (an answer that says both says nothing), and only for the recipient that was asked
// about: the provider was told a pinId, not a recipient.
func readVerdict(body []byte, r request, pinID string, to recipient.Recipient) (otp.Verdict, string) {
	answer, ok := parseObject(body)
	if !ok {
		return 0, "the answer is not a JSON object of at most 64 KiB"
	}
	pinError := answer.text("pinError")
	failure := pinMeaning(pinError)
	if pinError == "" {
		failure = pinMeaning(readRefusal(body).id) // an error's envelope under a 2xx
	}
	switch {
	case answer.isTrue("verified") && failure != nil:
		return 0, "the answer says verified beside a failure"
	case answer.isTrue("verified"):
		return confirm(answer, pinID, to)
	case failure != nil && failure != &wrongPIN:
		if verdict := failure.of(r).verdict; verdict != 0 {
			return verdict, ""
		}
		return 0, failure.reason
	case failure == nil && !answer.isFalse("verified") && pinError == "":
		return 0, "the answer does not say whether the PIN was right"
	case answer.noneLeft("attemptsRemaining"):
		return otp.Exhausted, ""
	}
	// WRONG_PIN, a word we do not know, or none: a refusal in any case.
	return otp.Wrong, ""
}

// confirm checks that a success is about what was asked.
func confirm(answer object, pinID string, to recipient.Recipient) (otp.Verdict, string) {
	if !isAbout(answer, to) {
		return 0, "the answer is not about this recipient"
	}
	if answer.has("pinId") && answer.text("pinId") != pinID {
		return 0, "the answer is not about this pinId"
	}
	return otp.Verified, ""
}

// isAbout reports whether an answer's msisdn is the recipient that was asked about. Whether
// Infobip names an address there is not known, so it may be missing; another never passes.
func isAbout(answer object, to recipient.Recipient) bool {
	msisdn := answer.text("msisdn")
	if address, ok := to.Email(); ok {
		named, err := email.Parse(msisdn)
		return !answer.holds("msisdn") || err == nil && named == address
	}
	return digits(msisdn) != "" && digits(msisdn) == destinationOf(to)
}

// digits returns the ASCII digits of s.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
