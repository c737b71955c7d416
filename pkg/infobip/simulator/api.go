package simulator

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// largestBody is what the API and the control listener read of a request, but for a
// fault.
const largestBody = 64 << 10

// call is one request on its way through a handler.
type call struct {
	route *route
	ids   map[string]string
	query url.Values
	body  []byte
	// fault is what the call meets, or nil.
	fault *Fault
}

// serveAPI is the way of every request: into the log, past the key, past a
// fault, through its handler, and out in JSON.
func (s *Simulator) serveAPI(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Request-Id", strconv.FormatInt(s.requestIDs.Add(1), 10))
	found := s.resolve(r)
	entry := s.logRequest(r, found.route)

	result, fault := s.answerCall(r, found)
	if fault == nil {
		s.logStatus(entry, result.status)
		result.write(w)
		return
	}
	fault.deliver(w, r, s.closed, result, func(status int) { s.logStatus(entry, status) })
}

// answerCall returns the answer and the fault that has still to be applied to the
// way out. Calls that are refused for their path or key meet no fault.
func (s *Simulator) answerCall(r *http.Request, found resolution) (answer, *Fault) {
	if refused := s.authorize(r.Header.Values("Authorization"), found.route); refused != nil {
		return s.refuse(*refused), nil
	}
	if found.route == nil {
		return s.refuseUnknown(r, found), nil
	}
	body, refused := s.readBody(r, found.route)
	if refused != nil {
		return s.refuse(*refused), nil
	}
	query, refused := s.readQuery(r, found.route)
	if refused != nil {
		return s.refuse(*refused), nil
	}
	c := &call{route: found.route, ids: found.ids, query: query, body: body}

	s.mu.Lock()
	defer s.mu.Unlock()
	c.fault = s.takeFault(c)
	if c.fault != nil && !c.fault.takesEffect() {
		return s.rewrite(answer{status: http.StatusOK}, c.fault), c.fault
	}
	result, refused := s.handle(c)
	if refused != nil {
		result = s.refuse(*refused)
	}
	if c.fault != nil {
		result = s.rewrite(result, c.fault)
	}
	return result, c.fault
}

// handle needs s.mu: a call takes effect as a whole or not at all.
func (s *Simulator) handle(c *call) (answer, *refusal) {
	if s.options.EndpointThrottles && c.route.throttle.Window > 0 {
		key := c.route.method + " " + c.route.path
		now := s.now()
		if s.throttles.full(key, c.route.throttle, now) {
			throttled := refuse(http.StatusTooManyRequests)
			return answer{}, &throttled
		}
		s.throttles.add(key, c.route.throttle, now)
	}
	return c.route.handle(s, c)
}

func (s *Simulator) refuseUnknown(r *http.Request, found resolution) answer {
	if len(found.allowed) == 0 {
		path := r.URL.EscapedPath()
		return s.envelope(refuse(http.StatusNotFound).withText("Requested URL not found: " + path[:min(len(path), longestPath)]))
	}
	refused := s.refuse(refuse(http.StatusMethodNotAllowed))
	refused.header = http.Header{"Allow": {strings.Join(found.allowed, ", ")}}
	return refused
}

// readBody reads a body that may be JSON. What it holds is for the handler.
func (s *Simulator) readBody(r *http.Request, rt *route) ([]byte, *refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestBody+1))
	switch {
	case err != nil:
		bad := refuse(http.StatusBadRequest).withText("The body could not be read")
		return nil, &bad
	case len(body) > largestBody:
		tooLarge := refuse(http.StatusRequestEntityTooLarge)
		return nil, &tooLarge
	case len(body) == 0 && rt.body == requiredBody:
		bad := refuse(http.StatusBadRequest)
		return nil, &bad
	case len(body) == 0 || rt.body == noBody:
		return nil, nil
	}
	if !s.isJSON(r.Header.Values("Content-Type")) {
		unsupported := refuse(http.StatusUnsupportedMediaType)
		return nil, &unsupported
	}
	return body, nil
}

func (s *Simulator) isJSON(contentTypes []string) bool {
	if len(contentTypes) == 0 {
		return !s.options.Strict
	}
	mediaType, _, err := mime.ParseMediaType(contentTypes[0])
	return err == nil && len(contentTypes) == 1 && mediaType == "application/json"
}

// readQuery parses the query. In strict mode every parameter must be one that
// the operation has, once.
func (s *Simulator) readQuery(r *http.Request, rt *route) (url.Values, *refusal) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		bad := refuse(http.StatusBadRequest).withText("The query could not be read")
		return nil, &bad
	}
	if !s.options.Strict {
		return query, nil
	}
	for _, name := range sortedKeys(query) {
		if !slices.Contains(rt.query, name) {
			unknown := invalid(name, "unknown parameter")
			return nil, &unknown
		}
		if len(query[name]) > 1 {
			repeated := invalid(name, "given more than once")
			return nil, &repeated
		}
	}
	return query, nil
}

// boolean reads a query parameter that is true or false. Without it, and for
// the word undefined in lenient mode (a JavaScript SDK writes it), nil.
func (s *Simulator) boolean(query url.Values, name string) (*bool, *refusal) {
	if !query.Has(name) {
		return nil, nil
	}
	switch value := query.Get(name); {
	case value == "true" || value == "false":
		truth := value == "true"
		return &truth, nil
	case value == "undefined" && !s.options.Strict:
		return nil, nil
	}
	bad := invalid(name, "must be true or false")
	return nil, &bad
}
