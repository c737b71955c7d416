package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Fault is a misbehaviour of the API listener, as POST /faults takes it. Every
// member is optional. Calls that are refused for their path, key or content
// type meet no fault.
//
// Does the call take effect? With Status of 300 and above, and with Drop
// "before", it does not; in every other case it does, and only the answer is
// changed. Effect overrides this for Status: a 500 after the PIN was sent.
type Fault struct {
	// Which calls.

	// Operation is send, resend, verify, status, applications, messages or *
	// (default). A send over any channel is a send. With gateway, no call of the
	// provider meets the fault: `make run` answers as API Gateway itself does
	// (see GatewayFault).
	Operation string `json:"operation,omitzero"`
	// Channel narrows sends and resends to sms, voice or email.
	Channel string `json:"channel,omitzero"`
	// To narrows to calls about one destination: digits or an e-mail address.
	To string `json:"to,omitzero"`
	// Times is how many calls meet the fault; 0 = until cleared. In JSON the
	// default is 1.
	Times int `json:"times"`
	// Every lets only every n-th call of those above meet it.
	Every int `json:"every,omitzero"`

	// What happens on the way.

	// Delay holds the answer back, in real time (300ms, 2m): the effect comes
	// first, then the delay, then the answer or the cut. A delay longer than the
	// client's patience is a hang; it ends when the client leaves.
	Delay string `json:"delay,omitzero"`
	// Drop cuts the connection: before the effect, after it, or during the
	// answer to it (half of the body arrives).
	Drop string `json:"drop,omitzero"`

	// What is answered.

	// Status alone answers with the usual error envelope of that status; below
	// 300 it replaces the status of the usual answer.
	Status int `json:"status,omitzero"`
	// Effect reports whether a call answered with Status takes effect all the same.
	Effect *bool `json:"effect,omitzero"`
	// Body replaces the body; the empty string is an empty body.
	Body *string `json:"body,omitzero"`
	// ContentType replaces the content type; the empty string sends none.
	ContentType *string `json:"contentType,omitzero"`
	// RetryAfter is the Retry-After header: whole seconds or a text.
	RetryAfter any `json:"retryAfter,omitzero"`
	// Headers are further headers of the answer.
	Headers map[string]string `json:"headers,omitzero"`
	// Envelope is the form of the error: legacy, or new for the platform's newer one.
	Envelope string `json:"envelope,omitzero"`
	// MessageID and Text replace those of the error envelope.
	MessageID *string `json:"messageId,omitzero"`
	Text      *string `json:"text,omitzero"`

	// What the usual answer says.

	// SMSStatus and NCStatus are those of a send or resend by SMS. With
	// MESSAGE_NOT_SENT, or NOT_REACHABLE in the ncStatus, nothing is delivered.
	SMSStatus *string `json:"smsStatus,omitzero"`
	// EmailStatus is the status's name of a send or resend by e-mail. With one that begins
	// REJECTED or UNDELIVERABLE nothing is delivered.
	EmailStatus *string `json:"emailStatus,omitzero"`
	NCStatus    *string `json:"ncStatus,omitzero"`
	// PINID is the PIN's id: of a send, the new one's; of a resend, from now on,
	// and the old id is forgotten; of a verify, in the answer only. "new" draws one.
	PINID *string `json:"pinId,omitzero"`
	// PINError refuses a verify for this reason; nothing is compared, no try used.
	PINError *string `json:"pinError,omitzero"`
	// Fields are put over the members of a JSON answer, nulls included.
	Fields map[string]jsontext.Value `json:"fields,omitzero"`
	// Omit takes members out of a JSON answer.
	Omit []string `json:"omit,omitzero"`
}

// The values of Fault.Drop and Fault.Envelope.
const (
	dropBefore     = "before"
	dropAfter      = "after"
	dropDuring     = "during"
	envelopeLegacy = "legacy"
	envelopeNew    = "new"
	freshPINID     = "new"
)

// activeFault is a fault with its counts.
type activeFault struct {
	Fault
	seen int
	met  int
}

// AddFault starts a fault, behind those that are there. It says what is wrong
// with one that could not do what it says.
func (s *Simulator) AddFault(fault Fault) error {
	err := fault.check()
	if err != nil {
		return err
	}
	if fault.Operation == "" {
		fault.Operation = opAny
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) >= mostFaults {
		return fmt.Errorf("there are %d faults already: clear them first", mostFaults)
	}
	if s.faultBytes()+fault.size() > mostFaultBytes {
		return fmt.Errorf("the faults have %d MiB already: clear them first", mostFaultBytes>>20)
	}
	s.faults = append(s.faults, &activeFault{Fault: fault})
	return nil
}

// What faults may hold, so that a simulator that runs for days does not grow without
// end.
const (
	mostFaults = 1000
	// largestFault is far above what a client may be expected to read of an answer.
	largestFault   = 4 << 20
	mostFaultBytes = 64 << 20
)

// size returns the bytes of what can be large.
func (f *Fault) size() int {
	size := 0
	if f.Body != nil {
		size = len(*f.Body)
	}
	for name, value := range f.Fields {
		size += len(name) + len(value)
	}
	return size
}

// faultBytes needs s.mu.
func (s *Simulator) faultBytes() int {
	sum := 0
	for _, fault := range s.faults {
		sum += fault.size()
	}
	return sum
}

// ClearFaults ends all faults. A call that has met one keeps it.
func (s *Simulator) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Faults returns a copy of those that can still be met.
func (s *Simulator) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	active := []Fault{}
	for _, fault := range s.faults {
		active = append(active, fault.Fault)
	}
	return active
}

