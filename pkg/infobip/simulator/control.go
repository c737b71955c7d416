package simulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// controlHandlers are the calls of the control listener by path and method.
var controlHandlers = map[string]map[string]func(*Simulator, *http.Request) (any, error){
	"/outbox":      {"GET": (*Simulator).controlOutbox, "DELETE": (*Simulator).controlForget},
	"/outbox/wait": {"GET": (*Simulator).controlWait},
	"/requests":    {"GET": (*Simulator).controlRequests},
	"/faults":      {"GET": (*Simulator).controlFaults, "POST": (*Simulator).controlAddFault, "DELETE": (*Simulator).controlClearFaults},
	"/emails":      {"POST": (*Simulator).controlWriteEmail},
	"/clock":       {"GET": (*Simulator).controlTime, "POST": (*Simulator).controlAdvance},
	"/reset":       {"POST": (*Simulator).controlReset},
}

// serveControl answers in JSON; a refusal is {"error": "<sentence>"}.
func (s *Simulator) serveControl(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	methods, known := controlHandlers[r.URL.Path]
	if !known {
		complain(http.StatusNotFound, fmt.Errorf("unknown path: use %s", strings.Join(sortedKeys(controlHandlers), ", "))).write(w)
		return
	}
	handle, known := methods[r.Method]
	if !known {
		w.Header().Set("Allow", strings.Join(sortedKeys(methods), ", "))
		complain(http.StatusMethodNotAllowed, fmt.Errorf("use %s here", strings.Join(sortedKeys(methods), " or "))).write(w)
		return
	}
	result, err := handle(s, r)
	if err != nil {
		complain(http.StatusBadRequest, err).write(w)
		return
	}
	if result == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	succeed(http.StatusOK, result).write(w)
}

func complain(status int, err error) answer {
	return succeed(status, map[string]string{"error": err.Error()})
}

// controlQuery reads a query that may have these parameters, each once.
func controlQuery(r *http.Request, parameters ...string) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query could not be read")
	}
	for _, name := range sortedKeys(query) {
		if !slices.Contains(parameters, name) || len(query[name]) > 1 {
			return nil, fmt.Errorf("unknown or repeated parameter %q", name)
		}
	}
	return query, nil
}

// controlBody reads a JSON object strictly; the content type is not looked at,
// so that curl -d needs no header.
func controlBody(r *http.Request, largest int64, into any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, largest+1))
	switch {
	case err != nil:
		return errors.New("the body could not be read")
	case int64(len(body)) > largest:
		return errors.New("the body is too large")
	case jsontext.Value(body).Kind() != '{':
		return errors.New("the body must be a JSON object")
	}
	err = json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case !ok:
		return errors.New("the body must be a JSON object")
	case errors.Is(err, json.ErrUnknownName):
		return fmt.Errorf("unknown member %q", memberName(semantic.JSONPointer))
	}
	return fmt.Errorf("%s has the wrong type", memberName(semantic.JSONPointer))
}

func (s *Simulator) controlOutbox(r *http.Request) (any, error) {
	query, err := controlQuery(r, "to")
	if err != nil {
		return nil, err
	}
	return s.Outbox(query.Get("to")), nil
}

func (s *Simulator) controlRequests(r *http.Request) (any, error) {
	query, err := controlQuery(r, "operation")
	if err != nil {
		return nil, err
	}
	operation := query.Get("operation")
	known := append([]string{"", opAny, opUnknown}, operations...)
	if !slices.Contains(known, operation) {
		return nil, fmt.Errorf("unknown operation %q: use %s, %s or *", operation, strings.Join(operations, ", "), opUnknown)
	}
	if operation == opAny {
		operation = ""
	}
	return s.Requests(operation), nil
}

func (s *Simulator) controlFaults(r *http.Request) (any, error) {
	_, err := controlQuery(r)
	if err != nil {
		return nil, err
	}
	return s.Faults(), nil
}

func (s *Simulator) controlAddFault(r *http.Request) (any, error) {
	fault := Fault{Times: 1}
	// In JSON every byte of its body may take two: "\n" for a line's end.
	err := controlBody(r, 2*largestFault+largestBody, &fault)
	if err != nil {
		return nil, err
	}
	err = s.AddFault(fault)
	if err != nil {
		return nil, err
	}
	return map[string]int{"faults": len(s.Faults())}, nil
}

func (s *Simulator) controlClearFaults(*http.Request) (any, error) {
	s.ClearFaults()
	return map[string]int{"faults": 0}, nil
}

func (s *Simulator) controlTime(*http.Request) (any, error) {
	return map[string]time.Time{"now": s.now()}, nil
}

// longestAdvance keeps one call from carrying the clock out of the range in
// which moments can be compared.
const longestAdvance = 10 * oneYear

func (s *Simulator) controlAdvance(r *http.Request) (any, error) {
	var request struct {
		Advance string `json:"advance"`
	}
	err := controlBody(r, largestBody, &request)
	if err != nil {
		return nil, err
	}
	by, err := parseSpan("advance", request.Advance)
	if err != nil {
		return nil, err
	}
	if by > longestAdvance {
		return nil, errors.New("advance must be at most ten years")
	}
	s.options.Clock.Advance(by)
	return s.controlTime(r)
}

func (s *Simulator) controlReset(*http.Request) (any, error) {
	s.Reset()
	return map[string]bool{"reset": true}, nil
}
