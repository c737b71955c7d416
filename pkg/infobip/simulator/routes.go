package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// The words for operations in faults and in the request log. Every channel of a
// send is a send: a fault for sends meets SMS, voice and e-mail.
const (
	opSend         = "send"
	opResend       = "resend"
	opVerify       = "verify"
	opStatus       = "status"
	opApplications = "applications"
	opMessages     = "messages"
	// opUnknown marks, in the request log only, a path or method of no operation.
	opUnknown = "unknown"
	// opAny is what a fault says to meet every operation.
	opAny = "*"
)

var operations = []string{opSend, opResend, opVerify, opStatus, opApplications, opMessages}

// Operations are the words that a fault can name, beside * for all of the API's.
func Operations() []string { return append(slices.Clone(operations), opGateway) }

// The channels, as the outbox names them.
const (
	channelSMS   = "sms"
	channelVoice = "voice"
	channelEmail = "email"
)

// Scopes an API key can have.
const (
	scopeManage    = "2fa:manage"
	scopePINSend   = "2fa:pin:send"
	scopePINManage = "2fa:pin:manage"
)

var (
	toConfigure   = []string{scopeManage}
	toUsePINs     = []string{scopeManage, scopePINSend}
	toResendEmail = []string{scopePINManage, scopePINSend}
)

// route is one of the eighteen operations.
type route struct {
	method string
	// path is below /2fa/2; a segment in braces matches any one segment.
	path      string
	operation string
	channel   string
	scopes    []string
	body      bodyNeed
	// query lists the parameters the operation has.
	query []string
	// throttle is the published limit of the endpoint itself, if there is one.
	throttle rate.Rate
	handle   func(*Simulator, *call) (answer, *refusal)
}

type bodyNeed int

const (
	noBody bodyNeed = iota
	optionalBody
	requiredBody
)

func per10Minutes(attempts int) rate.Rate {
	return rate.Rate{Attempts: attempts, Window: 10 * time.Minute}
}

var routes = []*route{
	{method: "GET", path: "applications", operation: opApplications, scopes: toConfigure, throttle: per10Minutes(50), handle: (*Simulator).listApplications},
	{method: "POST", path: "applications", operation: opApplications, scopes: toConfigure, body: requiredBody, throttle: per10Minutes(20), handle: (*Simulator).createApplication},
	{method: "GET", path: "applications/{appId}", operation: opApplications, scopes: toConfigure, throttle: per10Minutes(100), handle: (*Simulator).getApplication},
	{method: "PUT", path: "applications/{appId}", operation: opApplications, scopes: toConfigure, body: requiredBody, throttle: per10Minutes(40), handle: (*Simulator).updateApplication},

	{method: "GET", path: "applications/{appId}/messages", operation: opMessages, scopes: toConfigure, handle: (*Simulator).listTemplates},
	{method: "POST", path: "applications/{appId}/messages", operation: opMessages, scopes: toConfigure, body: requiredBody, handle: (*Simulator).createTemplate},
	{method: "GET", path: "applications/{appId}/messages/{msgId}", operation: opMessages, scopes: toConfigure, handle: (*Simulator).getTemplate},
	{method: "PUT", path: "applications/{appId}/messages/{msgId}", operation: opMessages, scopes: toConfigure, body: requiredBody, handle: (*Simulator).updateTemplate},
	{method: "POST", path: "applications/{appId}/email/messages", operation: opMessages, channel: channelEmail, scopes: toConfigure, body: requiredBody, throttle: per10Minutes(20), handle: (*Simulator).createEmailTemplate},
	{method: "PUT", path: "applications/{appId}/email/messages/{msgId}", operation: opMessages, channel: channelEmail, scopes: toConfigure, body: requiredBody, throttle: per10Minutes(40), handle: (*Simulator).updateEmailTemplate},

	{method: "POST", path: "pin", operation: opSend, channel: channelSMS, scopes: toUsePINs, body: requiredBody, query: []string{"ncNeeded"}, handle: (*Simulator).send},
	{method: "POST", path: "pin/voice", operation: opSend, channel: channelVoice, scopes: toUsePINs, body: requiredBody, handle: (*Simulator).send},
	{method: "POST", path: "pin/email", operation: opSend, channel: channelEmail, scopes: toUsePINs, body: requiredBody, handle: (*Simulator).send},
	{method: "POST", path: "pin/{pinId}/resend", operation: opResend, channel: channelSMS, scopes: toUsePINs, body: optionalBody, handle: (*Simulator).resend},
	{method: "POST", path: "pin/{pinId}/resend/voice", operation: opResend, channel: channelVoice, scopes: toUsePINs, body: optionalBody, handle: (*Simulator).resend},
	{method: "POST", path: "pin/{pinId}/resend/email", operation: opResend, channel: channelEmail, scopes: toResendEmail, body: optionalBody, handle: (*Simulator).resend},
	{method: "POST", path: "pin/{pinId}/verify", operation: opVerify, scopes: toUsePINs, body: requiredBody, handle: (*Simulator).verify},

	{method: "GET", path: "applications/{appId}/verifications", operation: opStatus, scopes: toUsePINs, query: []string{"msisdn", "verified", "sent"}, handle: (*Simulator).listVerifications},
}

// resolution is what a method and a path mean.
type resolution struct {
	route *route
	// ids are the values of the segments in braces.
	ids map[string]string
	// allowed are the methods the path has, if the method was not one of them.
	allowed []string
}

// resolve finds the route. It reads the escaped path, so that %2F in an id
// stays part of the id, and redirects nothing: an odd path is an unknown one.
func (s *Simulator) resolve(r *http.Request) resolution {
	path, ours := strings.CutPrefix(r.URL.EscapedPath(), "/2fa/2/")
	if !ours {
		return resolution{}
	}
	if !s.options.Strict {
		path = strings.TrimSuffix(path, "/")
	}
	segments := strings.Split(path, "/")
	found := resolution{}
	for _, candidate := range routes {
		ids, matches := candidate.match(segments)
		if !matches {
			continue
		}
		if candidate.method == r.Method {
			return resolution{route: candidate, ids: ids}
		}
		found.allowed = append(found.allowed, candidate.method)
	}
	return found
}

func (rt *route) match(segments []string) (map[string]string, bool) {
	pattern := strings.Split(rt.path, "/")
	if len(pattern) != len(segments) {
		return nil, false
	}
	ids := map[string]string{}
	for i, want := range pattern {
		got, err := url.PathUnescape(segments[i])
		if err != nil || got == "" {
			return nil, false
		}
		name, isID := strings.CutPrefix(want, "{")
		switch {
		case isID:
			ids[strings.TrimSuffix(name, "}")] = got
		case want != got:
			return nil, false
		}
	}
	return ids, true
}
