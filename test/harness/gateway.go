package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Gateway is cmd/local, running.
type Gateway struct {
	Control
	// URL is the gateway's address, without a slash at the end.
	URL string
	// Console is the address of its page, with a slash at the end.
	Console string
	Process *Process
}

var (
	consoleAddress = regexp.MustCompile(`console +(http://\S+)`)
	gatewayAddress = regexp.MustCompile(`gateway +(http://\S+)`)
	outboxAddress  = regexp.MustCompile(`outbox +(http://\S+)/outbox`)
)

// AnyPorts makes cmd/local take free ports.
var AnyPorts = []string{"PORT=0", "INFOBIP_SIMULATOR_PORT=0", "INFOBIP_CONTROL_PORT=0"}

// StartGateway starts the compiled cmd/local on free ports, in an empty folder. Env adds
// settings.
func StartGateway(tb testing.TB, env ...string) *Gateway {
	tb.Helper()
	return GatewayOf(tb, Start(tb, Command{
		Name: "the gateway",
		Path: Program(tb, "local"),
		Dir:  tb.TempDir(),
		Env:  append(append([]string{}, AnyPorts...), env...),
	}))
}

// GatewayOf waits until the process, which runs cmd/local, says where it is.
func GatewayOf(tb testing.TB, p *Process) *Gateway {
	tb.Helper()
	g := &Gateway{Process: p}
	err := p.ready(2*time.Minute, func() error {
		printed := p.Raw()
		address := gatewayAddress.FindStringSubmatch(printed)
		if address == nil || !strings.Contains(printed, "Ctrl-C ends it.") {
			return errors.New("no announcement yet")
		}
		if page := consoleAddress.FindStringSubmatch(printed); page != nil {
			g.Console = page[1]
		}
		g.URL = strings.Replace(address[1], "localhost", "127.0.0.1", 1)
		if outbox := outboxAddress.FindStringSubmatch(printed); outbox != nil {
			g.Control.URL = outbox[1]
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// Answer is what a client gets.
type Answer struct {
	Status  int
	Header  http.Header
	Body    string
	Members map[string]any // of the body, if it is JSON
}

// Post sends a JSON body.
func (g *Gateway) Post(tb testing.TB, path, body string) Answer {
	tb.Helper()
	return g.Do(tb, http.MethodPost, path, map[string]string{"Content-Type": "application/json"}, body)
}

// TryPost is Post for goroutines, which must not end a test.
func (g *Gateway) TryPost(ctx context.Context, path, body string) (Answer, error) {
	return g.try(ctx, http.MethodPost, path, map[string]string{"Content-Type": "application/json"}, body)
}

// TryGet gets a path, for waiting until something is there.
func (g *Gateway) TryGet(ctx context.Context, path string) (Answer, error) {
	return g.try(ctx, http.MethodGet, path, nil, "")
}

// Do sends a request as it is; a header with an empty value is sent with that value,
// and an empty Content-Type not at all.
func (g *Gateway) Do(tb testing.TB, method, path string, headers map[string]string, body string) Answer {
	tb.Helper()
	answer, err := g.try(tb.Context(), method, path, headers, body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer
}

// client has room for as many connections as a burst of requests opens.
var client = &http.Client{
	Timeout:       time.Minute,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 200},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (g *Gateway) try(ctx context.Context, method, path string, headers map[string]string, body string) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, g.URL, strings.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("making the request: %w", err)
	}
	request.URL.Opaque = path // as written, not cleaned
	for name, value := range headers {
		if name == "Content-Type" && value == "" {
			continue
		}
		request.Header[name] = []string{value}
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("calling the gateway: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the gateway's answer: %w", err)
	}
	answer := Answer{Status: response.StatusCode, Header: response.Header, Body: string(raw)}
	if response.Header.Get("Content-Type") == "application/json" {
		err := json.Unmarshal(raw, &answer.Members)
		if err != nil {
			return Answer{}, fmt.Errorf("the answer says it is JSON and is not: %w", err)
		}
	}
	return answer, nil
}
