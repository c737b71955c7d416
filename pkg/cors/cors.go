// Package cors says what a page in a browser may do with the API: the one list that the
// stack gives to API Gateway and that `make run` answers with.
package cors

import (
	"net/http"
	"time"
)

// MaxAge is how long a browser may keep the answer to a preflight.
const MaxAge = time.Hour

// AllowedMethods returns the methods that pages use.
func AllowedMethods() []string { return []string{http.MethodGet, http.MethodPost} }

// AllowedHeaders returns the request headers that pages may set: those of the contract, and
// those by which tracing tools that run in pages pass their context on, because a browser
// refuses the whole request for one that is not allowed. X-Origin-Key is not among them: a
// page has no secret.
func AllowedHeaders() []string {
	return []string{
		"content-type", "idempotency-key",
		"traceparent", "tracestate", "baggage", // W3C Trace Context, and Baggage
		"sentry-trace", "x-amzn-trace-id",
	}
}

// ExposedHeaders returns the response headers that pages may read. Date is among them, so
// that a page on a machine with a wrong clock can tell how wrong it is.
func ExposedHeaders() []string {
	return []string{"date", "retry-after", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
}
