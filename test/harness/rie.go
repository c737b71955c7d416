package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Function is a compiled Lambda function under AWS's runtime interface emulator.
type Function struct {
	Process *Process
	url     string
}

// StartFunction starts the compiled function with the given environment. The emulator
// starts the bootstrap itself at the first Invoke.
func StartFunction(tb testing.TB, function string, env ...string) *Function {
	tb.Helper()
	for try := 1; ; try++ {
		f, err := startFunction(tb, function, env...)
		if err == nil {
			return f
		}
		if try == portTries || !errors.Is(err, errEnded) {
			tb.Fatal(err)
		}
	}
}

func startFunction(tb testing.TB, function string, env ...string) (*Function, error) {
	tb.Helper()
	public := fmt.Sprintf("127.0.0.1:%d", FreePort(tb))
	runtimeAPI := fmt.Sprintf("127.0.0.1:%d", FreePort(tb))
	f := &Function{url: "http://" + public + "/2015-03-31/functions/function/invocations"}
	f.Process = Start(tb, Command{
		Name: "the " + function + " function",
		Path: Tool(tb, "bin", "aws-lambda-rie"),
		Args: []string{
			"--runtime-interface-emulator-address", public, "--runtime-api-address", runtimeAPI,
			Bootstrap(tb, function),
		},
		Dir: tb.TempDir(),
		Env: append([]string{
			"AWS_REGION=" + Region, "AWS_ACCESS_KEY_ID=" + AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + SecretAccessKey,
			"AWS_LAMBDA_FUNCTION_NAME=" + function, "AWS_LAMBDA_FUNCTION_TIMEOUT=20",
			"AWS_LAMBDA_LOG_FORMAT=JSON",
		}, env...),
	})
	err := f.Process.ready(time.Minute, func() error {
		c, err := net.DialTimeout("tcp", public, 10*time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
	return f, err
}

// Invoke sends an event and returns the function's answer.
func (f *Function) Invoke(tb testing.TB, event []byte) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	raw, err := f.invoke(tb.Context(), event)
	if err != nil {
		tb.Fatalf("invoking %s: %v", f.Process.Name, err)
	}
	var answer events.APIGatewayV2HTTPResponse
	err = json.Unmarshal(raw, &answer)
	if err != nil || answer.StatusCode == 0 {
		tb.Fatalf("%s did not answer as API Gateway expects (%v): %s", f.Process.Name, err, mask(string(raw)))
	}
	return answer
}

func (f *Function) invoke(ctx context.Context, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(event))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("calling the emulator: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the emulator's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.New("the emulator answered " + response.Status + ": " + mask(string(raw)))
	}
	return raw, nil
}
