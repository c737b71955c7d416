package main

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/joho/godotenv"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// operatorRig is an operator with a strict Infobip, and a folder with a file of messages.
type operatorRig struct {
	t           *testing.T
	sim         *simulator.Simulator
	clock       *simulator.MovableClock
	environment map[string]string
}

func newOperatorRig(t *testing.T, file string) *operatorRig {
	t.Helper()
	o := &operatorRig{t: t, clock: simulator.NewClock()}
	o.sim = simulator.New(simulator.Options{Strict: true, Key: "right-key", Clock: o.clock, EndpointThrottles: true})
	api := httptest.NewServer(o.sim.API())
	t.Cleanup(func() {
		o.sim.Close()
		api.Close()
	})
	o.environment = map[string]string{"INFOBIP_BASE_URL": api.URL, "INFOBIP_API_KEY": "right-key"}
	t.Chdir(t.TempDir())
	if file != "" {
		o.write(messagesFile, file)
	}
	return o
}

func (o *operatorRig) write(name, text string) {
	o.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// provisioned is a run of the command.
type provisioned struct {
	code           int
	stdout, stderr string
	variables      map[string]string // what standard output has
}

func (o *operatorRig) provision(args ...string) provisioned {
	o.t.Helper()
	var stdout, stderr strings.Builder
	getenv := func(name string) string { return o.environment[name] }
	code := run(o.t.Context(), append([]string{"provision"}, args...), getenv, strings.NewReader(""), &stdout, &stderr)
	got := provisioned{code: code, stdout: stdout.String(), stderr: stderr.String()}
	var err error
	got.variables, err = godotenv.Unmarshal(got.stdout)
	if err != nil {
		o.t.Fatalf("standard output is no .env file: %v\n%s", err, got.stdout)
	}
	if code != exitOK && code != exitWouldChange && got.stdout != "" {
		o.t.Errorf("a run that fails writes a result:\n%s", got.stdout)
	}
	return got
}

// does runs the command, which has to succeed.
func (o *operatorRig) does(args ...string) provisioned {
	o.t.Helper()
	got := o.provision(args...)
	if got.code != exitOK {
		o.t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	return got
}

// calls counts the calls since the last time, those that change something as POST and PUT.
func (o *operatorRig) calls() map[string]int {
	o.t.Helper()
	count := map[string]int{}
	for _, r := range o.sim.Requests("") {
		count[r.Method]++
	}
	faults := o.sim.Faults()
	o.sim.Reset()
	for _, f := range faults {
		o.t.Errorf("a fault was not met: %+v", f)
	}
	return count
}

// says checks that a text has all of these lines.
func says(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(text) {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
}
