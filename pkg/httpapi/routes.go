package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	infobipotp "github.com/seed-a131a524/infobip-otp"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Sender is the domain behind the send function.
type Sender interface {
	Send(context.Context, otp.SendRequest) (otp.Receipt, error)
	Resend(context.Context, otp.ResendRequest) (otp.Receipt, error)
}

// Verifier is the domain behind the verify function.
type Verifier interface {
	Verify(context.Context, otp.VerifyRequest) (otp.Success, error)
}

// Edge is what the POST routes share.
type Edge struct {
	Keys    Keys
	Counter ratelimit.Counter
	Clock   otp.Clock
	Logger  *slog.Logger
	// Client says who the client of a request is.
	Client ClientAddress
	// GivesBack: a success gives the sends that it answers back to the addresses that
	// they were counted for.
	GivesBack bool
}

// Form is what a deployment asks of a request beyond the contract.
type Form struct {
	// PINLength is how many digits a PIN has.
	PINLength int
	// RequireVerificationID refuses to verify without naming the verification.
	RequireVerificationID bool
	// RequirePlus refuses numbers without their plus: a national number is often
	// another country's.
	RequirePlus bool
}

// NewSend returns the handler of POST /send-otp and POST /resend-otp.
func NewSend(e Edge, f Form, limit rate.Rate, sender Sender) *Handler {
	s := &sendRoutes{gate: gate{edge: e, name: sendCounter, what: "OTP requests", limit: limit}, form: f, sender: sender}
	return newHandler(e.Logger, map[string]route{
		RouteSend: e.Client.identified(s.send), RouteResend: e.Client.identified(s.resend),
	})
}

// NewVerify returns the handler of POST /verify-otp. Proofs is nil where successes have
// none.
func NewVerify(e Edge, f Form, limit rate.Rate, verifier Verifier, proofs Proofs) *Handler {
	v := &verifyRoute{
		gate: gate{edge: e, name: "verify", what: "verification attempts", limit: limit}, form: f, verifier: verifier, proofs: proofs,
	}
	return newHandler(e.Logger, map[string]route{RouteVerify: e.Client.identified(v.verify)})
}

// NewDiscovery returns the handler of the documents, of GET / and of everything that is no
// route. Keys is nil where successes have no proof: then there are no documents about it.
func NewDiscovery(logger *slog.Logger, keys *proof.Published) *Handler {
	serve := func(d document) route {
		return func(context.Context, *request) (*answer, error) { return &answer{document: d}, nil }
	}
	routes := map[string]route{
		RouteBanner:  serve(document{"Infobip OTP Service Running!", "text/plain; charset=utf-8", "no-store"}),
		RouteOpenAPI: serve(document{infobipotp.OpenAPI, "application/yaml", published}),
	}
	if keys != nil {
		routes[proof.ConfigurationPath] = serve(proofDocument(keys.Configuration()))
		routes[proof.KeySetPath] = func(ctx context.Context, _ *request) (*answer, error) {
			set, err := keys.KeySet(ctx)
			if err != nil {
				return nil, &otp.Error{Reason: otp.Unavailable, Err: err}
			}
			return &answer{document: proofDocument(set)}, nil
		}
	}
	return newHandler(logger, routes)
}

func proofDocument(d proof.Document) document {
	return document{text: string(d.JSON), contentType: "application/json", cacheControl: d.CacheControl()}
}

// incomplete are a route's sentences about a body that names no recipient, or lacks what
// goes with one: by phone number, and by e-mail address.
type incomplete struct{ number, email *refusal }

// check returns what keeps a body from naming one recipient and having all the members that
// its route needs beside that. A member that is empty is missing.
func (i incomplete) check(members fields, needed ...string) *refusal {
	number, address := members.get("phoneNumber") != "", members.get("email") != ""
	if number && address {
		return refuseAmbiguous
	}
	complete := number || address
	for _, name := range needed {
		complete = complete && members.get(name) != ""
	}
	// Whoever names neither is told of the one that he seems to have meant.
	meansEmail := members["email"] != nil || members.get("channel") == string(otp.Email)
	switch {
	case complete:
		return nil
	case !number && meansEmail:
		return i.email
	}
	return i.number
}

// recipientOf reads whom a request is about, of the two who may be named. Malformed is the
// route's sentence for a number that is none.
func (f Form) recipientOf(members fields, malformed *refusal) (recipient.Recipient, *refusal) {
	if text := members.get("email"); text != "" {
		address, err := email.Parse(text)
		if err != nil {
			return recipient.Recipient{}, refuseEmail
		}
		return recipient.OfEmail(address), nil
	}
	text := members.get("phoneNumber")
	number, err := phone.Parse(text)
	switch {
	case f.RequirePlus && !strings.HasPrefix(text, "+"):
		return recipient.Recipient{}, malformed
	case errors.Is(err, phone.ErrUnassigned):
		return recipient.Recipient{}, refuseUnassigned
	case err != nil:
		return recipient.Recipient{}, malformed
	}
	return recipient.OfPhone(number), nil
}

type sendRoutes struct {
	gate   gate
	form   Form
	sender Sender
}

