package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// cloud is an AWS that gives every call the same answer.
type cloud struct {
	status int
	body   string
	calls  []string
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.calls = append(c.calls, operation)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(c.status)
	_, _ = io.WriteString(w, c.body)
}

func refusal(code, message string) *cloud {
	return &cloud{status: http.StatusBadRequest, body: fmt.Sprintf(`{"__type":"x#%s","message":%q}`, code, message)}
}

const canaryNumber = "+447400123456"

// run runs otpctl with this AWS behind it.
func (c *cloud) run(t *testing.T, stdin string, args ...string) (int, string, string) {
	t.Helper()
	server := httptest.NewServer(c)
	defer server.Close()
	return runWith(t, map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "TABLE_NAME": "otp-table", "SECRET_ID": "otp-secret",
	}, stdin, args...)
}

func runWith(t *testing.T, environment map[string]string, stdin string, args ...string) (int, string, string) {
	t.Helper()
	var stdout, stderr strings.Builder
	code := run(t.Context(), args, func(name string) string { return environment[name] }, strings.NewReader(stdin), &stdout, &stderr)
	for _, canary := range []string{"447400123456", "7400123456", "canary-key", someKey} {
		if strings.Contains(stdout.String()+stderr.String(), canary) {
			t.Errorf("otpctl %s printed %s: %s%s", args[0], canary, stdout.String(), stderr.String())
		}
	}
	if code != exitOK && stdout.Len() > 0 {
		t.Errorf("otpctl %s failed and wrote %q to standard output", args[0], stdout.String())
	}
	return code, stdout.String(), stderr.String()
}

func TestTroubleWithAWS(t *testing.T) {
	good := `{"infobipApiKey":"canary-key","phoneKeys":{"1":"` + someKey + `"},"phoneKey":"1"}`
	for name, test := range map[string]struct {
		cloud     *cloud
		args      string
		err, hint string
	}{
		"no such secret": {
			refusal("ResourceNotFoundException", "cannot find it"), "number show -",
			"there is no secret otp-secret here", "look at SECRET_ID or --secret",
		},
		"access denied": {
			refusal("AccessDeniedException", "User: x is not authorized to perform: secretsmanager:GetSecretValue"), "number enable -",
			"AWS refuses access to the secret otp-secret: User: x is not authorized", "your role needs secretsmanager:GetSecretValue",
		},
		"expired": {
			refusal("ExpiredTokenException", "The security token is expired"), "number reset - --yes",
			"AWS does not take these credentials: The security token is expired", "sign in again",
		},
		"another refusal": {
			refusal("InvalidRequestException", "marked for deletion"), "secret check",
			"AWS refuses the call about the secret otp-secret: InvalidRequestException: marked for deletion", "run it again",
		},
		"no value": {
			refusal("ResourceNotFoundException", "for staging label"), "secret check",
			"the secret otp-secret has no value, or is not here", "otpctl secret set gives it one",
		},
		"put into no secret": {
			refusal("ResourceNotFoundException", "cannot find it"), "secret set",
			"there is no secret otp-secret here", "look at SECRET_ID or --secret",
		},
		"not a secret": {
			&cloud{status: 200, body: `{"SecretString":"canary-key"}`}, "number show -",
			"the secret is not JSON of the form {infobipApiKey, phoneKeys, phoneKey}", "",
		},
		"an incomplete secret": {
			&cloud{status: 200, body: `{"SecretString":"{\"infobipApiKey\":\"canary-key\"}"}`}, "secret check",
			"the functions cannot use the secret otp-secret: the secret's phoneKey names none of its phoneKeys", "otpctl secret set puts",
		},
		"a binary secret": {
			&cloud{status: 200, body: `{"SecretBinary":"Y2FuYXJ5"}`}, "secret set",
			"what the secret otp-secret holds cannot be read, so it was left alone: it is not a JSON object", "mend it by hand",
		},
		"an unreadable item": {
			&cloud{status: 200, body: fmt.Sprintf(`{"SecretString":%q,"Item":{"pk":{"S":"x"},"sends":{"S":"many"},"rev":{"S":"1"}}}`, good)}, "number reset - --yes",
			"loading ledger: dependency unavailable: attribute sends is not of its kind", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			stdin := canaryNumber
			if strings.HasPrefix(test.args, "secret") {
				stdin = "canary-key"
			}
			code, _, stderr := test.cloud.run(t, stdin, strings.Fields(test.args)...)
			if code != exitFailed || !strings.Contains(stderr, "otpctl: error: "+test.err) || !strings.Contains(stderr, "otpctl: hint: "+test.hint) && test.hint != "" {
				t.Errorf("exit code %d, it said\n%s\nwant %s\nand %s", code, stderr, test.err, test.hint)
			}
			for _, call := range test.cloud.calls {
				if call == "PutItem" || call == "PutSecretValue" && name != "put into no secret" {
					t.Errorf("it called %s", call)
				}
			}
		})
	}
}

func TestNobodyIsThere(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	code, _, stderr := runWith(t, map[string]string{
		"AWS_ENDPOINT_URL": gone.URL, "TABLE_NAME": "otp-table", "INFOBIP_API_KEY": "canary-key",
	}, canaryNumber, "number", "show", "-")
	if code != exitFailed || !strings.Contains(stderr, "otpctl: error: the table otp-table cannot be reached: connection refused\n") {
		t.Errorf("exit code %d, it said %s", code, stderr)
	}
}

// A secret that is named is the one that counts: INFOBIP_API_KEY may be there from
// otpctl provision, and would lead to numbers of which nothing is remembered.
func TestNamedSecretWinsOverTheAPIKey(t *testing.T) {
	answers := refusal("ResourceNotFoundException", "no")
	server := httptest.NewServer(answers)
	defer server.Close()
	environment := map[string]string{"AWS_ENDPOINT_URL": server.URL, "TABLE_NAME": "otp-table", "INFOBIP_API_KEY": "canary-key"}
	_, _, stderr := runWith(t, environment, canaryNumber, "number", "show", "-")
	if !strings.Contains(stderr, "no table otp-table") {
		t.Errorf("with the API key alone it said %s", stderr)
	}
	_, _, stderr = runWith(t, environment, canaryNumber, "number", "show", "-", "--secret", "other")
	if !strings.Contains(stderr, "no secret other") {
		t.Errorf("with a secret it said %s", stderr)
	}
}

func TestInnermost(t *testing.T) {
	root := errors.New("root")
	for name, err := range map[string]error{
		"alone":  root,
		"one":    fmt.Errorf("a: %w", root),
		"joined": fmt.Errorf("a: %w: %w", io.EOF, fmt.Errorf("b: %w", root)),
	} {
		if got := innermost(err); got != root { //nolint:errorlint // the very error is meant
			t.Errorf("%s: got %v", name, got)
		}
	}
}
