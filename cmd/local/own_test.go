package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// fault asks the control listener for one, and returns its answer.
func (p *program) fault(body string) (int, map[string]any) {
	p.t.Helper()
	status, _, got := p.call(http.MethodPost, p.control+"/faults", body)
	return status, got
}

// TestOwnAnswers: what API Gateway says itself has a message and no code, is told to a
// page, and reaches no function.
func TestOwnAnswers(t *testing.T) {
	p := started(t, nil)
	const page = "http://localhost:5173"
	for want, body := range map[int]string{
		429: `{"message":"Too Many Requests"}`, 503: `{"message":"Service Unavailable"}`, 500: `{"message":"Internal Server Error"}`,
		504: `{"message":"Gateway Timeout"}`, 403: `{"message":"Forbidden"}`, 413: `{"message":"Request Entity Too Large"}`,
	} {
		if status, got := p.fault(fmt.Sprintf(`{"operation":"gateway","status":%d}`, want)); status != http.StatusOK {
			t.Fatalf("no fault: %d %v", status, got)
		}
		// A preflight meets none: the request behind it does.
		if got, _, _ := p.call(http.MethodOptions, p.base+"/send-otp", "", "Origin", page, "Access-Control-Request-Method", "POST"); got != http.StatusNoContent {
			t.Errorf("with a %d before it, a preflight got %d", want, got)
		}
		got, header, members := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`, "Origin", page)
		if got != want || members["text"] != body {
			t.Errorf("got %d %v, want %d %s", got, members["text"], want, body)
		}
		if header.Get("Content-Type") != "application/json" || header.Get("Access-Control-Allow-Origin") != page || header.Get("Cache-Control") != "" || header.Get("RateLimit-Limit") != "" {
			t.Errorf("a %d has the headers %v", want, header)
		}
	}
	if _, _, got := p.call(http.MethodGet, p.control+"/requests", ""); got["text"] != "[]" {
		t.Errorf("the provider saw %v", got["text"])
	}
	if status, header, got := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`); status != http.StatusOK || header.Get("RateLimit-Remaining") != "4" {
		t.Errorf("after the faults a send gets %d %v, with %s left", status, got, header.Get("RateLimit-Remaining"))
	}
}

// TestOwnAnswerAfterTheEffect: the function has sent, and API Gateway loses its answer. A
// repeat under the key finds it.
func TestOwnAnswerAfterTheEffect(t *testing.T) {
	p := started(t, nil)
	p.fault(`{"operation":"gateway","status":504,"effect":true}`)
	key := []string{"Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324"}
	if status, _, got := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`, key...); status != http.StatusGatewayTimeout || got["message"] != "Gateway Timeout" {
		t.Errorf("got %d %v", status, got)
	}
	wantOneSend := func(when string) {
		t.Helper()
		if _, _, got := p.call(http.MethodGet, p.control+"/requests?operation=send", ""); strings.Count(fmt.Sprint(got["text"]), `"send"`) != 1 {
			t.Errorf("%s the provider saw %v, want one send", when, got["text"])
		}
	}
	wantOneSend("after the lost answer")
	if status, _, got := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`, key...); status != http.StatusOK || got["code"] != nil {
		t.Errorf("the repeat got %d %v", status, got)
	}
	wantOneSend("after its repeat")
}

