// Package cost measures what docs/cost.md counts with and no other test asserts: the bytes that
// a request leaves in the log and sends over the internet, the memory of the compiled functions,
// and the CPU time of a request. Calls and units are those of test/dynamodb and test/guard.
package cost

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const stage = "production"

// withoutGuard are the settings of a service that counts nothing but its clients and numbers.
var withoutGuard = []string{"NETWORK_ALLOWANCE=off", "PREFIX_ALLOWANCE=off", "REGION_ALLOWANCE=off", "SERVICE_ALLOWANCE=off"}

// withGuard is a production stage as the stack deploys it.
var withGuard = []string{"SPEND_LIMIT=50000/1d"}

// rig is the compiled functions, each under a runtime API of its own, with all that they call
// behind TLS as in AWS.
type rig struct {
	send, verify *function
	simulator    *simulator.Simulator
	provider     *tlsServer
}

func newRig(tb testing.TB, env ...string) *rig {
	tb.Helper()
	dynamodb, moto := harness.DynamoDBLocal(tb), harness.Moto(tb)
	secret := harness.Secret(tb, moto, string(harness.JSON(tb, map[string]any{
		"infobipApiKey": simulator.DefaultKey, "phoneKey": "1",
		"phoneKeys": map[string]string{"1": base64.StdEncoding.EncodeToString(make([]byte, 32))},
	})))
	sim := simulator.New(simulator.Options{})
	tb.Cleanup(sim.Close)
	appID, messageID, err := sim.Provision(simulator.Settings{PINLength: 6, PINAttempts: 10, PINTTL: 10 * time.Minute, NumberSendLimit: rate.Rate{Attempts: 1000, Window: 24 * time.Hour}})
	if err != nil {
		tb.Fatal(err)
	}
	provider := behindTLS(tb, sim.API())
	common := append([]string{
		"TABLE_NAME=" + harness.Table(tb, dynamodb), "SECRET_ID=" + secret,
		"INFOBIP_BASE_URL=" + provider.URL, "INFOBIP_2FA_APP_ID=" + appID, "INFOBIP_2FA_MSG_ID=" + messageID,
		"AWS_ENDPOINT_URL_DYNAMODB=" + behindTLS(tb, proxyTo(tb, dynamodb)).URL,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + behindTLS(tb, proxyTo(tb, moto)).URL,
		"SSL_CERT_FILE=" + provider.authority(tb),
		"METRICS_NAMESPACE=InfobipOTP", "STAGE=" + stage,
		"IP_SEND_LIMIT=1000000/1d", "IP_VERIFY_LIMIT=1000000/1d",
	}, env...)
	return &rig{
		send: startFunction(tb, "send", common...), verify: startFunction(tb, "verify", common...),
		simulator: sim, provider: provider,
	}
}

// verified sends a code to a number and verifies it.
func (r *rig) verified(tb testing.TB, number string) {
	tb.Helper()
	r.sends(tb, number)
	r.verifies(tb, number)
}

func (r *rig) sends(tb testing.TB, number string) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	return r.send.post(tb, `{"phoneNumber":"`+number+`"}`)
}

// verifies has the newest code that arrived verified.
func (r *rig) verifies(tb testing.TB, number string) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	messages := r.simulator.Outbox(strings.TrimPrefix(number, "+"))
	if len(messages) == 0 {
		tb.Fatal("no message arrived")
	}
	return r.verify.post(tb, `{"phoneNumber":"`+number+`","pin":"`+messages[len(messages)-1].PIN+`"}`)
}

// number is one of libphonenumber's example's neighbours, all of them mobile.
func number(i int) string { return fmt.Sprintf("+43664%07d", 1_000_000+i) }

// tlsServer counts the bytes that clients send to it, handshakes included.
type tlsServer struct {
	*httptest.Server
	received atomic.Int64
}

func behindTLS(tb testing.TB, h http.Handler) *tlsServer {
	tb.Helper()
	s := &tlsServer{Server: httptest.NewUnstartedServer(h)}
	s.Listener = counting{s.Listener, &s.received}
	s.StartTLS()
	tb.Cleanup(s.Close)
	return s
}

// authority is the file that has clients trust every server here.
func (s *tlsServer) authority(tb testing.TB) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "authority.pem")
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

type counting struct {
	net.Listener

	received *atomic.Int64
}

