package simulator

import (
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// takesEffect reports whether a call that meets the fault does anything.
func (f *Fault) takesEffect() bool {
	switch {
	case f.Drop == dropBefore:
		return false
	case f.Effect != nil:
		return *f.Effect
	}
	return f.Status < http.StatusMultipleChoices
}

// pinIDFor returns the id the fault wants, or the given one. A nil fault wants nothing.
func (f *Fault) pinIDFor(id string) string {
	switch {
	case f == nil || f.PINID == nil:
		return id
	case *f.PINID == freshPINID:
		return newID()
	}
	return *f.PINID
}

// rewrite changes an answer as the fault says.
func (s *Simulator) rewrite(a answer, f *Fault) answer {
	if f.Status != 0 {
		a.status = f.Status
	}
	if f.changesEnvelope(a.status) {
		a.body = s.faultEnvelope(a.status, f)
	}
	a.body = f.rewriteMembers(a.body)
	if f.Body != nil {
		a.body = []byte(*f.Body)
	}
	a.header = f.rewriteHeader(a.header)
	return a
}

// changesEnvelope reports whether the error envelope comes from the fault and not
// from the call.
func (f *Fault) changesEnvelope(status int) bool {
	named := f.Status != 0 || f.Envelope != "" || f.MessageID != nil || f.Text != nil
	return status >= http.StatusBadRequest && named
}

func (f *Fault) rewriteHeader(given http.Header) http.Header {
	header := maps.Clone(given)
	if header == nil {
		header = http.Header{}
	}
	for name, value := range f.Headers {
		header.Set(name, value)
	}
	if retryAfter, _ := f.retryAfter(); retryAfter != "" {
		header.Set("Retry-After", retryAfter)
	}
	if f.ContentType != nil {
		header["Content-Type"] = nil // present and empty: net/http then adds none
		if *f.ContentType != "" {
			header.Set("Content-Type", *f.ContentType)
		}
	}
	return header
}

func (s *Simulator) faultEnvelope(status int, f *Fault) []byte {
	r := s.versioned(refuse(status))
	if f.MessageID != nil {
		r.messageID = *f.MessageID
	}
	if f.Text != nil {
		r.text = *f.Text
	}
	switch f.Envelope {
	case envelopeNew:
		return r.newer().body
	case envelopeLegacy:
		return r.legacy().body
	}
	return s.envelope(r).body
}

// rewriteMembers applies Fields and Omit to a body that is a JSON object.
func (f *Fault) rewriteMembers(body []byte) []byte {
	if len(f.Fields) == 0 && len(f.Omit) == 0 {
		return body
	}
	members := map[string]jsontext.Value{}
	if json.Unmarshal(body, &members) != nil {
		return body
	}
	maps.Copy(members, f.Fields)
	for _, name := range f.Omit {
		delete(members, name)
	}
	return encode(members)
}

// toOf reads `to` out of a body that may be anything.
func toOf(body []byte) string {
	var request struct {
		To string `json:"to"`
	}
	if json.Unmarshal(body, &request) != nil {
		return ""
	}
	return request.To
}

// deliver brings the answer, or what the fault leaves of it, to the client. The
// status is logged before the client can see it.
func (f *Fault) deliver(w http.ResponseWriter, r *http.Request, closed <-chan struct{}, a answer, logStatus func(int)) {
	delay, _ := f.delay()
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			cutConnection()
		case <-closed:
			cutConnection()
		}
	}
	switch f.Drop {
	case dropBefore, dropAfter:
		cutConnection()
	case dropDuring:
		logStatus(a.status)
		writeHalf(w, a)
		cutConnection()
	}
	logStatus(a.status)
	a.write(w)
}

// writeHalf announces the whole body and sends half of it.
func writeHalf(w http.ResponseWriter, a answer) {
	header := w.Header()
	header.Set("Content-Type", jsonContentType)
	maps.Copy(header, a.header)
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
}

// cutConnection ends the handler so that net/http closes the connection without
// another byte, in place of an answer or in the middle of one.
func cutConnection() {
	panic(http.ErrAbortHandler)
}
