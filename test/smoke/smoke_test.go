// Package smoke holds `make deploy-smoke`, the test that any deployed service has to pass, to
// what it says: it is green on `make run`, and red on a gateway that is broken in one thing.
package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	phone  = "+447400123456"
	origin = "https://app.example.com"
)

// finding is a line of the test's report.
type finding struct{ Check, Status, Found, Todo string }

// smoke runs the test against an address, and returns its findings by their checks.
func smoke(t *testing.T, stdin string, args ...string) (map[string]finding, int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, harness.Program(t, "otpctl"), append([]string{"smoke", "--json"}, args...)...)
	command.Env = append(harness.BaseEnv(), "HOME="+t.TempDir())
	command.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	printed := stdout.String() + stderr.String()
	if strings.Contains(printed, strings.TrimPrefix(phone, "+")) || strings.Contains(printed, "eyJ") {
		t.Error("it prints the number, or a proof")
	}
	var found []finding
	if err := json.Unmarshal(stdout.Bytes(), &found); err != nil {
		t.Fatalf("no findings (%v):\n%s", err, printed)
	}
	by := map[string]finding{}
	for _, f := range found {
		by[f.Check] = f
	}
	return by, command.ProcessState.ExitCode(), stderr.String()
}

// all are the checks that a whole run has.
var all = []string{
	"banner", "paths and methods", "content type and size", "strict JSON", "wrong forms", "limits", "pages of others", "pages of ours",
	"description", "keys", "a real code", "limit used up",
}

func TestGreen(t *testing.T) {
	g := harness.StartGateway(t, "CORS_ORIGINS="+origin)
	found, code, stderr := smoke(t, "", g.URL, "--origin", origin, "--phone", phone, "--outbox", g.Control.URL, "--exhaust")
	for _, name := range all {
		t.Logf("%s: %s", name, found[name].Found)
		if found[name].Status != "ok" {
			t.Errorf("%s is %q: %s", name, found[name].Status, found[name].Found)
		}
	}
	if code != 0 || len(found) != len(all) {
		t.Errorf("exit code %d and %d findings, want 0 and %d\n%s", code, len(found), len(all), stderr)
	}
	if strings.Contains(stderr, g.Newest(t, phone).PIN) {
		t.Error("it prints the PIN")
	}
	if sends := g.Calls(t, "send"); len(sends) != 1 {
		t.Errorf("%d messages were sent, want the one that was asked for", len(sends))
	}
}

// What is asked of a service that costs: two requests of the caller's own limit, nothing at the provider.
func TestCostsNothing(t *testing.T) {
	g := harness.StartGateway(t, "IP_VERIFY_LIMIT=3/5m", "PROOF_ISSUER=off")
	found, code, stderr := smoke(t, "", g.URL)
	if code != 0 || found["keys"].Found != "proofs are off, and nothing is published" || found["limits"].Found != "verifies are counted: 1 of 3 are left" {
		t.Errorf("exit code %d and %+v\n%s", code, found, stderr)
	}
	if calls := g.Calls(t, "*"); len(calls) != 0 {
		t.Errorf("Infobip was asked %d times", len(calls))
	}
	// The third is the last that the address has.
	if found, code, _ = smoke(t, "", g.URL); code != 1 || !strings.Contains(found["limits"].Found, "is used up for ") {
		t.Errorf("without a limit left: exit code %d and %+v", code, found["limits"])
	}
}

