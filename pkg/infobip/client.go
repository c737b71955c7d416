// Package infobip is the HTTP client of Infobip 2FA: it has PINs made, delivered
// and compared, as an [otp.Provider].
//
// Its promises are those of that interface. The ones that cost money or trust
// when broken: a send or resend is handed to the network once, on a connection
// made for it, and once more only after a 401, which had no effect; nothing below
// repeats it, neither a redirect nor Go's transport. A PIN is verified only if a
// complete, well-formed answer says so for this pinId and this recipient; whatever is
// not understood is a refusal or an unknown outcome. No error holds a PIN, a pinId,
// a number, an address or a key.
//
// The wire contract has gaps (which status a limit refuses with, which values
// pinError has), so answers are read with tolerance: by the few words and members
// that decide, each of which may be missing or of another type. What an answer comes
// to for each call is one table, in outcome.go.
//
// The provisioning calls, for the operator's CLI, are in [Provisioner].
package infobip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// stateReserve is what a call leaves of the request's deadline. After it comes
// the write that records its outcome (a DynamoDB call of 1 s, repeated once) and
// the answer to the client; an outcome that could not be recorded is worse than a
// call that had less time.
const stateReserve = 2200 * time.Millisecond

// maxPinID keeps a handle small enough to be stored with the number's state.
// Infobip's have 32 characters.
const maxPinID = 128

// Config is what a Client is made from.
type Config struct {
	// BaseURL is the API's address in one of the forms that ParseBaseURL takes.
	BaseURL string
	// AllowHTTP lets a BaseURL other than this machine be plain http.
	AllowHTTP bool
	// ApplicationID and MessageID name the 2FA application, and the template of text
	// messages and calls that name none; an empty MessageID sends none of those.
	ApplicationID string
	MessageID     string
	// Ending fills the placeholder of that name, behind which templates keep what only an
	// SMS may carry. The zero Ending fills nothing.
	Ending catalog.Ending
	// Senders, by region, go before a template's own.
	Senders catalog.Senders
	// Keys is asked for the API key of each call.
	Keys KeySource
	// Timeout bounds one call; zero means 5 s.
	Timeout time.Duration
	// VerifyRetryAfter is how long a verify waits before its one repeat: not less
	// than the provider wants between two verifies of one number.
	VerifyRetryAfter time.Duration
	// Transport replaces the client's own. An *http.Transport is cloned for the calls
	// that get a connection each; another one has to see to that itself, and if it
	// does not report to net/http/httptrace, every failure is unknown.
	Transport http.RoundTripper
}

// Client is an [otp.Provider]. It is safe for concurrent use.
type Client struct {
	wire             wire
	keys             KeySource
	applicationID    string
	messageID        string
	ending           catalog.Ending
	senders          catalog.Senders
	verifyRetryAfter time.Duration
}

var _ otp.Provider = (*Client)(nil)

// New checks a Config and makes a Client of it, without any call.
func New(config Config) (*Client, error) {
	if config.ApplicationID == "" {
		return nil, errors.New("infobip: the id of the application is needed")
	}
	if !utf8.ValidString(config.ApplicationID + config.MessageID) {
		return nil, errors.New("infobip: the ids of the application and of the message template have to be UTF-8")
	}
	if config.Keys == nil {
		return nil, errors.New("infobip: a source of the API key is needed")
	}
	w, err := newWire(config.BaseURL, config.AllowHTTP, config.Timeout, config.Transport)
	if err != nil {
		return nil, err
	}
	w.reserve = stateReserve
	return &Client{
		wire:             w,
		keys:             config.Keys,
		applicationID:    config.ApplicationID,
		messageID:        config.MessageID,
		ending:           config.Ending,
		senders:          config.Senders,
		verifyRetryAfter: config.VerifyRetryAfter,
	}, nil
}

// What a caller did wrong. The values are not quoted.
var (
	errChannel   = errors.New("unknown channel")
	errRecipient = errors.New("the channel does not reach the recipient")
	errNobody    = errors.New("there is no recipient")
	errTemplate  = errors.New("there is no message template")
	errPinID     = errors.New("not a pinId")
	errNotUTF8   = errors.New("the PIN is not UTF-8")
)

