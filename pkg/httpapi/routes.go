package httpapi

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// Sender is the domain behind the send function.
type Sender interface {
	Send(context.Context, otp.SendRequest) (otp.Receipt, error)
	Resend(context.Context, otp.ResendRequest) (otp.Receipt, error)
}

// Verifier is the domain behind the verify function.
type Verifier interface {
	Verify(context.Context, otp.VerifyRequest) error
}

// Edge is what the POST routes share.
type Edge struct {
	Keys    Keys
	Counter ratelimit.Counter
	Clock   otp.Clock
	Logger  *slog.Logger
}

// NewSend gives the handler of POST /send-otp and POST /resend-otp. Regions, if there
// are any, are the only ones whose numbers are sent to. They are told by the number's
// region, not by its calling code: Jamaica and the Dominican Republic share +1.
func NewSend(e Edge, limit rate.Rate, sender Sender, regions ...string) *Handler {
	s := &sendRoutes{
		gate:   gate{edge: e, name: "send", what: "OTP requests", limit: limit},
		sender: sender, regions: regions,
	}
	broken := refusalOf(&otp.Error{Reason: otp.SendUnconfirmed}, nil)
	return &Handler{logger: e.Logger, routes: map[string]route{
		RouteSend:   {serve: s.gate.count(s.send), broken: broken},
		RouteResend: {serve: s.gate.count(s.resend), broken: broken},
	}}
}

// NewVerify gives the handler of POST /verify-otp. PINs have pinLength digits;
// requireID refuses requests that do not name their verification.
func NewVerify(e Edge, limit rate.Rate, verifier Verifier, pinLength int, requireID bool) *Handler {
	v := &verifyRoute{
		gate:     gate{edge: e, name: "verify", what: "verification attempts", limit: limit},
		verifier: verifier, pinLength: pinLength, requireID: requireID,
	}
	broken := refusalOf(&otp.Error{Reason: otp.VerifyFailed}, nil)
	return &Handler{logger: e.Logger, routes: map[string]route{
		RouteVerify: {serve: v.gate.count(v.verify), broken: broken},
	}}
}

// NewDiscovery gives the handler of GET / and of everything that is no route.
func NewDiscovery(logger *slog.Logger) *Handler {
	banner := func(context.Context, *request) (*answer, error) {
		return &answer{text: "Infobip OTP Service Running!"}, nil
	}
	return &Handler{logger: logger, routes: map[string]route{
		RouteBanner: {serve: banner, broken: refuseUnavailable},
	}}
}

type sendRoutes struct {
	gate    gate
	sender  Sender
	regions []string
}

// numberOf reads the number that a message would go to.
func (s *sendRoutes) numberOf(members fields) (phone.Number, *refusal) {
	number, err := phone.Parse(members.get("phoneNumber"))
	switch {
	case err != nil:
		return phone.Number{}, refuseNumberToSend
	case len(s.regions) > 0 && !slices.Contains(s.regions, number.Region()):
		return phone.Number{}, refuseRegion
	}
	return number, nil
}

func (s *sendRoutes) send(ctx context.Context, r *request, a *admission) (*answer, error) {
	members, refused := readBody(r.event, "phoneNumber", "channel", "locale")
	if refused != nil {
		return nil, refused
	}
	if members.get("phoneNumber") == "" {
		return nil, refuseNoNumber
	}
	number, refused := s.numberOf(members)
	if refused != nil {
		return nil, refused
	}
	channel, refused := channelOf(members)
	if refused != nil {
		return nil, refused
	}
	caller, err := r.caller(a, number)
	if err != nil {
		return nil, err
	}
	receipt, err := s.sender.Send(ctx, otp.SendRequest{
		Caller: caller, Number: number, Channel: channel, Locale: members.get("locale"),
	})
	return sent(receipt, err)
}

func (s *sendRoutes) resend(ctx context.Context, r *request, a *admission) (*answer, error) {
	members, refused := readBody(r.event, "phoneNumber", "verificationId", "channel")
	if refused != nil {
		return nil, refused
	}
	if members.get("phoneNumber") == "" || members.get("verificationId") == "" {
		return nil, refuseNoNumberOrID
	}
	number, refused := s.numberOf(members)
	if refused != nil {
		return nil, refused
	}
	if !otp.ValidVerificationID(members.get("verificationId")) {
		return nil, refuseVerificationID
	}
	channel, refused := channelOf(members)
	if refused != nil {
		return nil, refused
	}
	caller, err := r.caller(a, number)
	if err != nil {
		return nil, err
	}
	receipt, err := s.sender.Resend(ctx, otp.ResendRequest{
		Caller: caller, Number: number, VerificationID: members.get("verificationId"), Channel: channel,
	})
	return sent(receipt, err)
}

func sent(receipt otp.Receipt, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	return &answer{body: body{
		Message:        "OTP sent successfully.",
		VerificationID: receipt.VerificationID,
		// Whole seconds, each to the side on which a client that relies on it is right.
		ExpiresAt: receipt.ExpiresAt.UTC().Truncate(time.Second).Format(time.RFC3339),
		ResendAt:  receipt.ResendAt.UTC().Add(time.Second - 1).Truncate(time.Second).Format(time.RFC3339),
	}}, nil
}

func channelOf(members fields) (otp.Channel, *refusal) {
	if members["channel"] == nil {
		return otp.SMS, nil
	}
	switch channel := otp.Channel(members.get("channel")); channel {
	case otp.SMS, otp.Voice:
		return channel, nil
	default:
		return "", refuseChannel
	}
}

type verifyRoute struct {
	gate      gate
	verifier  Verifier
	pinLength int
	requireID bool
}

func (v *verifyRoute) verify(ctx context.Context, r *request, a *admission) (*answer, error) {
	members, refused := readBody(r.event, "phoneNumber", "pin", "verificationId")
	if refused != nil {
		return nil, refused
	}
	if members.get("phoneNumber") == "" || members.get("pin") == "" {
		return nil, refuseNoNumberOrPIN
	}
	if !v.isPIN(members.get("pin")) {
		return nil, refusePIN(v.pinLength)
	}
	number, err := phone.Parse(members.get("phoneNumber"))
	if err != nil {
		return nil, refuseNumberToVerify
	}
	named := members["verificationId"] != nil
	if named && !otp.ValidVerificationID(members.get("verificationId")) || !named && v.requireID {
		return nil, refuseVerificationID
	}
	caller, err := r.caller(a, number)
	if err != nil {
		return nil, err
	}
	err = v.verifier.Verify(ctx, otp.VerifyRequest{
		Caller: caller, Number: number, PIN: members.get("pin"), VerificationID: members.get("verificationId"),
	})
	if err != nil {
		return nil, err
	}
	return &answer{body: body{Message: "OTP verified successfully."}}, nil
}

// isPIN takes ASCII digits only: others look alike and are different bytes.
func (v *verifyRoute) isPIN(pin string) bool {
	if len(pin) != v.pinLength {
		return false
	}
	for i := range len(pin) {
		if pin[i] < '0' || pin[i] > '9' {
			return false
		}
	}
	return true
}
