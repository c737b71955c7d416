package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// maxEvent is well below what API Gateway forwards (10 MB); the functions refuse far
// less.
const maxEvent = 1 << 20

// gateway stands for API Gateway: it turns HTTP into the events that it sends, calls the
// functions' handlers with them, and adds its CORS headers. It decides nothing.
type gateway struct {
	routes map[string]*httpapi.Handler // by route key
	other  *httpapi.Handler            // the $default route
	// origins of the pages that may call it.
	origins origins
	// fault, if not nil, returns what the request at hand meets of API Gateway's own.
	fault func() (simulator.GatewayFault, bool)
}

func newGateway(send, verify, discovery *httpapi.Handler, pages origins, fault func() (simulator.GatewayFault, bool)) *gateway {
	return &gateway{
		origins: pages,
		fault:   fault,
		routes: map[string]*httpapi.Handler{
			"POST " + httpapi.RouteSend:   send,
			"POST " + httpapi.RouteResend: send,
			"POST " + httpapi.RouteVerify: verify,
			"GET " + httpapi.RouteBanner:  discovery,
		},
		other: discovery,
	}
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLarge {
		return // the client is gone
	}
	// A body over the limit is passed on cut, still far over what a function takes.
	var fault simulator.GatewayFault
	if g.fault != nil && !isPreflight(r) { // it is the request behind a preflight that meets one
		fault, _ = g.fault()
	}
	g.origins.answer(w.Header(), r)
	var response events.APIGatewayV2HTTPResponse
	if fault.Status == 0 && !fault.Drop || fault.Effect {
		response = g.invoke(r, body)
	}
	if !sleep(r.Context(), fault.Delay) {
		return // the client is gone
	}
	if fault.Drop {
		panic(http.ErrAbortHandler) // net/http then closes the connection without a byte
	}
	if fault.Status != 0 {
		response = ownAnswer(fault.Status)
	}
	for name, value := range response.Headers {
		w.Header()[name] = []string{value} // in its own spelling
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.WriteString(w, response.Body) // a client that is gone is no trouble
}

// invoke calls the function behind the route.
func (g *gateway) invoke(r *http.Request, body []byte) events.APIGatewayV2HTTPResponse {
	key := r.Method + " " + r.URL.Path
	handler, ok := g.routes[key]
	if !ok {
		handler, key = g.other, "$default"
	}
	// As in AWS, a client that goes away ends nothing, and a function has its timeout.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), app.FunctionTimeout)
	defer cancel()
	response, _ := handler.Handle(ctx, event(r, key, body)) // its error is always nil
	return response
}

// ownAnswer is what API Gateway says itself, of its throttles or of a function that
// crashed: a message, and no code of the contract.
func ownAnswer(status int) events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       fmt.Sprintf(`{"message":%q}`, http.StatusText(status)),
	}
}

// sleep waits, and reports whether anybody still does.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// event is the payload of format version 2.0.
func event(r *http.Request, routeKey string, body []byte) events.APIGatewayV2HTTPRequest {
	now := time.Now().UTC()
	headers := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	sourceIP, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		sourceIP = ""
	}
	e := events.APIGatewayV2HTTPRequest{
		Version:        "2.0",
		RouteKey:       routeKey,
		RawPath:        r.URL.Path,
		RawQueryString: r.URL.RawQuery,
		Headers:        headers,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey:   routeKey,
			AccountID:  "000000000000",
			Stage:      "$default",
			RequestID:  requestID(),
			APIID:      "local",
			DomainName: r.Host,
			Time:       now.Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch:  now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method:    r.Method,
				Path:      r.URL.Path,
				Protocol:  r.Proto,
				SourceIP:  sourceIP,
				UserAgent: r.UserAgent(),
			},
		},
		Body: string(body),
	}
	if !utf8.Valid(body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}

func requestID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(id[:])
}
