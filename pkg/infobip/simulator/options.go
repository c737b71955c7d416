package simulator

import "net/http"

// Options are the switches of a simulator. The zero value is the default of
// each; the fields below Clock decide between readings of the contract that the
// vendor leaves open.
type Options struct {
	// Key is the accepted App key. Default: simulator.
	Key string
	// LimitedKeys are further accepted App keys and the scopes each has
	// (2fa:manage, 2fa:pin:send, 2fa:pin:manage). Key has every scope.
	LimitedKeys map[string][]string
	// OtherSchemes also accepts Basic, IBSSO and Bearer credentials, whatever
	// they are. Off: they get 401.
	OtherSchemes bool
	// Strict refuses what Infobip's own SDKs send although it is not in the
	// contract: a + in `to`, a trailing slash, ncNeeded=undefined,
	// telemarketerId for teleMarketerId. It also refuses unknown members and
	// query parameters and a body without a content type. For tests of our client.
	Strict bool
	// Clock is the time. Default: NewClock().
	Clock Clock
	// Delivered is told each message, in order. It must be quick and must not call
	// the simulator.
	Delivered func(Message)

	// CreateStatus is what creating an application answers. Default: 201; older
	// SDK fixtures show 200.
	CreateStatus int
	// LimitStatus is what a passed limit of the application answers. Default: 429.
	LimitStatus int
	// NewEnvelope answers 401, 403 and 429 in the platform's newer error form.
	NewEnvelope bool
	// NCStatus says when ncStatus is in an SMS answer. Default: when the lookup ran.
	NCStatus NCStatusMode
	// NCOnResend runs the lookup for a resend by SMS too, so that its answer has an
	// ncStatus, as the vendor's examples do. Default: a resend looks nothing up.
	NCOnResend bool
	// NCNotConfigured is an account without number lookup: where one is asked for,
	// ncStatus is NC_NOT_CONFIGURED and the SMS goes out. Default: it runs.
	NCNotConfigured bool
	// TrueRemainder puts the true number of tries left into a successful verify;
	// the vendor's example, and so the default, has 0.
	TrueRemainder bool
	// LastTryNoMore reports the wrong try that uses up the last attempt as
	// NO_MORE_PIN_ATTEMPTS already. Default: WRONG_PIN with 0 left.
	LastTryNoMore bool
	// ExpiredNotFound answers an expired PIN with 404. Default: 200, TTL_EXPIRED.
	ExpiredNotFound bool
	// UnknownPINBadRequest answers a pinId that was never issued with 400 BAD_REQUEST
	// without validationErrors, as V1 of the API was seen to. Default: 404.
	UnknownPINBadRequest bool
	// VerifiedStatus is what verifying a verified PIN answers where the application
	// allows one verification; the id is PIN_ALREADY_VERIFIED. Default: 400.
	VerifiedStatus int
	// V1IDs puts the ids of V1 into errors: INVALID_ARGUMENT with validationErrors,
	// RESOURCE_NOT_FOUND, THROTTLE_EXCEPTION, GENERAL_EXCEPTION, SERVICE_UNAVAILABLE.
	V1IDs bool
	// ResendsCount counts resends in the send limits. Default: they do not, because
	// the vendor's own live test makes four sends and resends to one number under
	// the default limit of three.
	ResendsCount bool
	// ResendRenewsTTL lets a resend restart the PIN's life. Default: it does not.
	ResendRenewsTTL bool
	// SendCancelsOlder lets a send end the life of older PINs of the same
	// application and destination. Default: they stay alive.
	SendCancelsOlder bool
	// SlidingWindows counts limits over the time just past. Default: a fixed
	// window from the first call in it.
	SlidingWindows bool
	// SecondTimestamps writes verifiedAt and sentAt in seconds, as the vendor's
	// examples are. Default: milliseconds, as its text says.
	SecondTimestamps bool
	// OmitVerifiedAt leaves verifiedAt out of an unverified row. Default: it is 0.
	OmitVerifiedAt bool
	// EndpointThrottles also enforces the published throttles of the application
	// and e-mail template operations (20 creations in 10 minutes and so on).
	EndpointThrottles bool
}

// NCStatusMode says when the answer to an SMS has an ncStatus.
type NCStatusMode int

// The modes of Options.NCStatus.
const (
	NCWhenLookedUp NCStatusMode = iota // only if ncNeeded was not false
	NCAlways                           // also without a lookup, then NC_NOT_CONFIGURED
	NCNull                             // null without a lookup
)

// DefaultKey is the App key that is accepted when Options.Key is empty.
const DefaultKey = "simulator"

func (o Options) withDefaults() Options {
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.Clock == nil {
		o.Clock = NewClock()
	}
	if o.Delivered == nil {
		o.Delivered = func(Message) {}
	}
	if o.CreateStatus == 0 {
		o.CreateStatus = http.StatusCreated
	}
	if o.LimitStatus == 0 {
		o.LimitStatus = http.StatusTooManyRequests
	}
	if o.VerifiedStatus == 0 {
		o.VerifiedStatus = http.StatusBadRequest
	}
	return o
}

// Choices are the behaviours the vendor does not document, one sentence each,
// as the simulator has them by default. cmd/simulator prints them in its help.
var Choices = []string{
	"A bad duration, rate, enum or length answers 400 with validationErrors; so does a template text without {{pin}}.",
	"pinLength is 1 to 8, as V1 says, and 4 where an SMS or voice template has none; ALPHA is A-Z, ALPHANUMERIC 0-9A-Z, HEX 0-9A-F, compared exactly.",
	"A PUT keeps every member that it omits; an application without `enabled` is enabled; a disabled one refuses sends and resends with 400.",
	"An unknown applicationId or messageId in a send answers 404, and so does a template of the other kind (SMS and voice against e-mail).",
	"`to` is 5 to 15 digits, with a + before them only in lenient mode; it is echoed as sent, and msisdn has digits only.",
	"A placeholder that the request does not fill stays as written; an e-mail's text in the outbox is the PIN alone.",
	"ncStatus is in an SMS answer only if the lookup ran, which it never does for a resend; a status with NOT_REACHABLE in it stops the message (MESSAGE_NOT_SENT).",
	"A message not sent has a pinId, counts in the limits and leaves no row in the outbox; a resend of an expired PIN answers 404.",
	"Windows are fixed and start with the first call in them; a refused call does not count. Resends do not count and renew neither life nor tries.",
	"A passed limit answers 429 TOO_MANY_REQUESTS without Retry-After; the published throttles of the endpoints themselves are off.",
	"Verify looks at key, body, pinId (404), verifyPinLimit (429), life, tries and PIN, in this order; verifyPinLimit is kept per application and number.",
	"A wrong, expired or exhausted PIN answers 200 with WRONG_PIN, TTL_EXPIRED or NO_MORE_PIN_ATTEMPTS; the last wrong try is WRONG_PIN with 0 left.",
	"attemptsRemaining is 0 on success, as in the vendor's example.",
	"With allowMultiplePinVerifications false, a verified PIN answers 400 PIN_ALREADY_VERIFIED, to a wrong PIN too; with true it can be verified again until it expires.",
	"A path of no operation answers 404 NOT_FOUND, \"Requested URL not found: \" and the path.",
	"A new send leaves older PINs alive.",
	"Without the needed scope: 403 FORBIDDEN. A known path with another method: 405. XML bodies: 415. A body over 64 KiB: 413.",
	"Status lists one row per PIN, oldest first, in milliseconds, with a verifiedAt of 0 on an unverified one.",
}
