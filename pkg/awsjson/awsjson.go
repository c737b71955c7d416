// Package awsjson calls AWS services that speak JSON 1.1, such as KMS: one signed POST a
// call, one attempt.
//
// It is for the one or two operations of a service that a function needs in passing. The
// SDK's client of KMS costs 0.7 ms before main (it builds the schemas of every operation),
// a third of what a whole hello-world needs, whether it is ever called or not; this one
// costs nothing. The signature is the SDK's own.
package awsjson

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Client calls one service in one region. It is safe for concurrent use.
type Client struct {
	// Service is the name that hosts and signatures have (kms), Target the one before
	// an operation's (TrentService).
	Service, Target string
	Region          string
	Credentials     aws.CredentialsProvider
	// Endpoint is the SDK's AWS_ENDPOINT_URL_*; empty for AWS's own.
	Endpoint string
	// Transport carries the calls; nil is net/http's. No redirect is followed.
	Transport http.RoundTripper
}

// Error is a refusal of the service's.
type Error struct {
	Status int
	// Code names it, such as AccessDeniedException; empty if the answer had none.
	Code    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// maxAnswer is far more than any answer that is waited for here.
const maxAnswer = 1 << 20

// Call makes one attempt at an operation: in is its input, and its output is read into
// out. It ends when ctx does. The error has an *[Error] in its chain if the service
// answered with one.
func (c Client) Call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("writing the input of %s: %w", operation, err)
	}
	request, err := c.request(ctx, operation, body)
	if err != nil {
		return err
	}
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("calling %s: %w", operation, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", operation, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("calling %s: %w", operation, refusal(response, answer))
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", operation, err)
	}
	return nil
}

func (c Client) request(ctx context.Context, operation string, body []byte) (*http.Request, error) {
	credentials, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding credentials: %w", err)
	}
	address := c.Endpoint
	if address == "" {
		address = "https://" + c.Service + "." + c.Region + "." + suffix(c.Region)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making a request of %s: %w", operation, err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", c.Target+"."+operation)
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), c.Service, c.Region, time.Now())
	if err != nil {
		return nil, fmt.Errorf("signing a request of %s: %w", operation, err)
	}
	return request, nil
}

// refusal reads the code where the protocol has it: in the header, or in the body behind
// a namespace.
func refusal(response *http.Response, answer []byte) *Error {
	var said struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(answer, &said) // a proxy's page has neither
	code := response.Header.Get("X-Amzn-Errortype")
	if code == "" {
		code = said.Type
	}
	code, _, _ = strings.Cut(code, ":")
	return &Error{Status: response.StatusCode, Code: code[strings.LastIndex(code, "#")+1:], Message: said.Message}
}

// Code returns the code of the service's refusal, or nothing if err is none.
func Code(err error) string {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused.Code
	}
	return ""
}

// suffix is the domain of a region's services, as the SDK's table of partitions has it.
func suffix(region string) string {
	for prefix, domain := range map[string]string{
		"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu",
		"us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov", "us-isof-": "csp.hci.ic.gov", "eu-isoe-": "cloud.adc-e.uk",
	} {
		if strings.HasPrefix(region, prefix) {
			return domain
		}
	}
	return "amazonaws.com"
}