func (s *sendRoutes) send(ctx context.Context, r *request) (*answer, error) {
	members, refused := readBody(r.event, "phoneNumber", "email", "channel", "locale", "challengeToken")
	if refused != nil {
		return nil, refused
	}
	if refused := (incomplete{refuseNoNumber, refuseNoEmail}).check(members); refused != nil {
		return nil, refused
	}
	to, refused := s.form.recipientOf(members, refuseNumberToSend)
	if refused != nil {
		return nil, refused
	}
	language, refused := localeOf(members)
	if refused != nil {
		return nil, refused
	}
	channel, refused := channelOf(members, otp.UsualChannel(to.Kind()))
	if refused != nil {
		return nil, refused
	}
	caller, err := s.gate.caller(ctx, r, to)
	if err != nil {
		return nil, err
	}
	receipt, err := s.sender.Send(ctx, otp.SendRequest{
		Caller: caller, To: to, Channel: channel, Locale: language, Challenge: members.get("challengeToken"),
	})
	return s.sent(receipt, err)
}

func (s *sendRoutes) resend(ctx context.Context, r *request) (*answer, error) {
	members, refused := readBody(r.event, "phoneNumber", "email", "verificationId", "channel", "challengeToken")
	if refused != nil {
		return nil, refused
	}
	if refused := (incomplete{refuseNoNumberOrID, refuseNoEmailOrID}).check(members, "verificationId"); refused != nil {
		return nil, refused
	}
	to, refused := s.form.recipientOf(members, refuseNumberToSend)
	if refused != nil {
		return nil, refused
	}
	if !otp.ValidVerificationID(members.get("verificationId")) {
		return nil, refuseVerificationID
	}
	channel, refused := channelOf(members, "")
	if refused != nil {
		return nil, refused
	}
	caller, err := s.gate.caller(ctx, r, to)
	if err != nil {
		return nil, err
	}
	receipt, err := s.sender.Resend(ctx, otp.ResendRequest{
		Caller: caller, To: to, VerificationID: members.get("verificationId"), Channel: channel, Challenge: members.get("challengeToken"),
	})
	return s.sent(receipt, err)
}

// sent renders a receipt. Every moment is rounded to the side on which a client that
// relies on it is right: a code's end down, a pause's up.
func (s *sendRoutes) sent(receipt otp.Receipt, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	now := s.gate.edge.Clock.Now()
	expiresIn := int(max(receipt.ExpiresAt.Sub(now), 0) / time.Second)
	resendIn := int((max(receipt.ResendAt.Sub(now), 0) + time.Second - 1) / time.Second)
	return &answer{body: body{
		Message:        "OTP sent successfully.",
		VerificationID: receipt.VerificationID,
		ExpiresAt:      receipt.ExpiresAt.UTC().Truncate(time.Second).Format(time.RFC3339),
		ResendAt:       receipt.ResendAt.UTC().Add(time.Second - 1).Truncate(time.Second).Format(time.RFC3339),
		ExpiresIn:      &expiresIn,
		ResendIn:       &resendIn,
	}}, nil
}

func channelOf(members fields, otherwise otp.Channel) (otp.Channel, *refusal) {
	if members["channel"] == nil {
		return otherwise, nil
	}
	channel := otp.Channel(members.get("channel"))
	if !slices.Contains(otp.Channels(), channel) {
		return "", refuseChannel
	}
	return channel, nil
}

// localeOf returns the language of a message as it was written; empty for the default.
func localeOf(members fields) (string, *refusal) {
	if members["locale"] == nil {
		return "", nil
	}
	if _, err := locale.Parse(members.get("locale")); err != nil {
		return "", refuseLocale
	}
	return members.get("locale"), nil
}

type verifyRoute struct {
	gate     gate
	form     Form
	verifier Verifier
	proofs   Proofs
}

func (v *verifyRoute) verify(ctx context.Context, r *request) (*answer, error) {
	members, refused := readBody(r.event, "phoneNumber", "email", "pin", "verificationId", "nonce")
	if refused != nil {
		return nil, refused
	}
	if refused := (incomplete{refuseNoNumberOrPIN, refuseNoEmailOrPIN}).check(members, "pin"); refused != nil {
		return nil, refused
	}
	if !v.isPIN(members.get("pin")) {
		return nil, refusePIN(v.form.PINLength)
	}
	to, refused := v.form.recipientOf(members, refuseNumberToVerify)
	if refused != nil {
		return nil, refused
	}
	named := members["verificationId"] != nil
	switch {
	case !named && v.form.RequireVerificationID:
		return nil, refuseNoVerificationID
	case named && !otp.ValidVerificationID(members.get("verificationId")):
		return nil, refuseVerificationID
	case members["nonce"] != nil && proof.CheckNonce(members.get("nonce")) != nil:
		return nil, refuseNonce
	}
	caller, err := v.gate.caller(ctx, r, to)
	if err != nil {
		return nil, err
	}
	asked := otp.VerifyRequest{
		Caller: caller, To: to, PIN: members.get("pin"), VerificationID: members.get("verificationId"),
	}
	var issued issuance
	if v.proofs != nil {
		asked.Nonce = members.get("nonce")
		asked.Seal = issued.seal(v.proofs, r.names.Subject(to), asked.Nonce)
	}
	success, err := v.verifier.Verify(ctx, asked)
	if err != nil {
		return nil, err
	}
	if len(success.Marks) > 0 {
		r.lost = v.gate.edge.giveBack(ctx, success.Marks)
	}
	if issued.err != nil {
		return nil, issued.err
	}
	return &answer{body: body{Message: "OTP verified successfully.", Proof: issued.token.Compact()}}, nil
}

// isPIN takes ASCII digits only: others look alike and are different bytes.
func (v *verifyRoute) isPIN(pin string) bool {
	if len(pin) != v.form.PINLength {
		return false
	}
	for i := range len(pin) {
		if pin[i] < '0' || pin[i] > '9' {
			return false
		}
	}
	return true
}