func (c counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	return countingConn{conn, c.received}, err
}

type countingConn struct {
	net.Conn

	received *atomic.Int64
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.Add(int64(n))
	return n, err //nolint:wrapcheck // passed on as it is
}

func proxyTo(tb testing.TB, address string) http.Handler {
	tb.Helper()
	to, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	return httputil.NewSingleHostReverseProxy(to)
}

// function is a compiled function under a runtime API that hands it one event at a time, as
// Lambda does. The emulator of the other tests would be measured too.
type function struct {
	name    string
	process *harness.Process
	events  chan []byte
	answers chan []byte
}

func startFunction(tb testing.TB, name string, env ...string) *function {
	tb.Helper()
	f := &function{name: name, events: make(chan []byte), answers: make(chan []byte)}
	ready, asked := make(chan struct{}), false
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		if !asked {
			asked = true
			close(ready)
		}
		select {
		case event := <-f.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "7813e077-26e7-4da0-8980-12a3b1b37918")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(20*time.Second).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:"+name)
			_, _ = w.Write(event)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{what}", func(w http.ResponseWriter, r *http.Request) {
		answer, _ := io.ReadAll(r.Body) // a broken one is no JSON
		w.WriteHeader(http.StatusAccepted)
		f.answers <- answer
	})
	server := httptest.NewServer(mux)
	tb.Cleanup(server.CloseClientConnections)
	f.process = harness.Start(tb, harness.Command{
		Name: "the " + name + " function", Path: harness.Bootstrap(tb, name), Dir: tb.TempDir(),
		Env: append([]string{
			"AWS_LAMBDA_RUNTIME_API=" + server.Listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=" + name,
			"AWS_REGION=" + harness.Region, "AWS_ACCESS_KEY_ID=" + harness.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + harness.SecretAccessKey,
			"AWS_LAMBDA_LOG_FORMAT=JSON",
		}, env...),
	})
	select {
	case <-ready:
	case <-time.After(patience):
		tb.Fatalf("%s asks for no event", name)
	}
	return f
}

const patience = time.Minute

// post has the function answer 200 to a body.
func (f *function) post(tb testing.TB, body string) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	event := harness.Event(tb, map[string]string{"send": "send", "verify": "verify", "discovery": "banner"}[f.name])
	event.Body = body
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var raw []byte
	select {
	case f.events <- harness.JSON(tb, event):
	case <-ctx.Done():
		tb.Fatalf("%s takes no event", f.name)
	}
	select {
	case raw = <-f.answers:
	case <-ctx.Done():
		tb.Fatalf("%s does not answer", f.name)
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(raw, &answer); err != nil || answer.StatusCode != http.StatusOK {
		tb.Fatalf("%s answered %d %s (%v)", f.name, answer.StatusCode, answer.Body, err)
	}
	return answer
}

// line returns the one line of a request that the function has printed.
func (f *function) line(tb testing.TB) string {
	tb.Helper()
	var found []string
	harness.Eventually(tb, patience, func() error {
		found = nil
		for line := range strings.Lines(f.process.Raw()) {
			if text, whole := strings.CutSuffix(line, "\n"); whole && strings.Contains(text, `"message":"request"`) {
				found = append(found, text)
			}
		}
		if len(found) == 0 {
			return errors.New("no request is in the log")
		}
		return nil
	})
	if len(found) != 1 {
		tb.Fatalf("%s logged %d requests, want 1", f.name, len(found))
	}
	return found[0]
}

// peakMemory is the most memory that the process has had at once, in MB.
func (f *function) peakMemory(tb testing.TB) float64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.process.PID()))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "VmHWM:")
	var kilobytes float64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil || !found {
		tb.Fatalf("/proc has no peak memory: %v", err)
	}
	const megabyte = 1024
	return kilobytes / megabyte
}

// cpu is the time that the process's threads have had.
func (f *function) cpu(tb testing.TB) time.Duration {
	tb.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", f.process.PID()))
	if err != nil || len(threads) == 0 {
		tb.Fatalf("/proc has no threads of %s: %v", f.name, err)
	}
	total := time.Duration(0)
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has ended
		}
		var ran time.Duration
		if _, err2 := fmt.Sscan(string(text), &ran); err != nil || err2 != nil {
			tb.Fatal(errors.Join(err, err2))
		}
		total += ran
	}
	return total
}
