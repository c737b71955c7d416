package simulator

import (
	"net/http"
	"time"
)

// Request is one call that the API listener saw, refused ones too. It has
// neither a query nor headers nor a body: no key, no PIN, no number.
type Request struct {
	// Operation is send, resend, verify, status, applications or messages;
	// unknown for a path or method of none.
	Operation string `json:"operation"`
	Method    string `json:"method"`
	// Path is the path as it came, percent-encoded; it may hold a pinId.
	Path string `json:"path"`
	// Status is what was answered: 0 while the call is under way or delayed, and
	// for good if its connection was cut before an answer.
	Status int       `json:"status"`
	At     time.Time `json:"at"`
}

// longestPath is how much of a path the log keeps.
const longestPath = 200

func (s *Simulator) logRequest(r *http.Request, rt *route) *Request {
	entry := &Request{Operation: opUnknown, Method: r.Method, Path: r.URL.EscapedPath(), At: s.now()}
	if rt != nil {
		entry.Operation = rt.operation
	}
	if len(entry.Path) > longestPath {
		entry.Path = entry.Path[:longestPath]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = trimOldest(append(s.requests, entry), mostKept)
	return entry
}

func (s *Simulator) logStatus(entry *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.Status = status
}

// Requests returns a copy of the request log in order of arrival, of one
// operation or, with the empty word, of all.
func (s *Simulator) Requests(operation string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Request{}
	for _, entry := range s.requests {
		if operation == "" || operation == entry.Operation {
			found = append(found, *entry)
		}
	}
	return found
}