// takeFault finds the first fault that the call meets, and counts. It needs s.mu.
func (s *Simulator) takeFault(c *call) *Fault {
	if len(s.faults) == 0 {
		return nil
	}
	destination := s.destinationOf(c)
	for i, fault := range s.faults {
		if !fault.concerns(c.route, destination) {
			continue
		}
		if !fault.meet() {
			continue
		}
		if fault.spent() {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		met := fault.Fault
		return &met
	}
	return nil
}

func (f *Fault) concerns(rt *route, destination string) bool {
	switch {
	case f.Operation != opAny && f.Operation != rt.operation:
		return false
	case f.Channel != "" && f.Channel != rt.channel:
		return false
	}
	return f.To == "" || destinationKey(f.To) == destination
}

// destinationOf finds the destination a call is about, if it names one or a PIN
// that has one.
func (s *Simulator) destinationOf(c *call) string {
	if known := s.pins.byID[c.ids["pinId"]]; known != nil {
		return known.destination
	}
	switch c.route.operation {
	case opStatus:
		return destinationKey(c.query.Get("msisdn"))
	case opSend:
		return destinationKey(toOf(c.body))
	}
	return ""
}

var errContradiction = errors.New("drop cuts the answer off: it goes with no status, body, contentType or effect")

// check refuses what could not do what it says.
func (f *Fault) check() error {
	if f.Operation != "" && f.Operation != opAny && f.Operation != opGateway && !slices.Contains(operations, f.Operation) {
		return fmt.Errorf("unknown operation %q: use %s, %s or *", f.Operation, strings.Join(operations, ", "), opGateway)
	}
	for _, word := range []struct {
		member, value string
		known         []string
	}{
		{"channel", f.Channel, []string{channelSMS, channelVoice, channelEmail}},
		{"drop", f.Drop, []string{dropBefore, dropAfter, dropDuring}},
		{"envelope", f.Envelope, []string{envelopeLegacy, envelopeNew}},
	} {
		if word.value != "" && !slices.Contains(word.known, word.value) {
			return fmt.Errorf("unknown %s %q: use %s", word.member, word.value, strings.Join(word.known, ", "))
		}
	}
	switch {
	case f.size() > largestFault:
		return fmt.Errorf("body and fields must have at most %d MiB", largestFault>>20)
	case f.To != "" && destinationKey(f.To) == "":
		return errors.New("to must be the digits of a number or an e-mail address")
	case f.Times < 0:
		return errors.New("times must be 0 (until cleared) or more")
	case f.Every < 0:
		return errors.New("every must be 1 or more")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return errors.New("status must be from 200 to 599")
	case f.Effect != nil && f.Status == 0:
		return errors.New("effect needs a status: without one a call always takes effect")
	case f.Drop != "" && (f.Status != 0 || f.Body != nil || f.ContentType != nil):
		return errContradiction
	}
	_, err := f.delay()
	if err != nil {
		return err
	}
	_, err = f.retryAfter()
	if err != nil {
		return err
	}
	if f.Operation == opGateway {
		return f.checkGateway()
	}
	return f.checkAnswer()
}

// checkAnswer looks at the members that only some operations have.
func (f *Fault) checkAnswer() error {
	sends := []string{"", opAny, opSend, opResend}
	verifies := []string{"", opAny, opVerify}
	switch {
	case (f.SMSStatus != nil || f.NCStatus != nil || f.EmailStatus != nil) && !slices.Contains(sends, f.Operation):
		return errors.New("smsStatus, ncStatus and emailStatus belong to send and resend")
	case f.PINError != nil && !slices.Contains(verifies, f.Operation):
		return errors.New("pinError belongs to verify")
	case f.PINError != nil && *f.PINError == "":
		return errors.New("pinError must not be empty: it is the reason of a refusal")
	case f.PINID != nil && *f.PINID == "":
		return errors.New(`pinId must not be empty: use "omit":["pinId"] or "fields":{"pinId":""}`)
	}
	for name, value := range f.Headers {
		if !validHeader(name, value) {
			return errors.New("headers must have printable ASCII names and values")
		}
	}
	if f.ContentType != nil && !validHeader("Content-Type", *f.ContentType) {
		return errors.New("contentType must be printable ASCII")
	}
	return nil
}

func validHeader(name, value string) bool {
	printable := func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
	}
	return name != "" && printable(name) && !strings.ContainsAny(name, " :") && printable(value)
}

// delay reads Delay; it accepts Infobip's notation and Go's.
func (f *Fault) delay() (time.Duration, error) {
	if f.Delay == "" {
		return 0, nil
	}
	return parseSpan("delay", f.Delay)
}

// parseSpan reads a duration of the control listener: 1d and 1m30s both.
func parseSpan(member, value string) (time.Duration, error) {
	parsed, err := rate.ParseDuration(value)
	if err != nil {
		parsed, err = time.ParseDuration(value)
	}
	if err != nil || parsed < 0 {
		return 0, fmt.Errorf("%s must be a duration such as 300ms, 11m or 1m30s", member)
	}
	return parsed, nil
}

// retryAfter returns the value of the header, or nothing.
func (f *Fault) retryAfter() (string, error) {
	switch value := f.RetryAfter.(type) {
	case nil:
		return "", nil
	case string:
		if value != "" && validHeader(http.CanonicalHeaderKey("Retry-After"), value) {
			return value, nil
		}
	case int:
		if value >= 0 {
			return fmt.Sprint(value), nil
		}
	case float64:
		if value >= 0 && value == float64(int64(value)) {
			return fmt.Sprintf("%.0f", value), nil
		}
	}
	return "", errors.New("retryAfter must be whole seconds or a text")
}
