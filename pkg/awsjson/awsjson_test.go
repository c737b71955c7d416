package awsjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/awsjson"
)

var someone = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "canary-id", SecretAccessKey: "canary-secret", SessionToken: "canary-token"}, nil
})

// answering is a service that answers every call in one way, and keeps the last one.
type answering struct {
	status int
	header http.Header
	body   string
	calls  int
	asked  *http.Request
	input  string
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	input, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.calls++
	a.asked, a.input = r, string(input)
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func client(a http.RoundTripper) awsjson.Client {
	return awsjson.Client{Service: "kms", Target: "TrentService", Region: "eu-central-1", Credentials: someone, Transport: a}
}

func TestCall(t *testing.T) {
	service := &answering{status: http.StatusOK, body: `{"Answer":"yes","Other":1}`}
	var out struct{ Answer string }
	err := client(service).Call(t.Context(), "Ask", map[string]string{"Question": "why"}, &out)
	if err != nil || out.Answer != "yes" || service.calls != 1 {
		t.Fatalf("got %q, %v after %d calls", out.Answer, err, service.calls)
	}
	if got := service.asked.Method + " " + service.asked.URL.String(); got != "POST https://kms.eu-central-1.amazonaws.com/" {
		t.Errorf("the call went to %s", got)
	}
	if service.input != `{"Question":"why"}` {
		t.Errorf("the input is %s", service.input)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.Ask", "X-Amz-Security-Token": "canary-token",
	} {
		if got := service.asked.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	signed := service.asked.Header.Get("Authorization")
	for _, part := range []string{
		"AWS4-HMAC-SHA256 Credential=canary-id/", "/eu-central-1/kms/aws4_request",
		"SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target,",
	} {
		if !strings.Contains(signed, part) {
			t.Errorf("the signature %q lacks %q", signed, part)
		}
	}
}

func TestHosts(t *testing.T) {
	for region, want := range map[string]string{
		"us-gov-west-1": "kms.us-gov-west-1.amazonaws.com", "cn-north-1": "kms.cn-north-1.amazonaws.com.cn",
		"eusc-de-east-1": "kms.eusc-de-east-1.amazonaws.eu", "us-iso-east-1": "kms.us-iso-east-1.c2s.ic.gov",
	} {
		service := &answering{status: http.StatusOK, body: "{}"}
		c := client(service)
		c.Region = region
		if err := c.Call(t.Context(), "Ask", nil, &struct{}{}); err != nil || service.asked.URL.Host != want {
			t.Errorf("%s: got %s (%v), want %s", region, service.asked.URL.Host, err, want)
		}
	}
	for _, endpoint := range []string{"http://127.0.0.1:1", "http://127.0.0.1:1/"} {
		service := &answering{status: http.StatusOK, body: "{}"}
		c := client(service)
		c.Endpoint = endpoint
		if err := c.Call(t.Context(), "Ask", nil, &struct{}{}); err != nil || service.asked.URL.String() != "http://127.0.0.1:1/" {
			t.Errorf("%s: the call went to %s (%v)", endpoint, service.asked.URL, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answering
		want   awsjson.Error
	}{
		{"as KMS says it", answering{status: 400, body: `{"__type":"DisabledException","message":"said KMS"}`},
			awsjson.Error{Status: 400, Code: "DisabledException", Message: "said KMS"}},
		{"in a namespace", answering{status: 400, body: `{"__type":"com.amazonaws.kms#DisabledException"}`},
			awsjson.Error{Status: 400, Code: "DisabledException"}},
		{"in the header", answering{status: 403, header: http.Header{"X-Amzn-Errortype": {"AccessDeniedException:http://internal.amazon.com/"}}, body: `{}`},
			awsjson.Error{Status: 403, Code: "AccessDeniedException"}},
		{"of something between", answering{status: 502, body: "<html>"}, awsjson.Error{Status: 502}},
		{"a redirect, which is not followed", answering{status: 307, header: http.Header{"Location": {"http://elsewhere.example"}}}, awsjson.Error{Status: 307}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := client(&c.answer).Call(t.Context(), "Ask", nil, &struct{}{})
			refused, ok := errors.AsType[*awsjson.Error](err)
			if !ok {
				t.Fatalf("got %v, want an *awsjson.Error", err)
			}
			if diff := cmp.Diff(c.want, *refused); diff != "" {
				t.Errorf("the refusal (-want +got):\n%s", diff)
			}
			if got := awsjson.Code(err); got != c.want.Code {
				t.Errorf("its code is %q, want %q", got, c.want.Code)
			}
			if c.answer.calls != 1 {
				t.Errorf("%d attempts, want 1", c.answer.calls)
			}
		})
	}
}

// gone is a service that is not there.
type gone struct{}

var errGone = errors.New("gone for the test")

func (gone) RoundTrip(*http.Request) (*http.Response, error) { return nil, errGone }

func TestFailures(t *testing.T) {
	if err := client(gone{}).Call(t.Context(), "Ask", nil, nil); !errors.Is(err, errGone) || awsjson.Code(err) != "" {
		t.Errorf("a service that is not there: %v", err)
	}
	if err := client(&answering{status: http.StatusOK, body: "<html>"}).Call(t.Context(), "Ask", nil, &struct{}{}); err == nil {
		t.Error("an answer that is no JSON is taken")
	}
	nobody := client(&answering{status: http.StatusOK, body: "{}"})
	nobody.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errGone })
	if err := nobody.Call(t.Context(), "Ask", nil, &struct{}{}); !errors.Is(err, errGone) {
		t.Errorf("without credentials: %v", err)
	}
	endless := &answering{status: http.StatusOK, body: `{"Answer":"` + strings.Repeat("x", 2<<20) + `"}`}
	if err := client(endless).Call(t.Context(), "Ask", nil, &struct{}{}); err == nil {
		t.Error("an answer of 2 MiB is taken")
	}
}

// TestEndsWithItsContext on a real connection.
func TestEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&struct{}{})
		<-release
	}))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	c := client(http.DefaultTransport)
	c.Endpoint = server.URL
	done := make(chan error)
	go func() { done <- c.Call(ctx, "Ask", nil, &struct{}{}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
