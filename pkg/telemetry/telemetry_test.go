package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// TestLine: the members have the names of Lambda's own lines.
func TestLine(t *testing.T) {
	var out bytes.Buffer
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	telemetry.NewLogger(&out, "").With("function", "send").InfoContext(ctx, "hello", slog.Int("status", 200))
	line := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%q is not JSON: %v", out.String(), err)
	}
	at, _ := line["timestamp"].(string)
	if _, err := time.Parse(time.RFC3339Nano, at); err != nil {
		t.Errorf("timestamp is %q", at)
	}
	for name, want := range map[string]any{"level": "INFO", "message": "hello", "status": 200.0, "requestId": "request-1", "function": "send"} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	if len(line) != 6 {
		t.Errorf("the line has more: %s", out.String())
	}
}

func TestNoInvocation(t *testing.T) {
	var out bytes.Buffer
	telemetry.NewLogger(&out, "").WithGroup("g").InfoContext(t.Context(), "hello", "a", 1)
	if strings.Contains(out.String(), "requestId") {
		t.Errorf("a line outside an invocation has a requestId: %s", out.String())
	}
	if !strings.Contains(out.String(), `"g":{"a":1}`) {
		t.Errorf("the group is lost: %s", out.String())
	}
}

func TestLevels(t *testing.T) {
	for level, want := range map[string]string{
		"": "info warn error ", "INFO": "info warn error ", "DEBUG": "debug info warn error ", "TRACE": "debug info warn error ",
		"WARN": "warn error ", "ERROR": "error ", "FATAL": "error ", "nonsense": "info warn error ",
	} {
		var out bytes.Buffer
		logger := telemetry.NewLogger(&out, level)
		logger.Debug("debug")
		logger.Info("info")
		logger.Warn("warn")
		logger.Error("error")
		got := ""
		for text := range strings.Lines(out.String()) {
			line := map[string]any{}
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
			got += line["message"].(string) + " "
		}
		if got != want {
			t.Errorf("level %q writes %q, want %q", level, got, want)
		}
	}
}
