package simulator

import (
	"fmt"
	"net/http"
	"strings"
)

// Switch turns an option by a word, for a program that is set by its environment.
type Switch struct {
	Name string
	// Sentence says what the simulator does when it is on.
	Sentence string
	turn     func(*Options)
}

// Switches are the options that choose between readings of the contract.
// cmd/simulator prints them in its help.
var Switches = []Switch{
	{"other-schemes", "accepts Basic, IBSSO and Bearer credentials, whatever they are", func(o *Options) { o.OtherSchemes = true }},
	{"create-200", "creating an application answers 200 in place of 201", func(o *Options) { o.CreateStatus = http.StatusOK }},
	{"limits-400", "a passed limit of the application answers 400 in place of 429", func(o *Options) { o.LimitStatus = http.StatusBadRequest }},
	{"new-envelope", "401, 403 and 429 come in the platform's newer error form", func(o *Options) { o.NewEnvelope = true }},
	{"v1-ids", "errors have the ids of V1 (INVALID_ARGUMENT, RESOURCE_NOT_FOUND, THROTTLE_EXCEPTION and so on)", func(o *Options) { o.V1IDs = true }},
	{"unknown-pin-400", "an unknown pinId answers 400 BAD_REQUEST without validationErrors", func(o *Options) { o.UnknownPINBadRequest = true }},
	{"expired-404", "an expired PIN answers 404", func(o *Options) { o.ExpiredNotFound = true }},
	{"verified-409", "a PIN that may be verified once answers 409 PIN_ALREADY_VERIFIED in place of 400", func(o *Options) { o.VerifiedStatus = http.StatusConflict }},
	{"last-try-no-more", "the wrong try that uses up the last attempt is NO_MORE_PIN_ATTEMPTS", func(o *Options) { o.LastTryNoMore = true }},
	{"true-remainder", "a success has the true attemptsRemaining in place of 0", func(o *Options) { o.TrueRemainder = true }},
	{"nc-always", "every SMS answer has an ncStatus: NC_NOT_CONFIGURED where nothing was looked up", func(o *Options) { o.NCStatus = NCAlways }},
	{"nc-null", "ncStatus is null where nothing was looked up", func(o *Options) { o.NCStatus = NCNull }},
	{"nc-on-resend", "a resend by SMS looks the number up too, and has an ncStatus", func(o *Options) { o.NCOnResend = true }},
	{"nc-not-configured", "a lookup that is asked for answers NC_NOT_CONFIGURED", func(o *Options) { o.NCNotConfigured = true }},
	{"resends-count", "resends count in the send limits", func(o *Options) { o.ResendsCount = true }},
	{"resend-renews", "a resend restarts the PIN's life", func(o *Options) { o.ResendRenewsTTL = true }},
	{"send-cancels-older", "a send ends the life of older PINs of its number", func(o *Options) { o.SendCancelsOlder = true }},
	{"sliding-windows", "limits count over the time just past", func(o *Options) { o.SlidingWindows = true }},
	{"endpoint-throttles", "the published throttles of the endpoints are enforced", func(o *Options) { o.EndpointThrottles = true }},
	{"seconds", "verifiedAt and sentAt are seconds in place of milliseconds", func(o *Options) { o.SecondTimestamps = true }},
	{"no-verified-at", "an unverified row has no verifiedAt in place of 0", func(o *Options) { o.OmitVerifiedAt = true }},
}

// Turn turns on the switches of a list of names with commas.
func (o *Options) Turn(names string) error {
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		found := false
		for _, known := range Switches {
			if known.Name == name {
				known.turn(o)
				found = true
			}
		}
		if !found {
			return fmt.Errorf("unknown switch %q", name)
		}
	}
	return nil
}
