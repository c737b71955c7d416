package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// Numbers from libphonenumber's examples.
const (
	number      = "41446681800"
	otherNumber = "447400123456"
	address     = "jane.smith@example.com"
)

// rig is a simulator behind two real listeners, with one application and one
// template, and a clock that stands unless it is advanced.
type rig struct {
	t *testing.T
	*simulator.Simulator
	clock      *standingClock
	apiURL     string
	controlURL string
	app        string
	message    string
}

// standingClock moves only when told to, so that windows can be hit exactly.
type standingClock struct{ offset atomic.Int64 }

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func (c *standingClock) Now() time.Time           { return start.Add(time.Duration(c.offset.Load())) }
func (c *standingClock) Advance(by time.Duration) { c.offset.Add(int64(by)) }

func newRig(t *testing.T, options simulator.Options) *rig {
	t.Helper()
	clock := &standingClock{}
	options.Clock = clock
	r := &rig{t: t, Simulator: simulator.New(options), clock: clock}
	r.serve()
	r.app = r.post("applications", `{"name":"sign-up"}`).text("applicationId")
	r.message = r.post("applications/"+r.app+"/messages",
		`{"messageText":"{{name}}: {{pin}}","pinType":"NUMERIC","pinLength":6,"senderId":"InfoSMS"}`).text("messageId")
	r.Reset()
	return r
}

// serve starts the two listeners.
func (r *rig) serve() {
	api, control := httptest.NewServer(r.API()), httptest.NewServer(r.Control())
	r.apiURL, r.controlURL = api.URL, control.URL
	r.t.Cleanup(func() {
		r.Close()
		api.Close()
		control.Close()
	})
}

// reply is an answer, read to its end.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// member walks the JSON body by names; nil where there is nothing.
func (r reply) member(path string) any {
	r.t.Helper()
	var value any
	err := json.Unmarshal(r.body, &value)
	if err != nil {
		r.t.Fatalf("status %d, body %q is not JSON: %v", r.status, r.body, err)
	}
	for _, name := range strings.Split(path, ".") {
		object, isObject := value.(map[string]any)
		if !isObject {
			return nil
		}
		value = object[name]
	}
	return value
}

func (r reply) text(path string) string {
	r.t.Helper()
	text, _ := r.member(path).(string)
	if text == "" {
		r.t.Fatalf("status %d, body %s: no %s", r.status, r.body, path)
	}
	return text
}

// want fails unless the status is this one and the JSON members are these.
func (r reply) want(status int, members map[string]any) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("status = %d, want %d; body %s", r.status, status, r.body)
		return r
	}
	for path, want := range members {
		if got := r.member(path); got != want {
			r.t.Errorf("%s = %v, want %v; body %s", path, got, want, r.body)
		}
	}
	return r
}

// wantRefusal fails unless the answer is the legacy envelope with this id.
func (r reply) wantRefusal(status int, messageID string) reply {
	r.t.Helper()
	return r.want(status, map[string]any{"requestError.serviceException.messageId": messageID})
}

// wantViolation fails unless the answer is 400 and names this member.
func (r reply) wantViolation(member string) {
	r.t.Helper()
	r.wantRefusal(400, "BAD_REQUEST")
	violations, _ := r.member("requestError.serviceException.validationErrors").(map[string]any)
	if _, named := violations[member]; !named {
		r.t.Errorf("validationErrors = %v, want %s in it", violations, member)
	}
}

// exchange makes a request and returns the answer or the transport's error.
func (r *rig) exchange(method, url, body string, header http.Header) (reply, error) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return reply{t: r.t, status: response.StatusCode, header: response.Header, body: read}, err
}

func jsonHeader() http.Header {
	return http.Header{"Authorization": {"App simulator"}, "Content-Type": {"application/json"}}
}

// call makes an API call with the right key.
func (r *rig) call(method, path, body string) reply {
	r.t.Helper()
	got, err := r.exchange(method, r.apiURL+"/2fa/2/"+path, body, jsonHeader())
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	if contentType := got.header.Get("Content-Type"); !strings.HasPrefix(contentType, "application/json") {
		r.t.Errorf("%s %s: content type %q, want JSON", method, path, contentType)
	}
	return got
}

func (r *rig) get(path string) reply        { r.t.Helper(); return r.call("GET", path, "") }
func (r *rig) post(path, body string) reply { r.t.Helper(); return r.call("POST", path, body) }
func (r *rig) put(path, body string) reply  { r.t.Helper(); return r.call("PUT", path, body) }

// control makes a call of the control listener.
func (r *rig) control(method, path, body string) reply {
	r.t.Helper()
	got, err := r.exchange(method, r.controlURL+path, body, http.Header{})
	if err != nil {
		r.t.Fatalf("control %s %s: %v", method, path, err)
	}
	return got
}

// fault starts a fault over the control listener.
func (r *rig) fault(body string) {
	r.t.Helper()
	r.control("POST", "/faults", body).want(200, nil)
}

// startBody is the body of a send.
func (r *rig) startBody(to string) string {
	return `{"applicationId":"` + r.app + `","messageId":"` + r.message + `","to":"` + to + `"}`
}

func (r *rig) send(to string) reply {
	r.t.Helper()
	return r.post("pin?ncNeeded=false", r.startBody(to))
}

func (r *rig) verify(pinID, pin string) reply {
	r.t.Helper()
	return r.post("pin/"+pinID+"/verify", `{"pin":"`+pin+`"}`)
}

// sent makes a PIN and returns its id and what reached the phone.
func (r *rig) sent(to string) simulator.Message {
	r.t.Helper()
	id := r.send(to).want(200, nil).text("pinId")
	rows := r.Outbox(to)
	if len(rows) == 0 || rows[len(rows)-1].PINID != id {
		r.t.Fatalf("outbox = %+v, want the PIN %s last", rows, id)
	}
	return rows[len(rows)-1]
}

// configure changes the application's configuration.
func (r *rig) configure(configuration string) {
	r.t.Helper()
	r.put("applications/"+r.app, `{"name":"sign-up","configuration":`+configuration+`}`).want(200, nil)
}

// wrong is a PIN that is not the given one, in the same form.
func wrong(pin string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, pin)
}
