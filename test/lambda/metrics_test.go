package lambda

import (
	"net/http"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// TestMetrics: the lines that the compiled functions print are records in CloudWatch's embedded
// metric format, whatever the log's level, from the first to the last of the three.
func TestMetrics(t *testing.T) {
	s := startService(t, "METRICS_NAMESPACE=InfobipOTP", "STAGE=test", "AWS_LAMBDA_LOG_LEVEL=FATAL")
	status, sent, _ := s.post(t, "/send-otp", map[string]string{"phoneNumber": phone})
	if status != http.StatusOK {
		t.Fatalf("send = %d %v, want 200", status, sent)
	}
	s.post(t, "/send-otp", map[string]string{"phoneNumber": "+1"}) // a form error
	s.post(t, "/verify-otp", map[string]string{"phoneNumber": phone, "pin": s.simulator.Newest(t, phone).PIN})
	s.discovery.Invoke(t, harness.JSON(t, harness.Event(t, "banner")))

	for _, c := range []struct {
		function *harness.Function
		lines    int
		metric   string // counted once by the first of them
	}{{s.send, 2, "SendsOK"}, {s.verify, 1, "VerifiesOK"}, {s.discovery, 1, "Requests"}} {
		lines := requestLines(c.function.Process.Raw())
		if len(lines) != c.lines {
			t.Fatalf("%s printed %d lines of requests, want %d", c.function.Process.Name, len(lines), c.lines)
		}
		for _, line := range lines {
			if metadata, _ := line["_aws"].(map[string]any); metadata["CloudWatchMetrics"] == nil || line["Stage"] != "test" || line["Requests"] != 1.0 {
				t.Errorf("%s: %v is no record of metrics", c.function.Process.Name, line)
			}
		}
		if lines[0][c.metric] != 1.0 {
			t.Errorf("%s counts %v of %s, want 1", c.function.Process.Name, lines[0][c.metric], c.metric)
		}
	}
}
