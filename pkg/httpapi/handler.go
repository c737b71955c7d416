// Package httpapi is the edge: API Gateway HTTP API events in, JSON answers out. It
// checks form, learns who the client is, counts addresses, and calls the domain; it
// decides no rule of its own.
//
// Every request ends in an answer of the contract: no client input ends in a 5xx, and
// a panic becomes a 500 that is logged here, because an error that leaves a Lambda
// handler bypasses the log.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// Handler serves one Lambda function's routes. It is safe for concurrent use.
type Handler struct {
	routes map[string]route
	// logger writes the line of a request, whatever the log's level.
	logger  *slog.Logger
	metrics *telemetry.Emitter
}

func newHandler(logger *slog.Logger, routes map[string]route) *Handler {
	return &Handler{routes: routes, logger: telemetry.Unfiltered(logger)}
}

// Emitting has the line of each request be a record of its metrics too. It is called
// before the first request; nil is none, as at first.
func (h *Handler) Emitting(metrics *telemetry.Emitter) *Handler {
	h.metrics = metrics
	return h
}

// route is one path's handler.
type route func(context.Context, *request) (*answer, error)

// request is one event on its way, and what its log line will say.
type request struct {
	event *events.APIGatewayV2HTTPRequest
	// path is that of a route, whatever API Gateway has put before it.
	path string
	// address of the client; it stands in no log.
	address string
	// count of the address, once it has begun.
	count     *count
	recipient recipient.Recipient
	names     pseudonym.Key
	logName   string
	trace     otp.Trace
	// lost is what a success could not give back, for the log.
	lost error
}

func (r *request) method() string { return r.event.RequestContext.HTTP.Method }

// Handle answers one event. Its error is always nil.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	started := time.Now()
	r := &request{event: &event, path: pathOf(&event)}
	working, cancel := withTimeToAnswer(ctx)
	defer cancel()
	a, cause := guarded(func() (*answer, error) { return h.dispatch(working, r) })
	var response events.APIGatewayV2HTTPResponse
	code := codeOK
	if cause == nil {
		response = a.render()
	} else {
		refused := refusalOf(cause)
		code = refused.code
		response = refused.render()
	}
	if decision := r.counted(); decision != nil {
		addRateLimit(response.Headers, *decision)
	}
	if r.method() == http.MethodHead {
		response.Body = ""
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
