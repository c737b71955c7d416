package otp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Clock tells the time. Limits, cooldowns and lives are all computed from it,
// so a test (or the simulator's control listener) can move it.
type Clock interface {
	Now() time.Time
}

// Channel is the way a PIN reaches its recipient.
type Channel string

// The channels Infobip 2FA offers.
const (
	SMS   Channel = "sms"
	Voice Channel = "voice"
	Email Channel = "email"
)

// channels are all channels and the kind of recipient that each reaches. The first of a
// kind is its usual one.
var channels = []struct {
	channel Channel
	reaches recipient.Kind
}{
	{SMS, recipient.Phone},
	{Voice, recipient.Phone},
	{Email, recipient.Email},
}

// Channels returns all channels. What parses, lists or names channels asks it.
func Channels() []Channel {
	all := make([]Channel, len(channels))
	for i, c := range channels {
		all[i] = c.channel
	}
	return all
}

// UsualChannel returns the channel by which a kind of recipient is sent to where nobody chose
// one; empty for a kind that there is not.
func UsualChannel(kind recipient.Kind) Channel {
	for _, c := range channels {
		if c.reaches == kind {
			return c.channel
		}
	}
	return ""
}

// Reaches reports whether a message by this channel can reach a recipient.
func (c Channel) Reaches(to recipient.Recipient) bool {
	for _, known := range channels {
		if known.channel == c {
			return known.reaches == to.Kind()
		}
	}
	return false
}

// Alternatives writes the channels as a sentence has them: "sms, voice or email".
func Alternatives() string {
	words := make([]string, 0, len(Channels()))
	for _, channel := range Channels() {
		words = append(words, string(channel))
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Message is the one of a deployment's messages that a code goes in.
type Message struct {
	// ID is that of the provider's template; empty for the one that the provider knows for
	// text messages and calls.
	ID string
	// Locale is the language of its text, as the list of messages has it; empty for the
	// default's.
	Locale string
}

// Messages knows the messages of a deployment. Its methods make no call.
type Messages interface {
	// Message returns the message of a channel in the language that a caller asked for,
	// the nearest that there is, or the default's; without a language the default's. It
	// reports false for a channel that has none.
	Message(channel Channel, locale string) (Message, bool)
	// Speaks reports whether a channel has a message in the language of another
	// channel's, or the nearest, the default's for no other.
	Speaks(channel Channel, locale string) bool
}

// Provider makes, delivers and compares PINs. Infobip is the one that ships;
// the domain never sees a PIN it made.
//
// Obligations on implementations: every call ends within ctx's deadline; Send
// and Resend reach the provider at most once (a repeat is a second SMS), with
// the one exception of a repeat after an authentication refusal, which had no
// effect; Verify may be repeated once by the implementation. Every error is a
// *ProviderError.
type Provider interface {
	// Send asks for a new PIN to be delivered in a message and returns the provider's
	// handle of it.
	Send(ctx context.Context, to recipient.Recipient, channel Channel, message Message) (pinID string, err error)
	// Resend delivers the PIN behind pinID again, in the message of its send, and returns
	// the handle that is valid from now on, usually the same.
	Resend(ctx context.Context, pinID string, channel Channel) (newPinID string, err error)
	// Verify compares a PIN. A nil error with Verified means that the provider
	// said so, in a well-formed answer, for this pinID and this recipient.
	Verify(ctx context.Context, pinID string, to recipient.Recipient, pin string) (Verdict, error)
}

// Guard rules what may be sent at all, and what strangers may cost. It is asked before
// anything is charged to the recipient.
//
// Obligations on implementations: all methods are safe for concurrent use and end within
// ctx's deadline.
type Guard interface {
	// Permits returns nil if the owner sends to this kind of recipient by this
	// channel, else an *Error with ChannelNotAllowed, RegionNotAllowed or
	// LineTypeNotAllowed; of a channel that cannot reach the recipient it returns the
	// first of them or nil. It makes no call.
	Permits(to recipient.Recipient, channel Channel) error
	// Admit starts to read what the guard knows of a delivery, beside the load of the
	// ledger, and returns the delivery's way through the guard.
	Admit(ctx context.Context, a Application) Admission
	// Credit is told of a success, once, after it was saved. Its error is for the log:
	// a credit that is lost is the safe side.
	Credit(ctx context.Context, e Earning) error
}

// Application is what a guard is told of a delivery before the ledger is known.
type Application struct {
	To recipient.Recipient
	// Client is the bucket of the caller's address, as in Caller.
	Client string
	// Names names what is counted, as Caller.Names.
	Names Keyring
	// Challenge is the token of a solved challenge; empty for none.
	Challenge string
}

// Terms are what only the ledger knows of a delivery.
type Terms struct {
	// Channel is never empty.
	Channel Channel
	// Known: the recipient was verified here before (Ledger.Known).
	Known bool
}

// Admission is one delivery's way through a guard. Its methods are called one after
// another, in the order in which they stand here.
//
// Obligations on implementations: a counter or a switch that cannot be read refuses with
// Unavailable (fail closed). Decide's and Charge's errors are each an *Error.
type Admission interface {
	// Mark is what the delivery keeps for the guard (Delivery.Mark). It makes no call.
	Mark() string
	// Decide waits for what Admit started, and returns nil or the refusal:
	// TrafficLimited, BudgetExhausted, ChallengeRequired or Unavailable. Nothing is
	// charged yet. It is called again where the ledger turned out to have changed.
	Decide(ctx context.Context, t Terms) error
	// Charge takes what the delivery costs, under the Terms that were decided last. It
	// is called at most once, beside the save of the reservation. After an error
	// nothing stays charged, as far as the counters can be reached.
	Charge(ctx context.Context) error
	// GiveBack undoes Charge for a delivery that came to nothing: after Unknown, for
	// which a message may be out, as far as that is safe, after any other effect
	// whole. It is called at most once. Its error is for the log: what stays charged is
	// the safe side.
	GiveBack(ctx context.Context, e Effect) error
	// Findings returns what the guard saw and did, for the request's log line.
	Findings() []Finding
}

// Finding is one thing that a guard saw, in the words of the log.
type Finding struct{ Name, Value string }

// Earning is what a success means to a guard.
type Earning struct {
	To recipient.Recipient
	// Names is as in Application.
	Names Keyring
	Earned
}

// Verdict is what the provider said of a PIN that it did compare, or refused to
// compare because the PIN is no longer alive.
type Verdict int

// Verdicts. The zero value is no verdict at all.
const (
	_         Verdict = iota
	Verified          // the PIN is right
	Wrong             // the PIN is wrong, another try is possible
	Exhausted         // wrong too often; the provider takes no more tries
	Gone              // the PIN expired or the provider does not know it (any more)
)

var verdictNames = [...]string{"", "verified", "wrong", "exhausted", "gone"}

// String is the word that logs and metrics use.
func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdictNames) {
		return fmt.Sprintf("verdict(%d)", int(v))
	}
	return verdictNames[v]
}