// The calls about a PIN, by the names that a CallError has for them.
const (
	opSend   = "send"
	opResend = "resend"
	opVerify = "verify"
)

// paths are where the calls of a channel go: a send's path, and what a resend has behind the
// pinId. The zero paths are those of no channel.
type paths struct{ send, resend string }

func pathsOf(channel otp.Channel) paths {
	switch channel {
	case otp.SMS:
		return paths{"/2fa/2/pin?ncNeeded=false", "/resend"}
	case otp.Voice:
		return paths{"/2fa/2/pin/voice", "/resend/voice"}
	case otp.Email:
		return paths{"/2fa/2/pin/email", "/resend/email"}
	}
	return paths{}
}

// destinationOf returns a recipient as the provider writes it: a number's digits, as it
// documents them, or the address. A plus at the beginning of an address is part of it:
// without it the code would go to somebody else.
func destinationOf(to recipient.Recipient) string {
	if number, ok := to.Phone(); ok {
		return strings.TrimPrefix(number.E164(), "+")
	}
	return to.Canonical()
}

// sendRequest is the body of a send, the same for each channel.
type sendRequest struct {
	ApplicationID string `json:"applicationId"`
	MessageID     string `json:"messageId"`
	To            string `json:"to"`
	// From goes before the template's sender.
	From         string       `json:"from,omitempty"`
	Placeholders placeholders `json:"placeholders,omitzero"`
}

// resendRequest is the body of a resend, the same for each channel.
type resendRequest struct {
	Placeholders placeholders `json:"placeholders,omitzero"`
}

// placeholders are those that our templates have beside the PIN's.
type placeholders struct {
	Ending string `json:"ending,omitempty"`
}

// Send asks for a new PIN to be delivered.
func (c *Client) Send(ctx context.Context, to recipient.Recipient, channel otp.Channel, message otp.Message) (string, error) {
	path := pathsOf(channel).send
	if path == "" {
		return "", notBegun(opSend, errChannel)
	}
	if !channel.Reaches(to) {
		return "", notBegun(opSend, errRecipient)
	}
	destination := destinationOf(to)
	asked := sendRequest{
		ApplicationID: c.applicationID, MessageID: message.ID, To: destination, From: c.senderOf(to.Region(), channel),
	}
	if message.ID == "" && channel != otp.Email {
		asked.MessageID = c.messageID
	}
	if asked.MessageID == "" {
		return "", notBegun(opSend, errTemplate)
	}
	// A template that calls alone go in has no placeholder to fill.
	if channel == otp.SMS || channel == otp.Voice && message.ID == "" {
		asked.Placeholders = c.fill(channel)
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return "", notBegun(opSend, err)
	}
	pinID, failed := c.deliver(ctx, request{operation: opSend, path: path, body: body, secrets: []string{destination}})
	if failed != nil {
		return "", failed
	}
	return pinID, nil
}

// Resend delivers the PIN behind pinID again.
func (c *Client) Resend(ctx context.Context, pinID string, channel otp.Channel) (string, error) {
	suffix := pathsOf(channel).resend
	if suffix == "" {
		return "", notBegun(opResend, errChannel)
	}
	if !isPinID(pinID) {
		return "", notBegun(opResend, errPinID)
	}
	// The template is that of the send, by whichever channel that went.
	body, err := json.Marshal(resendRequest{Placeholders: c.fill(channel)})
	if err != nil {
		return "", notBegun(opResend, err)
	}
	newPinID, failed := c.deliver(ctx, request{
		operation: opResend,
		path:      "/2fa/2/pin/" + url.PathEscape(pinID) + suffix,
		body:      body,
		secrets:   []string{pinID},
	})
	if failed != nil {
		return "", failed
	}
	return newPinID, nil
}

// fill returns what stands in the place of an SMS's last lines: themselves, or what a call
// says there.
func (c *Client) fill(channel otp.Channel) placeholders {
	switch channel {
	case otp.SMS:
		return placeholders{Ending: c.ending.Lines()}
	case otp.Voice:
		return placeholders{Ending: c.ending.Spoken()}
	}
	return placeholders{}
}

