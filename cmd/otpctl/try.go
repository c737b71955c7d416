package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// try is the command of that name.
type try struct {
	ui       *tui
	api      tryAPI
	phone    string
	email    string
	channel  string
	outbox   string
	audience string
	json     bool
}

func newTry(ui *tui) *cobra.Command {
	t := &try{ui: ui}
	command := &cobra.Command{
		Use:   "try URL",
		Short: "Send a code to a phone or a mailbox of yours, verify it, and check the proof",
		Long: `try does what a visitor's page does with the service at URL: it has a code sent, asks
for it, verifies it, and checks the proof as a backend would, against the keys that the
service publishes. It sends one message, which costs what a message costs.

URL is the stack's output ApiUrl, or http://localhost:3000 for make run. The number (or an
e-mail address) and then the code are asked for, or read from standard input, a line each. The number is
never printed, and neither is the proof, which is as good as a ticket until it expires.

With --outbox, the control listener that make run prints, the code is read there.`,
		Example: `  otpctl try https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com
  otpctl try http://localhost:3000 --phone +14155552671 --outbox http://127.0.0.1:3002
  otpctl try https://otp.example.com --audience accounts.example.com --json`,
		Args:              oneAddress,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			return t.run(command.Context(), args[0])
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&t.phone, "phone", "", "`number` in E.164, such as +14155552671; without it, it is asked for")
	flags.StringVar(&t.email, "email", "", "e-mail `address`, in place of a number")
	flags.StringVar(&t.channel, "channel", "", "`channel` that the code goes by, "+otp.Alternatives()+" (default the service's own)")
	flags.StringVar(&t.audience, "audience", "", "`word` that the proof has to be for, PROOF_AUDIENCE of the deployment")
	flags.StringVar(&t.outbox, "outbox", "", "`address` of the control listener of make run, to read the code there")
	flags.BoolVar(&t.json, "json", false, "write the report as JSON")
	completeChannels(command)
	return command
}

// oneAddress does not quote what it refuses: it may be a number.
func oneAddress(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return errors.New("name the service by one address, the stack's output ApiUrl or http://localhost:3000; a number goes behind --phone, an e-mail address behind --email")
}

// tried is what came of a try. Like every report it can be told to others: it has no number,
// and of an id only its beginning.
type tried struct {
	API       string      `json:"api"`
	Verified  bool        `json:"verified"`
	Channel   string      `json:"channel,omitempty"`
	ID        string      `json:"verificationId"`
	SentIn    int64       `json:"sentInMilliseconds"`
	ExpiresAt time.Time   `json:"expiresAt"`
	CheckedIn int64       `json:"verifiedInMilliseconds"`
	Proof     *proofCheck `json:"proof"`
}

func (t *try) run(ctx context.Context, address string) error {
	if !slices.Contains(append(otp.Channels(), ""), otp.Channel(t.channel)) {
		return fails(fmt.Errorf("--channel must be %s", otp.Alternatives()))
	}
	var err error
	t.api, err = newTryAPI(address)
	if err != nil {
		return fails(err, "the address is the stack's output ApiUrl, or http://localhost:3000 for make run")
	}
	report, err := t.all(ctx)
	if err != nil {
		return err
	}
	return t.report(report)
}