// Effect is what is known about a provider call that did not succeed. It alone
// decides whether a budget is given back and what the caller may be told.
type Effect int

// Effects. The zero value is the most cautious one.
const (
	// Unknown: a timeout, a 5xx, a cut connection or an unusable answer. The
	// effect may have taken place; nothing is repeated and nothing given back.
	Unknown Effect = iota
	// NotSent: it is certain that nothing was delivered or compared: the
	// provider could not be reached, or said so (MESSAGE_NOT_SENT).
	NotSent
	// Refused: a 4xx. Nothing happened; the configuration needs a look.
	Refused
	// Throttled: the provider's own limits. Nothing happened.
	Throttled
	// NotFound: the provider does not know the pinId (resend only; Verify
	// reports it as the verdict Gone).
	NotFound
)

var effectNames = [...]string{"unknown", "not_sent", "refused", "throttled", "not_found"}

// String is the word that logs and metrics use.
func (e Effect) String() string {
	if e < 0 || int(e) >= len(effectNames) {
		return fmt.Sprintf("effect(%d)", int(e))
	}
	return effectNames[e]
}

// ProviderError is a provider call that did not succeed.
type ProviderError struct {
	Effect Effect
	// RetryAfter is how long the provider asked to wait; zero if it did not.
	RetryAfter time.Duration
	// Err is for the log. It holds no PIN, pinId, number or key.
	Err error
}

func (e *ProviderError) Error() string { return fmt.Sprintf("provider: %s: %v", e.Effect, e.Err) }

// Unwrap returns the cause.
func (e *ProviderError) Unwrap() error { return e.Err }