// senderOf returns the sender for a region, empty for the template's own. No call comes
// from a name.
func (c *Client) senderOf(region string, channel otp.Channel) string {
	from := c.senders.For(region)
	if channel == otp.Voice && digits(from) != from {
		return ""
	}
	return from
}

// deliver makes the one call of a send or a resend and reads its handle.
func (c *Client) deliver(ctx context.Context, r request) (string, *otp.ProviderError) {
	r.once = true
	res, cut, failed := c.post(ctx, &r)
	if failed != nil {
		return "", failed
	}
	if !res.succeeded() {
		_, failed = judge(r, res, cut)
		return "", failed
	}
	answer, ok := parseObject(res.body)
	if cut != nil || !ok {
		return "", unusable(r, res, cut, "the answer is not a JSON object of at most 64 KiB")
	}
	if notSent(answer) {
		return "", &otp.ProviderError{
			Effect: otp.NotSent,
			Err:    &CallError{Operation: r.operation, Status: res.status, Reason: "the provider did not send the message", Sent: true},
		}
	}
	pinID := answer.text("pinId")
	if !isPinID(pinID) {
		return "", unusable(r, res, nil, "the answer has no usable pinId")
	}
	return pinID, nil
}

// notSent reports whether a delivery's answer says that nothing was sent. It does under a 2xx.
func notSent(answer object) bool {
	mail := answer.object("emailStatus").text("name")
	return answer.text("smsStatus") == "MESSAGE_NOT_SENT" ||
		strings.Contains(answer.text("ncStatus"), "NOT_REACHABLE") ||
		strings.HasPrefix(mail, "REJECTED") || strings.HasPrefix(mail, "UNDELIVERABLE")
}

// post makes a call with the current key and, after a 401, once more with the key
// read anew, by the same way: what gets a connection of its own gets another one.
// The error is the want of a key; what the exchange came to is the caller's to read.
func (c *Client) post(ctx context.Context, r *request) (response, *CallError, *otp.ProviderError) {
	r.method = http.MethodPost
	key, err := c.keys.APIKey(ctx)
	if err == nil && key == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return response{}, nil, noKey(r.operation, err)
	}
	r.use(key)
	res, cut := c.wire.exchange(ctx, *r)
	if res.status == http.StatusUnauthorized {
		key, err = c.keys.RefreshAPIKey(ctx, key)
		if err != nil {
			return response{}, nil, noKey(r.operation, err)
		}
		r.use(key)
		res, cut = c.wire.exchange(ctx, *r)
	}
	return res, cut, nil
}

// noKey is a call that was not made, or was refused, for want of a key.
func noKey(operation string, err error) *otp.ProviderError {
	return notBegun(operation, fmt.Errorf("reading the API key: %w", err))
}

// notBegun is a call that was not made.
func notBegun(operation string, err error) *otp.ProviderError {
	return &otp.ProviderError{
		Effect: otp.NotSent,
		Err:    &CallError{Operation: operation, Reason: "not begun: " + err.Error(), cause: err},
	}
}

// isPinID reports whether an id can stand in a path and in our state. The two names
// for folders survive percent-encoding, and would name another path.
func isPinID(id string) bool {
	return id != "" && len(id) <= maxPinID && id != "." && id != ".."
}

// Warm makes the first call's way ready, with a request that has no effect and
// carries no key: it reads the root certificates, checks the provider's and leaves a
// TLS session, which every later connection resumes, and a connection that a verify
// takes as it is. Any answer will do. Its error is for the log: the first call does
// all that itself if need be.
func (c *Client) Warm(ctx context.Context) error {
	w := c.wire
	w.reserve = 0
	_, failed := w.exchange(ctx, request{operation: "warm-up", method: http.MethodHead, path: "/"})
	if failed != nil {
		return failed
	}
	return nil
}

// Close closes the idle connections. The Client can still be used.
func (c *Client) Close() { c.wire.connections.close() }
