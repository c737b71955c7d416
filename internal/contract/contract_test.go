package contract

import (
	"encoding/json"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// document is openapi.yaml.
func document(t *testing.T) *description {
	t.Helper()
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// answer is one that Validate is asked about.
type answer struct {
	method, path string
	status       int
	headers      map[string]string
	body         string
}

func (a answer) check() error { return Check(a.method, a.path, a.status, a.headers, a.body) }

// TestHeadersAreComponents: checkHeaders finds their schemas there.
func TestHeadersAreComponents(t *testing.T) {
	for path, item := range document(t).Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				for name, header := range response.Value.Headers {
					if !strings.HasPrefix(header.Ref, "#/components/headers/") {
						t.Errorf("%s %s %s: the header %s is no component", method, path, status, name)
					}
				}
			}
		}
	}
}

// headersOf are headers that an answer may have.
func headersOf(status int) map[string]string {
	headers := map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
	switch status {
	case 400, 404, 405, 413, 415:
	default:
		headers["RateLimit-Policy"], headers["RateLimit-Limit"] = "5;w=900", "5"
		headers["RateLimit-Remaining"], headers["RateLimit-Reset"] = "4", "900"
	}
	switch status {
	case 405:
		headers["Allow"] = "OPTIONS, POST"
	case 429, 503:
		headers["Retry-After"] = "5"
	}
	return headers
}

const (
	sent = `{"message":"OTP sent successfully.","verificationId":"BJGZI-GpWkZ7nIs2ZT3oaQ","expiresAt":"2026-11-27T09:40:00Z","resendAt":"2026-11-27T09:30:30Z","expiresIn":600,"resendIn":30}`
	wait = `{"error":"Please wait before requesting another OTP.","code":"too_soon","retryAfter":27}`
)

