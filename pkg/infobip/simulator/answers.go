package simulator

import (
	"maps"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
)

const jsonContentType = "application/json;charset=UTF-8"

// answer is what a call will be answered with, unless a fault changes it.
type answer struct {
	status int
	body   []byte
	header http.Header
}

// succeed answers with a value as JSON.
func succeed(status int, value any) answer {
	return answer{status: status, body: encode(value)}
}

// encode writes JSON. The values are this package's own types, so a failure is
// a programming error.
func encode(value any) []byte {
	body, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		panic("simulator: an answer that JSON cannot hold: " + err.Error())
	}
	return body
}

// refusal is an error of the API before it has an envelope.
type refusal struct {
	status    int
	messageID string
	text      string
	// violations are the reasons by member, for a bad request.
	violations map[string][]string
}

// usualRefusals are the vendor's ids and texts by status.
var usualRefusals = map[int]refusal{
	http.StatusBadRequest:            {messageID: "BAD_REQUEST", text: "Bad request"},
	http.StatusUnauthorized:          {messageID: "UNAUTHORIZED", text: "Invalid login details"},
	http.StatusForbidden:             {messageID: "FORBIDDEN", text: "Forbidden"},
	http.StatusNotFound:              {messageID: "NOT_FOUND", text: "Not found"},
	http.StatusMethodNotAllowed:      {messageID: "METHOD_NOT_ALLOWED", text: "Method not allowed"},
	http.StatusRequestEntityTooLarge: {messageID: "BAD_REQUEST", text: "Request body too large"},
	http.StatusUnsupportedMediaType:  {messageID: "BAD_REQUEST", text: "Unsupported content type"},
	http.StatusTooManyRequests:       {messageID: "TOO_MANY_REQUESTS", text: "Too many requests"},
	http.StatusInternalServerError:   {messageID: "GENERAL_ERROR", text: "Something went wrong. Please contact support."},
	http.StatusServiceUnavailable:    {messageID: "0", text: "Service unavailable"},
}

// refuse returns the usual refusal of a status.
func refuse(status int) refusal {
	usual, found := usualRefusals[status]
	switch {
	case found:
	case status >= http.StatusInternalServerError:
		usual = usualRefusals[http.StatusInternalServerError]
	default:
		usual = usualRefusals[http.StatusBadRequest]
	}
	usual.status = status
	return usual
}

// invalid is a bad request with one reason.
func invalid(member, why string) refusal {
	bad := refuse(http.StatusBadRequest)
	bad.violations = map[string][]string{member: {why}}
	return bad
}

func (r refusal) withText(text string) refusal {
	r.text = text
	return r
}

// legacy writes the envelope that the 2FA contract declares.
func (r refusal) legacy() answer {
	exception := map[string]any{"messageId": r.messageID, "text": r.text}
	if len(r.violations) > 0 {
		exception["validationErrors"] = r.violations
	}
	return succeed(r.status, map[string]any{"requestError": map[string]any{"serviceException": exception}})
}

type violation struct {
	Property  string `json:"property"`
	Violation string `json:"violation"`
}

// newer writes the platform's newer envelope, all five members of it.
func (r refusal) newer() answer {
	violations := []violation{}
	for _, member := range sortedKeys(r.violations) {
		for _, why := range r.violations[member] {
			violations = append(violations, violation{Property: member, Violation: why})
		}
	}
	return succeed(r.status, map[string]any{
		"errorCode":   "E" + strconv.Itoa(r.status),
		"description": r.text,
		"action":      "Check the request and the documentation.",
		"violations":  violations,
		"resources":   []any{},
	})
}

// v1IDs are the ids of V1 of the API by those of today. A bad request without a
// reason has the same one.
var v1IDs = map[string]string{
	"NOT_FOUND":         "RESOURCE_NOT_FOUND",
	"TOO_MANY_REQUESTS": "THROTTLE_EXCEPTION",
	"GENERAL_ERROR":     "GENERAL_EXCEPTION",
	"0":                 "SERVICE_UNAVAILABLE",
}

// refuse returns a refusal with the ids and in the envelope that the options ask for.
func (s *Simulator) refuse(r refusal) answer { return s.envelope(s.versioned(r)) }

// versioned returns a refusal with the ids that the options ask for.
func (s *Simulator) versioned(r refusal) refusal {
	older, differs := v1IDs[r.messageID]
	switch {
	case !s.options.V1IDs:
	case differs:
		r.messageID = older
	case len(r.violations) > 0:
		r.messageID = "INVALID_ARGUMENT"
	}
	return r
}

// envelope puts a refusal into the envelope that the options ask for.
func (s *Simulator) envelope(r refusal) answer {
	atGateway := r.status == http.StatusUnauthorized || r.status == http.StatusForbidden || r.status == http.StatusTooManyRequests
	if s.options.NewEnvelope && atGateway {
		return r.newer()
	}
	return r.legacy()
}

// write sends the answer. Every answer says it is JSON, unless a fault has said
// otherwise in the header.
func (a answer) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", jsonContentType)
	maps.Copy(header, a.header)
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client has gone: nobody is left to tell
}
