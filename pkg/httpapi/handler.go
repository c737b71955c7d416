// Package httpapi is the edge: API Gateway HTTP API events in, JSON answers out. It
// checks form, counts addresses, and calls the domain; it decides no rule of its own.
//
// Every request ends in an answer of the contract: no client input ends in a 5xx, and
// a panic becomes a 500 that is logged here, because an error that leaves a Lambda
// handler bypasses the log.
package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// Routes of the HTTP API. The templates route the same, and all else to discovery.
const (
	RouteBanner = "/"
	RouteSend   = "/send-otp"
	RouteResend = "/resend-otp"
	RouteVerify = "/verify-otp"
)

// methods is the one method of each route.
var methods = map[string]string{
	RouteBanner: http.MethodGet,
	RouteSend:   http.MethodPost,
	RouteResend: http.MethodPost,
	RouteVerify: http.MethodPost,
}

// Handler serves one Lambda function's routes. It is safe for concurrent use.
type Handler struct {
	routes map[string]route
	logger *slog.Logger
}

// route is one path's handler.
type route func(context.Context, *request) (*answer, error)

// request is one event on its way, and what its log line will say.
type request struct {
	event *events.APIGatewayV2HTTPRequest
	// count of the address, once it has begun.
	count     *count
	recipient recipient.Recipient
	logName   string
	trace     otp.Trace
}

// answer is a success.
type answer struct {
	text string // a text/plain body; else the JSON below
	body
}

// body is the JSON of every answer.
type body struct {
	Message           string `json:"message,omitempty"`
	VerificationID    string `json:"verificationId,omitempty"`
	ExpiresAt         string `json:"expiresAt,omitempty"`
	ResendAt          string `json:"resendAt,omitempty"`
	ExpiresIn         *int   `json:"expiresIn,omitempty"`
	ResendIn          *int   `json:"resendIn,omitempty"`
	Error             string `json:"error,omitempty"`
	Code              string `json:"code,omitempty"`
	RetryAfter        *int   `json:"retryAfter,omitempty"`
	AttemptsRemaining *int   `json:"attemptsRemaining,omitempty"`
	State             string `json:"state,omitempty"`
}

// Handle answers one event. Its error is always nil.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	started := time.Now()
	r := &request{event: &event}
	working, cancel := withTimeToAnswer(ctx)
	defer cancel()
	a, cause := h.dispatch(working, r)
	var response events.APIGatewayV2HTTPResponse
	code := "ok"
	if cause == nil {
		response = render(http.StatusOK, a.text, a.body, nil)
	} else {
		refused := refusalOf(cause)
		code = refused.code
		response = renderRefusal(refused)
	}
	if decision := r.counted(); decision != nil {
		addRateLimit(response.Headers, *decision)
	}
	h.log(ctx, r, response.StatusCode, code, cause, time.Since(started))
	return response, nil
}

// answerTime is what a request leaves of the function's deadline. At the deadline
// Lambda ends the function, and the answer and the log line would be lost.
const answerTime = 250 * time.Millisecond

func withTimeToAnswer(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-answerTime))
}

// panicked is the error of a handler that panicked. The value is not printed: it may
// hold anything.
type panicked struct {
	kind  string
	stack []byte
}

func (p *panicked) Error() string { return "panic: " + p.kind }

func (h *Handler) dispatch(ctx context.Context, r *request) (*answer, error) {
	path, method := r.event.RawPath, r.event.RequestContext.HTTP.Method
	allowed, known := methods[path]
	if !known {
		return nil, refuseNotFound
	}
	if method != allowed {
		return nil, refuseMethod(allowed)
	}
	route, ours := h.routes[path]
	if !ours {
		return nil, refuseNotFound
	}
	return guarded(func() (*answer, error) { return route(ctx, r) })
}

func guarded(serve func() (*answer, error)) (a *answer, err error) { //nolint:nonamedreturns // a deferred recover has no other way to answer
	defer func() {
		if value := recover(); value != nil {
			a, err = nil, &panicked{kind: fmt.Sprintf("%T", value), stack: debug.Stack()}
		}
	}()
	return serve()
}

func render(status int, text string, b body, headers map[string]string) events.APIGatewayV2HTTPResponse {
	all := map[string]string{
		"Content-Type":           "application/json",
		"Cache-Control":          "no-store",
		"X-Content-Type-Options": "nosniff",
	}
	for name, value := range headers {
		all[name] = value
	}
	if text != "" {
		all["Content-Type"] = "text/plain; charset=utf-8"
		return events.APIGatewayV2HTTPResponse{StatusCode: status, Headers: all, Body: text}
	}
	encoded, err := json.Marshal(b)
	if err != nil {
		panic("httpapi: a body of strings and numbers does not marshal") // a mistake of ours
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: status, Headers: all, Body: string(encoded)}
}

func renderRefusal(r *refusal) events.APIGatewayV2HTTPResponse {
	b := body{Error: r.sentence, Code: r.code, AttemptsRemaining: r.remaining, State: string(r.state)}
	headers := map[string]string{}
	if r.retryAfter > 0 {
		seconds := int(wholeSeconds(r.retryAfter) / time.Second)
		b.RetryAfter = &seconds
		headers["Retry-After"] = strconv.Itoa(seconds)
	}
	if r.allow != "" {
		headers["Allow"] = r.allow
	}
	return render(r.status, "", b, headers)
}

// addRateLimit writes the headers of draft-ietf-httpapi-ratelimit-headers-06, as
// express-rate-limit does.
func addRateLimit(headers map[string]string, d ratelimit.Decision) {
	seconds := func(length time.Duration) string { return strconv.Itoa(int(wholeSeconds(length) / time.Second)) }
	limit := strconv.Itoa(d.Limit.Attempts)
	headers["RateLimit-Policy"] = limit + ";w=" + seconds(d.Limit.Window)
	headers["RateLimit-Limit"] = limit
	headers["RateLimit-Remaining"] = strconv.Itoa(d.Remaining)
	headers["RateLimit-Reset"] = seconds(d.Reset)
}