// TestGatewayDrop: the connection is cut before or after the function has sent.
func TestGatewayDrop(t *testing.T) {
	p := started(t, nil)
	for i, drop := range []string{"before", "after"} { // the first sends nothing, the second once
		if status, got := p.fault(fmt.Sprintf(`{"operation":"gateway","drop":%q}`, drop)); status != http.StatusOK {
			t.Fatalf("the fault got %d %v", status, got)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.base+"/send-otp", strings.NewReader(`{"phoneNumber":"+14155552671"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("a drop %s ends with %v, want EOF", drop, err)
		}
		if _, _, got := p.call(http.MethodGet, p.control+"/requests?operation=send", ""); strings.Count(fmt.Sprint(got["text"]), `"send"`) != i {
			t.Errorf("after a drop %s the provider saw %v, want %d sends", drop, got["text"], i)
		}
	}
	if status, _, got := p.call(http.MethodGet, p.base+"/", ""); status != http.StatusOK {
		t.Errorf("after the drops the banner is %d %v", status, got)
	}
}

// TestFaultsThatAreNotTheGateways: what the provider's faults may say, API Gateway does
// not, and no fault of the gateway is met by the provider.
func TestFaultsThatAreNotTheGateways(t *testing.T) {
	p := started(t, nil)
	for body, want := range map[string]string{
		`{"operation":"gateway"}`:                                "a fault of the gateway needs a status, a delay or a drop",
		`{"operation":"gateway","status":200}`:                   "the gateway itself answers with statuses from 400 only",
		`{"operation":"gateway","status":429,"body":"{}"}`:       "a fault of the gateway has status, effect, delay, drop, times and every, nothing else",
		`{"operation":"gateway","drop":"during"}`:                "the gateway drops before or after the effect",
		`{"operation":"gateway","drop":"before","status":500}`:   "drop cuts the answer off: it goes with no status, body, contentType or effect",
		`{"operation":"gateway","status":429,"to":"1415555267"}`: "a fault of the gateway has status, effect, delay, drop, times and every, nothing else",
	} {
		if status, got := p.fault(body); status != http.StatusBadRequest || got["error"] != want {
			t.Errorf("%s got %d %v, want %q", body, status, got, want)
		}
	}
	p.fault(`{"operation":"gateway","status":500,"times":0,"every":2}`)
	for i, want := range []int{200, 500, 401} { // of every two requests, the second
		path, body := "/send-otp", `{"phoneNumber":"+14155552671"}`
		if i == 2 {
			path, body = "/verify-otp", `{"phoneNumber":"+14155552671","pin":"000000"}`
			if p.pin("14155552671") == "000000" {
				body = strings.Replace(body, "000000", "000001", 1)
			}
		}
		if status, _, got := p.post(path, body); status != want {
			t.Errorf("request %d got %d %v, want %d", i+1, status, got, want)
		}
	}
}

// TestGatewayDelay: a delayed answer takes its time, and a client that leaves ends it.
func TestGatewayDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		discovery := httpapi.NewDiscovery(slog.New(slog.DiscardHandler), nil)
		for _, fault := range []simulator.GatewayFault{{Delay: time.Minute}, {Delay: time.Minute, Status: 503}} {
			g := newGateway(discovery, discovery, discovery, nil, func() (simulator.GatewayFault, bool) { return fault, true })
			started, w := time.Now(), httptest.NewRecorder()
			g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost:3000/", nil))
			if want := max(fault.Status, http.StatusOK); w.Code != want || time.Since(started) != time.Minute {
				t.Errorf("%+v: %d after %s, want %d after a minute", fault, w.Code, time.Since(started), want)
			}
			leaving, cancel := context.WithTimeout(t.Context(), time.Second)
			started, w = time.Now(), httptest.NewRecorder()
			g.ServeHTTP(w, httptest.NewRequestWithContext(leaving, http.MethodGet, "http://localhost:3000/", nil))
			cancel()
			if w.Body.Len() != 0 || time.Since(started) != time.Second {
				t.Errorf("%+v: a client that left was served %q after %s", fault, w.Body, time.Since(started))
			}
		}
	})
}

// TestEndWithAGatewayDelay: a request that the gateway holds does not hold the end.
func TestEndWithAGatewayDelay(t *testing.T) {
	p := started(t, nil)
	p.fault(`{"operation":"gateway","delay":"1m"}`)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		res, err := http.Get(p.base + "/")
		if err == nil {
			_ = res.Body.Close()
		}
	}()
	for {
		if _, _, got := p.call(http.MethodGet, p.control+"/faults", ""); got["text"] == "[]" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if took := p.stop(); took > 30*time.Second {
		t.Errorf("the program took %s to end, as long as the request that it holds", took)
	}
	<-asked
}
