package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// answer is a success: a document, a list of methods, or the JSON of body.
type answer struct {
	document
	allow string
	body
}

// document is a text that is served as it stands.
type document struct {
	text         string
	contentType  string
	cacheControl string
}

// published is how long a document that says how to talk to the service may be kept.
const published = "public, max-age=3600"

// body is the JSON of every answer.
type body struct {
	Message           string `json:"message,omitempty"`
	VerificationID    string `json:"verificationId,omitempty"`
	ExpiresAt         string `json:"expiresAt,omitempty"`
	ResendAt          string `json:"resendAt,omitempty"`
	ExpiresIn         *int   `json:"expiresIn,omitempty"`
	ResendIn          *int   `json:"resendIn,omitempty"`
	Proof             string `json:"proof,omitempty"`
	Error             string `json:"error,omitempty"`
	Code              string `json:"code,omitempty"`
	RetryAfter        *int   `json:"retryAfter,omitempty"`
	AttemptsRemaining *int   `json:"attemptsRemaining,omitempty"`
	State             string `json:"state,omitempty"`
}

func (a *answer) render() events.APIGatewayV2HTTPResponse {
	switch {
	case a.allow != "":
		return render(http.StatusNoContent, "", "", map[string]string{"Allow": a.allow})
	case a.text != "":
		return render(http.StatusOK, a.contentType, a.text, map[string]string{"Cache-Control": a.cacheControl})
	}
	return renderJSON(http.StatusOK, a.body, nil)
}

func (r *refusal) render() events.APIGatewayV2HTTPResponse {
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
	return renderJSON(r.status, b, headers)
}

func renderJSON(status int, b body, headers map[string]string) events.APIGatewayV2HTTPResponse {
	encoded, err := json.Marshal(b)
	if err != nil {
		panic("httpapi: a body of strings and numbers does not marshal") // a mistake of ours
	}
	return render(status, "application/json", string(encoded), headers)
}

func render(status int, contentType, text string, headers map[string]string) events.APIGatewayV2HTTPResponse {
	all := map[string]string{
		"Cache-Control":          "no-store",
		"X-Content-Type-Options": "nosniff",
	}
	if contentType != "" {
		all["Content-Type"] = contentType
	}
	maps.Copy(all, headers)
	return events.APIGatewayV2HTTPResponse{StatusCode: status, Headers: all, Body: text}
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
