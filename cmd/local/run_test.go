package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSendAndVerify(t *testing.T) {
	p := started(t, nil)
	status, _, sent := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`)
	if status != http.StatusOK {
		t.Fatalf("send got %d %v", status, sent)
	}
	verify := fmt.Sprintf(`{"phoneNumber":"+14155552671","pin":%q}`, p.pin("14155552671"))
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		if status, _, got := p.post("/verify-otp", verify); status != want {
			t.Errorf("verify got %d %v, want %d", status, got, want)
		}
	}
	p.stop()
	if _, err := net.DialTimeout("tcp", strings.Replace(strings.TrimPrefix(p.base, "http://"), "localhost", "127.0.0.1", 1), time.Second); err == nil {
		t.Error("the gateway's port is still open")
	}
}

// TestClock: what moves the simulator's time moves the gateway's with it.
func TestClock(t *testing.T) {
	p := started(t, nil)
	const send = `{"phoneNumber":"+14155552671"}`
	began := time.Now()
	p.post("/send-otp", send)
	pin := p.pin("14155552671")
	if status, _, got := p.post("/send-otp", send); status != http.StatusTooManyRequests {
		t.Errorf("within the cooldown: %d %v", status, got)
	}
	if status, _, got := p.call(http.MethodPost, p.control+"/clock", `{"advance":"11m"}`); status != http.StatusOK {
		t.Fatalf("the clock does not move: %d %v", status, got)
	}
	if status, _, got := p.post("/verify-otp", fmt.Sprintf(`{"phoneNumber":"+14155552671","pin":%q}`, pin)); status != http.StatusUnauthorized {
		t.Errorf("eleven minutes later the code gets %d %v", status, got)
	}
	status, header, got := p.post("/send-otp", send)
	if status != http.StatusOK {
		t.Errorf("eleven minutes later a send gets %d %v", status, got)
	}
	// The first send at 0:00, so the address's window of 15 minutes has 4 left, less what this took.
	least := 240 - int(time.Since(began)/time.Second) - 1
	if reset, err := strconv.Atoi(header.Get("RateLimit-Reset")); err != nil || reset < least || reset > 240 {
		t.Errorf("RateLimit-Reset is %d (%v), want from %d to 240", reset, err, least)
	}
}

// TestEndWithACallUnderWay: a call that the simulator holds does not hold the end.
func TestEndWithACallUnderWay(t *testing.T) {
	p := started(t, nil)
	if status, _, got := p.call(http.MethodPost, p.control+"/faults", `{"operation":"send","delay":"1m"}`); status != http.StatusOK {
		t.Fatalf("no fault: %d %v", status, got)
	}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		res, err := http.Post(p.base+"/send-otp", "application/json", strings.NewReader(`{"phoneNumber":"+14155552671"}`))
		if err == nil {
			_ = res.Body.Close()
		}
	}()
	deadline := time.Now().Add(30 * time.Second)
	for {
		_, _, got := p.call(http.MethodGet, p.control+"/requests?operation=send", "")
		if strings.Contains(fmt.Sprint(got["text"]), `"send"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the send did not reach the simulator")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if took := p.stop(); took > 30*time.Second {
		t.Errorf("the program took %s to end, as long as the call that the simulator holds", took)
	}
	<-asked
}

// refusal is how the program ends if it does not start.
func refusal(t *testing.T, variables map[string]string, envFile string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	err := run(ctx, env(variables), envFile, &stdout, &stderr)
	if err == nil {
		t.Fatalf("the program started: %s", stdout.String())
	}
	if stdout.Len()+stderr.Len() > 0 {
		t.Errorf("beside its error the program wrote %s%s", stdout.String(), stderr.String())
	}
	return err.Error()
}

var freePorts = map[string]string{"PORT": "0", "INFOBIP_SIMULATOR_PORT": "0", "INFOBIP_CONTROL_PORT": "0"}

func TestTakenPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"PORT", "INFOBIP_SIMULATOR_PORT", "INFOBIP_CONTROL_PORT"} {
		variables := maps.Clone(freePorts)
		variables[name] = port
		want := fmt.Sprintf("port %s is taken: choose another with %s", port, name)
		if got := refusal(t, variables, "no such file"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	for _, c := range []struct {
		name      string
		variables map[string]string
		want      string
	}{
		{
			"a key and no base URL", map[string]string{"INFOBIP_API_KEY": "canary"},
			"INFOBIP_API_KEY is set but INFOBIP_BASE_URL is not: set both for the real Infobip, or neither for the simulator",
		},
		{
			"a base URL and no key", map[string]string{"INFOBIP_BASE_URL": "canary.example.com"},
			"INFOBIP_BASE_URL is set but INFOBIP_API_KEY is not: set both for the real Infobip, or neither for the simulator",
		},
		{
			"no application", map[string]string{"INFOBIP_BASE_URL": "canary.example.com", "INFOBIP_API_KEY": "canary"},
			"INFOBIP_2FA_APP_ID, and INFOBIP_2FA_MESSAGES or INFOBIP_2FA_MSG_ID, must be set with INFOBIP_BASE_URL (otpctl provision prints them)",
		},
		{
			"a header for the client's address and nobody to believe", map[string]string{"CLIENT_ADDRESS_HEADER": "X-Client-Address"},
			"CLIENT_ADDRESS_HEADER is set but ORIGIN_KEYS is not: without a key nobody could be believed, and every send would be refused",
		},
		{
			"the same with the secret of the real provider's key", map[string]string{
				"CLIENT_ADDRESS_HEADER": "X-Client-Address", "SECRET_ID": "canary", "INFOBIP_BASE_URL": "canary.example.com", "INFOBIP_API_KEY": "canary",
				"INFOBIP_2FA_APP_ID": "APP1", "INFOBIP_2FA_MSG_ID": "MSG1",
			},
			"CLIENT_ADDRESS_HEADER is set but ORIGIN_KEYS is not: without a key nobody could be believed, and every send would be refused",
		},
		{
			"an origin key that is too short", map[string]string{"CLIENT_ADDRESS_HEADER": "X-Client-Address", "ORIGIN_KEYS": "canary"},
			"ORIGIN_KEYS must be origin keys of 32 to 256 printable ASCII characters without spaces, with commas between them\n" +
				"CLIENT_ADDRESS_HEADER is set but ORIGIN_KEYS is not: without a key nobody could be believed, and every send would be refused",
		},
		{
			"several at once", map[string]string{"PORT": "canary", "PIN_LENGTH": "canary", "INFOBIP_SIMULATOR_STRICT": "canary", "INFOBIP_API_KEY": "canary"},
			"PIN_LENGTH must be a whole number from 4 to 8\n" +
				"PORT must be a whole number from 0 to 65535\n" +
				"INFOBIP_SIMULATOR_STRICT must be true or false\n" +
				"INFOBIP_API_KEY is set but INFOBIP_BASE_URL is not: set both for the real Infobip, or neither for the simulator",
		},
		{
			"port out of range", map[string]string{"PORT": "65536"}, "PORT must be a whole number from 0 to 65535",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := refusal(t, c.variables, "no such file"); got != c.want {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

// write makes a .env file.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEnvironment(t *testing.T) {
	file := write(t, "# the guide's names\nINFOBIP_API_KEY=\"from file\"\nPORT=3005\nexport PIN_LENGTH='8'\nEMPTY=\n")
	getenv, err := environment(env(map[string]string{"PORT": "3006", "INFOBIP_API_KEY": ""}), file)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"PORT":            "3006",      // what is set wins
		"INFOBIP_API_KEY": "from file", // empty means unset
		"PIN_LENGTH":      "8",
		"EMPTY":           "",
		"MISSING":         "",
	} {
		if got := getenv(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	getenv, err = environment(env(map[string]string{"PORT": "3006"}), filepath.Join(t.TempDir(), "no such file"))
	if err != nil || getenv("PORT") != "3006" {
		t.Errorf("without a .env: %v", err)
	}
}

// TestBadEnvironmentFile does not show the line, which may hold a key.
func TestBadEnvironmentFile(t *testing.T) {
	for name, text := range map[string]string{
		"no equals sign": "INFOBIP_API_KEY canary-key\n", "open quote": "INFOBIP_API_KEY=\"canary-key\n", "a key alone": "canary-key\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, text)
			want := file + " cannot be read: write one NAME=value a line"
			if got := refusal(t, freePorts, file); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		dir := t.TempDir()
		if got := refusal(t, freePorts, dir); !strings.HasSuffix(got, "cannot be read: write one NAME=value a line") {
			t.Errorf("got %q", got)
		}
	})
}

// TestSettingsReachTheSimulator: what the file sets decides, there as here.
func TestSettingsReachTheSimulator(t *testing.T) {
	p := started(t, map[string]string{"PIN_LENGTH": "8", "VERIFY_SPACING": "0s", "SEND_COOLDOWN": "0s", "NUMBER_CLIENT_SEND_LIMIT": "5/1d", "IP_VERIFY_LIMIT": "100/1d"})
	for range 5 {
		if status, _, got := p.post("/send-otp", `{"phoneNumber":"+14155552671"}`); status != http.StatusOK {
			t.Fatalf("send got %d %v", status, got)
		}
	}
	pin := p.pin("14155552671")
	if len(pin) != 8 {
		t.Errorf("the PIN has %d digits, want 8", len(pin))
	}
	for range 4 { // at once: neither side wants a pause
		if status, _, got := p.post("/verify-otp", `{"phoneNumber":"+14155552671","pin":"00000000"}`); status != http.StatusUnauthorized {
			t.Errorf("a wrong PIN got %d %v", status, got)
		}
	}
	if status, _, got := p.post("/verify-otp", fmt.Sprintf(`{"phoneNumber":"+14155552671","pin":%q}`, pin)); status != http.StatusOK {
		t.Errorf("the right PIN got %d %v", status, got)
	}
}

// TestTableTrouble: a DynamoDB that is not there is said in a sentence, within seconds.
func TestTableTrouble(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + closed.Addr().String()
	_ = closed.Close()
	got := refusal(t, map[string]string{
		"PORT": "0", "INFOBIP_SIMULATOR_PORT": "0", "INFOBIP_CONTROL_PORT": "0", "AWS_ENDPOINT_URL_DYNAMODB": address,
	}, "no such file")
	if !strings.HasPrefix(got, "AWS_ENDPOINT_URL_DYNAMODB is set: creating table infobip-otp: ") {
		t.Errorf("got %q", got)
	}
}

// TestFailingOutput: nobody who reads the start-up text is no reason to fail.
func TestFailingOutput(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	variables := maps.Clone(freePorts)
	if err := run(ctx, env(variables), "no such file", failing{cancel}, failing{cancel}); err != nil {
		t.Errorf("got %v", err)
	}
}

// failing ends the program with the first write, and fails it.
type failing struct{ cancel func() }

func (f failing) Write([]byte) (int, error) {
	f.cancel()
	return 0, errors.New("nobody reads")
}

// TestColdEmulator: DynamoDB Local may take longer for its first call than a request waits for one,
// so the start waits, and makes the first call of each kind in the place of a request.
func TestColdEmulator(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	emulator := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		mu.Lock()
		calls = append(calls, operation)
		mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if operation != "CreateTable" {
			_, _ = io.WriteString(w, `{}`)
			return
		}
		select {
		case <-time.After(1500 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceInUseException","message":"Table exists"}`)
	}))
	defer emulator.Close()
	started(t, map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": emulator.URL}).stop()
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"CreateTable", "PutItem", "UpdateItem", "BatchGetItem", "DeleteItem"}; len(calls) < len(want) || !slices.Equal(calls[:len(want)], want) {
		t.Errorf("the start calls %v, want %v first", calls, want)
	}
}