// all sends a code, verifies it and checks the proof.
func (t *try) all(ctx context.Context) (*tried, error) {
	var from *outbox
	var err error
	if t.outbox != "" {
		from, err = openOutbox(t.outbox)
		if err != nil {
			return nil, fails(err, "the address is the one of the control listener that make run prints, http://127.0.0.1:3002 by default")
		}
	}
	to, err := t.recipient()
	if err != nil {
		return nil, err
	}
	if from != nil {
		// What is there already is no code of this send.
		if err := from.look(ctx, to); err != nil {
			return nil, fails(err, "the address is the one of the control listener that make run prints, http://127.0.0.1:3002 by default")
		}
	}
	report, err := t.send(ctx, to)
	if err != nil {
		return nil, err
	}
	answer, nonce, err := t.verify(ctx, to, from, report)
	if err != nil {
		return nil, err
	}
	report.tried.Verified = true
	report.tried.Proof, err = t.check(ctx, answer.Proof, expectation{
		audience: t.audience, to: to, nonce: nonce, id: report.id, now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	return &report.tried, nil
}

// sending is a code that is under way.
type sending struct {
	tried
	id string // of the verification, whole
}

// recipient asks for whom to send to, unless a flag says it. No error repeats it.
func (t *try) recipient() (recipient.Recipient, error) {
	if t.phone != "" && t.email != "" {
		return recipient.Recipient{}, fails(errors.New("--phone and --email are two recipients"), "name one of them")
	}
	text := cmp.Or(t.phone, t.email)
	if text == "" || text == "-" {
		var err error
		text, err = t.ui.readLine(recipientPrompt)
		if err != nil {
			return recipient.Recipient{}, fails(err)
		}
	}
	return parseRecipient(text)
}

func (t *try) send(ctx context.Context, to recipient.Recipient) (*sending, error) {
	member, name := naming(to)
	request := map[string]string{member: name}
	if t.channel != "" {
		request["channel"] = t.channel
	}
	done := t.ui.during("sending a code")
	began := time.Now()
	answer, err := t.api.post(ctx, "/send-otp", rand.Text(), request)
	took := time.Since(began)
	done()
	if err != nil {
		return nil, t.explain(err)
	}
	if answer.VerificationID == "" || answer.ExpiresAt.IsZero() {
		return nil, fails(errors.New("the answer to the send has no verificationId or no expiresAt"), "is this address infobip-otp's?")
	}
	report := &sending{id: answer.VerificationID, tried: tried{
		API: t.api.base, Channel: t.channel, ID: abbreviated(answer.VerificationID), ExpiresAt: second(answer.ExpiresAt), SentIn: took.Milliseconds(),
	}}
	t.ui.say("a code is on its way; it can be used until %s", when(answer.ExpiresAt, time.Now()))
	return report, nil
}

// wrongGuesses is how often a person is asked again.
const wrongGuesses = 3

// verify asks for the code and verifies it, again after a slip.
func (t *try) verify(ctx context.Context, to recipient.Recipient, from *outbox, report *sending) (apiAnswer, string, error) {
	nonce := rand.Text()
	member, name := naming(to)
	for guess := 1; ; guess++ {
		pin, err := t.code(ctx, to, from)
		if err != nil {
			return apiAnswer{}, "", err
		}
		done := t.ui.during("verifying")
		began := time.Now()
		answer, err := t.api.post(ctx, "/verify-otp", rand.Text(), map[string]string{
			member: name, "pin": pin, "verificationId": report.id, "nonce": nonce,
		})
		report.CheckedIn = time.Since(began).Milliseconds()
		done()
		if err == nil {
			return answer, nonce, nil
		}
		refused, ok := errors.AsType[*apiRefusal](err)
		if !ok || !refused.slip() || from != nil || guess == wrongGuesses {
			return apiAnswer{}, "", t.explain(err)
		}
		t.ui.say("%s", refused)
		if refused.RetryAfter > 0 {
			t.ui.say("waiting %s", span(refused.wait()))
		}
		if err := pause(ctx, refused.wait()); err != nil {
			return apiAnswer{}, "", fails(err)
		}
	}
}

// code gets the code from the outbox, or from who has the phone.
func (t *try) code(ctx context.Context, to recipient.Recipient, from *outbox) (string, error) {
	if from != nil {
		done := t.ui.during("waiting for the message in the outbox")
		defer done()
		pin, err := from.wait(ctx, to)
		if err != nil {
			return "", fails(err, "the outbox is that of make run; does it send by this simulator (INFOBIP_BASE_URL unset)?")
		}
		return pin, nil
	}
	pin, err := t.ui.readLine("code")
	if err != nil {
		return "", fails(err)
	}
	if pin == "" {
		return "", fails(errors.New("no code: the verification was left as it is"),
			"a message that does not come: is the number right, is it registered in a trial account of Infobip's, and what do Infobip's logs say of it?")
	}
	return pin, nil
}

// check checks the proof of a success; nil where proofs are off.
func (t *try) check(ctx context.Context, token string, want expectation) (*proofCheck, error) {
	done := t.ui.during("checking the proof")
	defer done()
	keys, err := t.api.published(ctx)
	switch {
	case errors.Is(err, errNoProofs) && token == "":
		if t.audience != "" {
			return nil, fails(errors.New("verified, but proofs are off, and so none is for the audience"), "PROOF_ISSUER of the deployment turns them on")
		}
		return nil, nil
	case err != nil:
		return nil, fails(fmt.Errorf("verified, but the proof cannot be checked: %w", err),
			"verifiers load the same documents: PROOF_ISSUER of the deployment has to be an address under which it answers, and otpctl doctor looks at the keys")
	case token == "":
		return nil, fails(errors.New("verified, but the answer has no proof, although its keys are published"),
			"verify and discovery have different settings: PROOF_ISSUER and PROOF_KEY; otpctl doctor compares them")
	}
	want.issuer = keys.issuer
	checked, err := checkProof(token, keys, want)
	if err != nil {
		return nil, fails(fmt.Errorf("verified, but the proof is not good: %w", err),
			"docs/proof.md says what each check is for; otpctl doctor looks at the keys")
	}
	if keys.issuer != t.api.base && !sameLoopback(keys.issuer, t.api.base) {
		t.ui.say("the proofs' issuer is %s: verifiers load the keys from there, as was done here", keys.issuer)
	}
	return checked, nil
}

func (t *try) report(r *tried) error {
	if t.json {
		return t.ui.emitJSON(r)
	}
	return t.ui.table(func(line func(string, string, ...any)) {
		line("api", "%s", r.API)
		line("sent", "by %s, in %d ms", cmp.Or(r.Channel, "the service's default channel"), r.SentIn)
		line("verified", "%s, in %d ms", r.ID, r.CheckedIn)
		if r.Proof == nil {
			line("proof", "none: proofs are off (PROOF_ISSUER)")
			return
		}
		line("proof", "good: signed by the published key %s", r.Proof.KeyID)
		for _, claim := range r.Proof.lines() {
			line("  "+claim[0], "%s", claim[1])
		}
	})
}

// wayThere is what to look at where a service does not answer at all.
const wayThere = "look at the address, and at the network on the way there"

// explain adds to a refusal what an operator can do about it.
func (t *try) explain(err error) error {
	refused, ok := errors.AsType[*apiRefusal](err)
	if !ok {
		return fails(err, wayThere)
	}
	var hints []string
	if hint := refusalHints[refused.Code]; hint != "" {
		hints = append(hints, hint)
	}
	if refused.Code == "" {
		hints = append(hints, gatewayHint(refused.Status))
	}
	if refused.RequestID != "" {
		hints = append(hints, "its line in the log has the request id "+refused.RequestID)
	}
	return fails(refused, hints...)
}

// gatewayHint is about an answer that is not the functions' own.
func gatewayHint(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "API Gateway throttles before the function starts (THROTTLE_SEND and its kin), or the account's parallel executions are used up: otpctl doctor looks at both"
	case status >= http.StatusInternalServerError:
		return "the function did not start, crashed or took too long: look at its log group, and otpctl doctor reads its settings"
	}
	return "is this address infobip-otp's? It is the stack's output ApiUrl, without a path behind it"
}

// refusalHints say what an operator can do about each code.
var refusalHints = map[string]string{
	"address_limited":         "this machine's address has asked too often (IP_SEND_LIMIT, IP_VERIFY_LIMIT); everybody behind it shares that",
	"budget_exhausted":        "the money of the window is used up: otpctl spend show, and otpctl spend raise if it was honest traffic",
	"busy":                    "many requests about one number at once: try again",
	"challenge_required":      "the service asks for a solved challenge (CHALLENGE), which a terminal cannot give: try from your page, or from a network with room (otpctl guard show)",
	"channel_mismatch":        "sms and voice go to a phone number, email to an address",
	"channel_not_allowed":     "CHANNELS of the deployment leaves this channel out",
	"client_address_required": "CLIENT_ADDRESS_HEADER is set: call by CloudFront or the backend that sends the header",
	"email_invalid":           "write the address alone, in ASCII, such as jane@example.com",
	"idempotency_key_expired": "begin anew: the code of this send is over",
	"idempotency_key_in_use":  "the same request is still running: try again",
	"internal":                "a fault of the service: look at its log",
	"invalid_or_expired":      "begin anew; was it the newest message?",
	"line_type_not_allowed":   "ALLOWED_LINE_TYPES of the deployment leaves this kind of number out: try a mobile number",
	"number_limited":          "this number has had its sends (NUMBER_SEND_LIMIT and its kin), or is closed: otpctl number show, otpctl number reset",
	"origin_refused":          "CLIENT_ADDRESS_HEADER is set, and only callers with an origin key are answered: call by CloudFront or your backend",
	"phone_number_invalid":    "write a plus, the country code and the rest, digits only, such as +14155552671",
	"phone_number_unassigned": "the form is right and there is no such number: look for a typing mistake",
	"pin_invalid":             "PIN_LENGTH of the deployment says how many digits a code has; this cost no try",
	"proof_failed":            "the code was right, and the proof could not be signed: otpctl doctor looks at the key",
	"provider_throttled":      "Infobip throttles: otpctl provision sets its limits above ours, otpctl doctor compares them",
	"region_not_allowed":      "ALLOWED_REGIONS of the deployment leaves this country out",
	"send_failed":             "Infobip did not send: is the address, the key, the application right, and may a trial account send to this number? otpctl doctor looks",
	"send_unconfirmed":        "nobody knows whether Infobip sent it: a message that comes cannot be used; try again when the time is over",
	"too_soon":                "wait as long as it says (SEND_COOLDOWN, VERIFY_SPACING)",
	"traffic_limited":         "a network, prefix, country or the service has no room, or an operator has stopped it: otpctl guard show",
	"unavailable":             "the table or the secret cannot be reached: otpctl doctor looks at both",
	"verify_failed":           "Infobip gave no verdict: try the code again",
}

// ownMistakes are codes that only a fault of otpctl's can bring.
var ownMistakes = []string{
	"body_invalid", "body_too_large", "channel_unknown", "content_type_unsupported", "email_and_pin_required", "email_required", "field_type", "field_unknown", "idempotency_key_invalid",
	"idempotency_key_reused", "locale_invalid", "method_not_allowed", "nonce_invalid", "not_found", "phone_number_and_pin_required",
	"phone_number_required", "recipient_ambiguous", "verification_id_invalid", "verification_id_required",
}

// completeChannels completes --channel.
func completeChannels(command *cobra.Command) {
	var channels []string
	for _, channel := range otp.Channels() {
		channels = append(channels, string(channel))
	}
	err := command.RegisterFlagCompletionFunc("channel", cobra.FixedCompletions(channels, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // no such flag
	}
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seconds reads a Retry-After of whole seconds.
func seconds(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