// The other side of a front door is closed, or the test says that it is open.
func TestClosed(t *testing.T) {
	open := harness.StartGateway(t)
	found, code, _ := smoke(t, "", open.URL, "--closed")
	if code != 1 || !strings.Contains(found["closed"].Found, "whoever knows this address goes past the front door") {
		t.Errorf("an open one: exit code %d and %+v", code, found)
	}
	if calls := open.Calls(t, "*"); len(calls) != 0 {
		t.Errorf("Infobip was asked %d times by the look at an open one", len(calls))
	}
	shut := harness.StartGateway(t, "CLIENT_ADDRESS_HEADER=CloudFront-Viewer-Address", "ORIGIN_KEYS=an-origin-key-of-32-characters-or-more")
	if found, code, stderr := smoke(t, "", shut.URL, "--closed"); code != 0 || found["closed"].Status != "ok" {
		t.Errorf("a closed one: exit code %d and %+v\n%s", code, found, stderr)
	}
	if found, code, _ := smoke(t, "", shut.URL); code != 1 || !strings.Contains(found["limits"].Found, "origin_refused") {
		t.Errorf("a closed one, asked as a client: exit code %d and %+v", code, found)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if found, code, _ := smoke(t, "", gone.URL); code != 1 || len(found) != 1 || !strings.Contains(found["banner"].Found, "cannot be reached") {
		t.Errorf("nobody there: exit code %d and %+v", code, found)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	if found, code, _ := smoke(t, "", other.URL); code != 1 || !strings.Contains(found["banner"].Found, "this is not infobip-otp") {
		t.Errorf("somebody else: exit code %d and %+v", code, found)
	}
}

// answer is what a client would get, for a test to spoil.
type answer struct {
	method, path, origin string // of the request
	status               int
	header               http.Header
	body                 string
}

// spoiler is a proxy before the gateway that breaks one thing of its answers.
type spoiler struct {
	url   string
	to    atomic.Pointer[url.URL]
	spoil atomic.Pointer[func(*answer)]
}

func newSpoiler(t *testing.T) *spoiler {
	t.Helper()
	s := &spoiler{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(s.to.Load()) },
		ModifyResponse: func(r *http.Response) error {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			got := &answer{
				method: r.Request.Method, path: r.Request.URL.Path, origin: r.Request.Header.Get("Origin"),
				status: r.StatusCode, header: r.Header, body: string(raw),
			}
			if spoil := s.spoil.Load(); spoil != nil {
				(*spoil)(got)
			}
			r.StatusCode, r.Body = got.status, io.NopCloser(strings.NewReader(got.body))
			if got.method != http.MethodHead && got.status != http.StatusNoContent {
				r.ContentLength = int64(len(got.body))
				r.Header.Set("Content-Length", strconv.Itoa(len(got.body)))
			}
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// header spoils a header of the answers with a status; an empty value takes it away.
func header(status int, name, value string) func(*answer) {
	return func(a *answer) {
		if a.status == status {
			a.header.Del(name)
			if value != "" {
				a.header.Set(name, value)
			}
		}
	}
}

// text spoils the bodies of a path.
func text(path, from, to string) func(*answer) {
	return func(a *answer) {
		if a.path == path {
			a.body = strings.Replace(a.body, from, to, 1)
		}
	}
}

// status spoils a status.
func status(from, to int) func(*answer) {
	return func(a *answer) {
		if a.status == from {
			a.status = to
		}
	}
}

const keySet = "/.well-known/jwks.json"

// Each check is red where what it looks at is broken, and says so; the others stay green.
func TestRed(t *testing.T) {
	s := newSpoiler(t)
	g := harness.StartGateway(t, "CORS_ORIGINS="+origin, "PROOF_ISSUER="+s.url, "IP_VERIFY_LIMIT=1000/5m", "IP_SEND_LIMIT=1000/5m", "SEND_COOLDOWN=0s", "VERIFY_SPACING=0s",
		"NUMBER_SEND_LIMIT=1000/1d", "NUMBER_CLIENT_SEND_LIMIT=1000/1d", "NUMBER_TOTAL_LIMIT=1000/1d", "NETWORK_ALLOWANCE=off", "PREFIX_ALLOWANCE=off", "REGION_ALLOWANCE=off", "SERVICE_ALLOWANCE=off")
	to, err := url.Parse(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.to.Store(to)
	run := func(t *testing.T) (map[string]finding, int) {
		t.Helper()
		found, code, _ := smoke(t, "", s.url, "--origin", origin, "--phone", phone, "--outbox", g.Control.URL)
		return found, code
	}
	if found, code := run(t); code != 0 {
		t.Fatalf("with nothing spoilt: exit code %d and %+v", code, found)
	}
	for _, test := range []struct {
		name, check, want string
		spoil             func(*answer)
	}{
		{"another banner", "banner", "this is not infobip-otp", text("/", "Running", "Walking")},
		{"HEAD is refused", "banner", "HEAD / answers 405", func(a *answer) {
			if a.method == http.MethodHead {
				a.status = http.StatusMethodNotAllowed
			}
		}},
		{"404 of somebody else", "paths and methods", "GET /nothing-here answers 404 without a code, not 404 not_found", text("/nothing-here", "not_found", "NOT FOUND")},
		{"405 without Allow", "paths and methods", "the header Allow is missing", header(http.StatusMethodNotAllowed, "Allow", "")},
		{"no preflight", "paths and methods", "OPTIONS /send-otp allows", header(http.StatusNoContent, "Allow", "GET")},
		{"no 415", "content type and size", "answers 400 content_type_unsupported, not 415", status(http.StatusUnsupportedMediaType, http.StatusBadRequest)},
		{"no 413", "content type and size", "answers 400 body_too_large, not 413", status(http.StatusRequestEntityTooLarge, http.StatusBadRequest)},
		{"unknown members pass", "strict JSON", "a misspelt member to /send-otp answers 400 body_invalid, not 400 field_unknown", text("/send-otp", "field_unknown", "body_invalid")},
		{"wrong forms are counted", "wrong forms", "counts against its sender", func(a *answer) {
			if a.path == "/send-otp" && strings.Contains(a.body, "phone_number_invalid") {
				for name, value := range map[string]string{"Policy": "5;w=900", "Limit": "5", "Remaining": "4", "Reset": "900"} {
					a.header.Set("RateLimit-"+name, value)
				}
			}
		}},
		{"a wrong PIN is looked at", "wrong forms", "a wrong form to /verify-otp answers 400 phone_number_invalid, not 400 pin_invalid", func(a *answer) {
			a.body = strings.Replace(a.body, `"pin_invalid"`, `"phone_number_invalid"`, 1)
		}},
		{"nobody counts", "limits", "nobody counts", header(http.StatusUnauthorized, "RateLimit-Remaining", "900")},
		{"no headers of the limit", "limits", "the RateLimit-", header(http.StatusUnauthorized, "RateLimit-Limit", "")},
		{"headers that disagree", "limits", "do not agree", header(http.StatusUnauthorized, "RateLimit-Policy", "5;w=300")},
		{"answers are kept by caches", "limits", "the header Cache-Control", header(http.StatusUnauthorized, "Cache-Control", "max-age=60")},
		{"types are guessed", "limits", "the header X-Content-Type-Options is missing", header(http.StatusUnauthorized, "X-Content-Type-Options", "")},
		{"any page may read", "pages of others", "a page of any origin may call", func(a *answer) {
			if a.header.Get("Access-Control-Allow-Origin") == "" {
				a.header.Set("Access-Control-Allow-Origin", a.origin)
			}
		}},
		{"our pages may not ask", "pages of ours", "pages of " + origin + " may not call", header(http.StatusNoContent, "Access-Control-Allow-Origin", "")},
		{"our pages may not read", "pages of ours", "the answer of /send-otp: pages of", header(http.StatusBadRequest, "Access-Control-Allow-Origin", "")},
		{"our pages may send no key", "pages of ours", "Access-Control-Allow-Headers lacks idempotency-key", header(http.StatusNoContent, "Access-Control-Allow-Headers", "content-type")},
		{"our pages may not post", "pages of ours", "Access-Control-Allow-Methods lacks POST", header(http.StatusNoContent, "Access-Control-Allow-Methods", "GET")},
		{"our pages do not see when to come back", "pages of ours", "Access-Control-Expose-Headers lacks ", header(http.StatusBadRequest, "Access-Control-Expose-Headers", "date")},
		{"another version", "description", "another version", text("/openapi.yaml", "1.0.0", "0.9.0")},
		{"another issuer", "keys", "the issuer is https://else.example", func(a *answer) {
			if a.path == "/.well-known/openid-configuration" {
				a.body = strings.ReplaceAll(a.body, s.url, "https://else.example.com")
			}
		}},
		{"keys that are not there", "keys", "answers 200, and /.well-known/jwks.json 404", func(a *answer) {
			if a.path == keySet {
				a.status = http.StatusNotFound
				a.body = `{"error":"Not found.","code":"not_found"}`
			}
		}},
		{"keys of another kind", "keys", "no key is published that RS256 can be checked with", text(keySet, `"AQAB"`, `"AA"`)},
		{"keys that are not kept", "keys", "the header Cache-Control", func(a *answer) {
			if a.path == keySet {
				a.header.Set("Cache-Control", "no-store")
			}
		}},
		{"no proof", "a real code", "has no proof, although its keys are published", func(a *answer) {
			if before, _, ok := strings.Cut(a.body, `,"proof"`); ok {
				a.body = before + "}"
			}
		}},
		{"sends fail", "a real code", "500", func(a *answer) {
			if a.path == "/send-otp" && a.status == http.StatusOK {
				a.status = http.StatusInternalServerError
				a.body = `{"error":"Failed to send OTP.","code":"send_failed"}`
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.spoil.Store(&test.spoil)
			found, code := run(t)
			if got := found[test.check]; code != 1 || got.Status != "fail" || !strings.Contains(got.Found, test.want) || got.Todo == "" {
				t.Errorf("exit code %d, and %s is %+v, want it to fail with %q and something to do", code, test.check, got, test.want)
			}
		})
	}
}

// The refusal of an address has to say when it is over, and has to come.
func TestRedLimit(t *testing.T) {
	s := newSpoiler(t)
	g := harness.StartGateway(t, "PROOF_ISSUER="+s.url)
	to, err := url.Parse(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.to.Store(to)
	spoil := header(http.StatusTooManyRequests, "Retry-After", "7")
	s.spoil.Store(&spoil)
	found, code, _ := smoke(t, "", s.url, "--exhaust")
	if code != 1 || !strings.Contains(found["limit used up"].Found, `Retry-After is "7"`) {
		t.Errorf("another Retry-After: exit code %d and %+v", code, found["limit used up"])
	}
	g.Advance(t, "6m")
	spoil = func(a *answer) {
		if a.status == http.StatusTooManyRequests {
			a.status = http.StatusServiceUnavailable
			a.body = `{"message":"Service Unavailable"}`
		}
	}
	found, code, _ = smoke(t, "", s.url, "--exhaust")
	if code != 1 || !strings.Contains(found["limit used up"].Found, "answers 503 (Service Unavailable), not 429 address_limited") {
		t.Errorf("a function that ends: exit code %d and %+v", code, found["limit used up"])
	}
}
