package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"otpctl": main})
}

// TestScripts runs testdata/*.txt, each with a strict simulator of its own. Beside
// testscript's commands they have:
//
//	api METHOD PATH [BODY]       a call to the simulator's API with the right key
//	control METHOD PATH [BODY]   a call to its control listener
//
//	capture NAME REGEXP          sets a variable to what the group matches in stdout
//
// The answers of the first two are standard output. A status that is not 2xx fails.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			sim := simulator.New(simulator.Options{Strict: true, Key: "right-key"})
			api, control := httptest.NewServer(sim.API()), httptest.NewServer(sim.Control())
			env.Defer(func() {
				sim.Close()
				api.Close()
				control.Close()
			})
			env.Setenv("INFOBIP_BASE_URL", api.URL)
			env.Setenv("HOST", strings.TrimPrefix(api.URL, "http://"))
			env.Setenv("INFOBIP_API_KEY", "right-key")
			env.Setenv("CONTROL", control.URL)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each process waits a second at its end
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"api":     func(ts *testscript.TestScript, neg bool, args []string) { call(ts, neg, "INFOBIP_BASE_URL", args) },
			"control": func(ts *testscript.TestScript, neg bool, args []string) { call(ts, neg, "CONTROL", args) },
			"capture": capture,
		},
	})
}

func call(ts *testscript.TestScript, neg bool, base string, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: api|control METHOD PATH [BODY]")
	}
	body := ""
	if len(args) == 3 {
		body = args[2]
	}
	req, err := http.NewRequest(args[0], ts.Getenv(base)+args[1], strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Authorization", "App right-key")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	_, err = io.Copy(ts.Stdout(), res.Body)
	ts.Check(err)
	if res.StatusCode > 299 {
		ts.Fatalf("%s %s: %s", args[0], args[1], res.Status)
	}
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME REGEXP")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	match := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(match) != 2 {
		ts.Fatalf("%s matches nothing in standard output", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// run is otpctl whole: a test, or another command, can call it without a process.
func TestRunWithoutAProcess(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
	}{
		{[]string{"help"}, exitOK},
		{[]string{}, exitOK},
		{[]string{"provision", "--pin-length", "4"}, exitFailed},
		{[]string{"provision", "--pin-length", "four"}, exitUsage},
		{[]string{"nonsense"}, exitUsage},
	} {
		var stdout, stderr strings.Builder
		nothing := func(string) string { return "" }
		got := run(t.Context(), test.args, nothing, strings.NewReader(""), &stdout, &stderr)
		if got != test.code {
			t.Errorf("otpctl %q: exit code %d, want %d; it said %s", test.args, got, test.code, stderr.String())
		}
	}
}

// A secret that is not given by a person at a terminal is one line of a stream.
func TestReadSecret(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "key")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, err = file.WriteString("from-a-file\nmore\n")
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Seek(0, io.SeekStart)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		in   io.Reader
		want string
	}{
		"line":         {strings.NewReader("key\n"), "key"},
		"no line end":  {strings.NewReader("key"), "key"},
		"windows line": {strings.NewReader("key\r\n"), "key"},
		"empty":        {strings.NewReader(""), ""},
		"file":         {file, "from-a-file"},
	} {
		ui := &tui{in: test.in, out: io.Discard, err: io.Discard}
		got, err := ui.readSecret("key")
		if err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, test.want)
		}
	}
}
