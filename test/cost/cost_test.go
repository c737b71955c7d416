package cost

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
)

// wantBytes holds what docs/cost.md counts with to what is there: never less than that, and not
// so much more that the figure says nothing.
func wantBytes(tb testing.TB, what string, got, counted int) {
	tb.Helper()
	tb.Logf("%s: %d bytes, counted with %d", what, got, counted)
	if got > counted {
		tb.Errorf("%s has %d bytes, more than the %d of internal/cost: a request got dearer", what, got, counted)
	}
	const slack = 10 // percent: times and amounts have digits as they come
	if got*100 < counted*(100-slack) {
		tb.Errorf("%s has %d bytes, far less than the %d of internal/cost: lower it there", what, got, counted)
	}
}

// TestLogLines of the compiled functions.
func TestLogLines(t *testing.T) {
	free := newRig(t, withoutGuard...)
	free.verified(t, number(0))
	wantBytes(t, "the line of a send", len(free.send.line(t)), cost.SendLine)
	wantBytes(t, "the line of a verify", len(free.verify.line(t)), cost.VerifyLine)

	guarded := newRig(t, withGuard...)
	guarded.verified(t, number(0))
	wantBytes(t, "the line of a guarded send", len(guarded.send.line(t)), cost.GuardedLine)
	wantBytes(t, "the line of its verify", len(guarded.verify.line(t)), cost.VerifyLine)
}

// TestBytesToTheInternet: what Infobip and clients are sent.
func TestBytesToTheInternet(t *testing.T) {
	r := newRig(t, withGuard...)
	before := r.provider.received.Load()
	sent := r.sends(t, number(0))
	// A verify that finds no open connection makes one, as a send always does.
	wantBytes(t, "to Infobip", 2*int(r.provider.received.Load()-before), cost.ProviderBytes)
	wantBytes(t, "to the client", length(sent)+length(r.verifies(t, number(0))), cost.ClientBytes)
}

// length of an answer, as HTTP/1.1 writes it.
func length(answer events.APIGatewayV2HTTPResponse) int {
	n := len("HTTP/1.1 200 OK\r\n\r\n") + len(answer.Body)
	for name, value := range answer.Headers {
		n += len(name) + len(": \r\n") + len(value)
	}
	return n
}

// TestPeakMemory: the functions have room in the memory that they are deployed with.
func TestPeakMemory(t *testing.T) {
	r := newRig(t, withGuard...)
	for i := range 40 {
		r.verified(t, number(i))
	}
	discovery := startFunction(t, "discovery")
	discovery.post(t, "")
	for _, f := range []*function{r.send, r.verify, discovery} {
		got := f.peakMemory(t)
		t.Logf("%s: %.1f MB", f.name, got)
		if got > cost.PeakMemoryMB {
			t.Errorf("%s had %.1f MB at once, want at most %d: think of MEMORY_MB", f.name, got, cost.PeakMemoryMB)
		}
	}
}

// BenchmarkRequests reports the CPU time of the compiled functions, which docs/cost.md counts
// with, in ms.
func BenchmarkRequests(b *testing.B) {
	for name, env := range map[string][]string{"without the guard": withoutGuard, "with the guard": withGuard} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			r := newRig(b, env...)
			start := r.send.cpu(b)
			r.verified(b, number(0))
			first := r.send.cpu(b) - start
			send, verify := r.send.cpu(b), r.verify.cpu(b)
			n := 0
			for b.Loop() {
				n++
				r.verified(b, number(n))
			}
			b.ReportMetric(milliseconds(start), "start-ms")
			b.ReportMetric(milliseconds(first), "first-send-ms")
			b.ReportMetric(milliseconds(r.send.cpu(b)-send)/float64(n), "send-ms")
			b.ReportMetric(milliseconds(r.verify.cpu(b)-verify)/float64(n), "verify-ms")
		})
	}
}