func TestValidate(t *testing.T) {
	send := func(status int, body string) answer {
		return answer{http.MethodPost, "/send-otp", status, headersOf(status), body}
	}
	with := func(a answer, name, value string) answer {
		a.headers = maps.Clone(a.headers)
		a.headers[name] = value
		if value == "" {
			delete(a.headers, name)
		}
		return a
	}
	refusal := func(code string) string { return `{"error":"A sentence.","code":"` + code + `"}` }
	for name, c := range map[string]struct {
		answer
		good bool
	}{
		"a success":                  {send(200, sent), true},
		"header in lower case":       {with(with(send(200, sent), "Cache-Control", ""), "cache-control", "no-store"), true},
		"CORS":                       {with(send(200, sent), "Access-Control-Allow-Origin", "http://localhost:5173"), true},
		"to wait":                    {send(429, wait), true},
		"an unknown path":            {answer{"GET", "/favicon.ico", 404, headersOf(404), refusal("not_found")}, true},
		"another method":             {answer{"GET", "/send-otp", 405, headersOf(405), refusal("method_not_allowed")}, true},
		"a method that HTTP has not": {answer{"BREW", "/send-otp", 405, headersOf(405), refusal("method_not_allowed")}, true},
		"HEAD":                       {answer{"HEAD", "/", 200, map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}, ""}, true},
		"OPTIONS":                    {answer{"OPTIONS", "/send-otp", 204, map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Allow": "OPTIONS, POST"}, ""}, true},
		"text":                       {answer{"GET", "/", 200, map[string]string{"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}, "Infobip OTP Service Running!"}, true},
		"a document":                 {answer{"GET", "/openapi.yaml", 200, map[string]string{"Content-Type": "application/yaml", "Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}, "openapi: 3.1.0"}, true},

		"a status that no request gets":   {send(418, refusal("internal")), false},
		"a status of another operation":   {send(401, refusal("invalid_or_expired")), false},
		"a code that nobody has":          {send(400, refusal("teapot")), false},
		"a code of another status":        {send(400, refusal("too_soon")), false},
		"a code of another route":         {send(400, refusal("pin_invalid")), false},
		"a refusal without a code":        {send(400, `{"error":"A sentence."}`), false},
		"a refusal without a sentence":    {send(400, `{"code":"body_invalid"}`), false},
		"a refusal with another member":   {send(400, `{"error":"A sentence.","code":"body_invalid","cause":"x"}`), false},
		"tries left beside another code":  {send(429, `{"error":"A sentence.","code":"too_soon","retryAfter":1,"attemptsRemaining":1}`), false},
		"to wait, without a time":         {send(429, refusal("too_soon")), false},
		"to wait for no time":             {send(429, `{"error":"A sentence.","code":"too_soon","retryAfter":0}`), false},
		"to wait, without the header":     {with(send(429, wait), "Retry-After", ""), false},
		"to wait for words":               {with(send(429, wait), "Retry-After", "soon"), false},
		"a success without a member":      {send(200, `{"message":"OTP sent successfully."}`), false},
		"a success with another member":   {send(200, sent[:len(sent)-1]+`,"pin":"226877"}`), false},
		"a success with another sentence": {send(200, `{"message":"Sent."`+sent[len(`{"message":"OTP sent successfully."`):]), false},
		"no JSON":                         {send(200, "OTP sent successfully."), false},
		"another content type":            {with(send(200, sent), "Content-Type", "text/html"), false},
		"kept by caches":                  {with(send(200, sent), "Cache-Control", "public, max-age=3600"), false},
		"without Cache-Control":           {with(send(200, sent), "Cache-Control", ""), false},
		"without RateLimit-Reset":         {with(send(200, sent), "RateLimit-Reset", ""), false},
		"a header that nobody described":  {with(send(200, sent), "X-Powered-By", "us"), false},
		"a success of an unknown path":    {answer{"GET", "/favicon.ico", 200, headersOf(400), sent}, false},
		"405 without Allow":               {with(answer{"GET", "/send-otp", 405, headersOf(405), refusal("method_not_allowed")}, "Allow", ""), false},
		"a query":                         {answer{http.MethodPost, "/send-otp?x=1", 200, headersOf(200), sent}, true},
		"HEAD with a body":                {answer{"HEAD", "/", 200, map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}, "x"}, false},
		"another text":                    {answer{"GET", "/", 200, map[string]string{"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}, "Hello"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.check(); (err == nil) != c.good {
				t.Errorf("got %v, want it described: %t", err, c.good)
			}
		})
	}
}

func TestValidateFailsTheTest(t *testing.T) {
	spy := &spyTB{TB: t}
	Validate(spy, "GET", "/", 418, nil, "")
	if !spy.failed {
		t.Error("an answer that is not described fails no test")
	}
}

// spyTB is a test that notes that it failed.
type spyTB struct {
	testing.TB
	failed bool
}

func (s *spyTB) Helper()               {}
func (s *spyTB) Errorf(string, ...any) { s.failed = true }

// TestEveryCodeHasAnExample, and every example is an answer. So the document shows each
// sentence, and no code is left over.
func TestEveryCodeHasAnExample(t *testing.T) {
	seen := 0
	for path, item := range document(t).Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				media := response.Value.Content["application/json"]
				if media == nil {
					continue
				}
				number, err := strconv.Atoi(status)
				if err != nil {
					t.Fatal(err)
				}
				codes := map[string]bool{}
				for name, example := range media.Examples {
					body, err := json.Marshal(example.Value.Value)
					if err != nil {
						t.Fatal(err)
					}
					a := answer{method, path, number, headersOf(number), string(body)}
					maps.DeleteFunc(a.headers, func(name, _ string) bool {
						return name != "Content-Type" && response.Value.Headers[name] == nil
					})
					if err := a.check(); err != nil {
						t.Errorf("%s %s %s: the example %s: %v", method, path, status, name, err)
					}
					var refusal struct{ Code string }
					if err := json.Unmarshal(body, &refusal); err != nil {
						t.Fatal(err)
					}
					if refusal.Code != "" {
						codes[refusal.Code] = true
					}
				}
				want := []string{}
				if code := media.Schema.Value.Properties["code"]; code != nil {
					for _, word := range code.Value.Enum {
						want = append(want, word.(string))
					}
				}
				seen += len(want)
				slices.Sort(want)
				if got := slices.Sorted(maps.Keys(codes)); !slices.Equal(got, want) {
					t.Errorf("%s %s %s: examples of %q, want one of each of %q", method, path, status, got, want)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("%d codes were looked at: this test looks at the wrong members", seen)
	}
}

// TestNoServiceImportsIt: what tests need of others' code is not in what serves. otpctl has it,
// whose smoke test is one.
func TestNoServiceImportsIt(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../../functions/...", "../../cmd/local", "../../cmd/simulator").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "/pkg/httpapi") {
		t.Fatal("the programs do not import pkg/httpapi: this test looks at the wrong ones")
	}
	if strings.Contains(string(out), "kin-openapi") {
		t.Error("a service links kin-openapi")
	}
}

func TestHeaders(t *testing.T) {
	got := Headers(http.Header{"Vary": {"Origin", "Accept"}, "Allow": {"GET"}})
	if !maps.Equal(got, map[string]string{"Vary": "Origin,Accept", "Allow": "GET"}) {
		t.Errorf("got %v", got)
	}
}
