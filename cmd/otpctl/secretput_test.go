package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// vault is a Secrets Manager with one secret: values by version, and labels. Its clock
// stands still, three years ahead of any other here.
type vault struct {
	mu     sync.Mutex
	values map[string]string
	labels map[string]string // label: version
	// before, if not nil, is called before an operation is carried out.
	before func(operation string)
	// lose cuts the connection after these operations were carried out.
	lose map[string]bool
	// refuse answers these operations with that code.
	refuse map[string]string
	calls  []string
}

var vaultTime = time.Date(2029, 11, 24, 12, 0, 0, 0, time.UTC)

// newVault returns a vault with a value, or without one.
func newVault(value string) *vault {
	v := &vault{values: map[string]string{}, labels: map[string]string{}, lose: map[string]bool{}, refuse: map[string]string{}}
	if value != "" {
		v.put("first", value)
	}
	return v
}

// put makes a value the one in use, whatever was.
func (v *vault) put(version, value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.values[version], v.labels[secrets.Current] = value, version
}

func (v *vault) value() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.values[v.labels[secrets.Current]]
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if v.before != nil {
		v.before(operation)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, operation)
	var in struct {
		SecretString, ClientRequestToken, VersionStage, MoveToVersionId, RemoveFromVersionId string
		VersionStages                                                                        []string
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	w.Header().Set("Date", vaultTime.Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	refuse := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"no"}`, code)
	}
	out := map[string]any{"Name": "otp-secret"}
	switch at := v.labels[secrets.Current]; {
	case v.refuse[operation] != "":
		refuse(v.refuse[operation])
		return
	case operation == "GetSecretValue" && at == "":
		refuse("ResourceNotFoundException")
		return
	case operation == "GetSecretValue":
		out["SecretString"], out["VersionId"] = v.values[at], at
	case operation == "PutSecretValue":
		v.values[in.ClientRequestToken] = in.SecretString
		if len(in.VersionStages) == 0 {
			in.VersionStages = []string{secrets.Current}
		}
		for _, label := range in.VersionStages {
			v.labels[label] = in.ClientRequestToken
		}
		out["VersionId"] = in.ClientRequestToken
	case operation == "UpdateSecretVersionStage":
		if v.labels[in.VersionStage] != in.RemoveFromVersionId {
			refuse("InvalidParameterException")
			return
		}
		v.labels[in.VersionStage] = in.MoveToVersionId
	}
	if v.lose[operation] {
		v.lose[operation] = false
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(out)
}

// run runs otpctl with this vault behind it.
func (v *vault) run(t *testing.T, stdin string, args ...string) (int, string, string) {
	t.Helper()
	server := httptest.NewServer(v)
	defer server.Close()
	return runWith(t, map[string]string{"AWS_ENDPOINT_URL": server.URL, "SECRET_ID": "otp-secret"}, stdin, args...)
}

var complete = `{"infobipApiKey":"canary-key","phoneKeys":{"1":"` + someKey + `"},"phoneKey":"1","later":1}`

func TestRotatePhoneKey(t *testing.T) {
	v := newVault(complete)
	code, stdout, stderr := v.run(t, "", "secret", "rotate-phone-key")
	want := `otpctl: the secret otp-secret has phone key 2, which comes into use 2029-11-24T13:00:00Z (in 1h00m)
otpctl: running functions know of it within a quarter of an hour, and nothing is left to do
otpctl: new numbers are kept under 2 from then on; what is kept under 1 is found as before, so leave 1 where it is
`
	if code != exitOK || stdout != "" || stderr != want {
		t.Errorf("exit code %d, %q and\n%s\nwant\n%s", code, stdout, stderr, want)
	}
	members := read(t, v.value())
	if string(members["phoneKeyFrom"]) != `"2029-11-24T13:00:00Z"` || string(members["later"]) != "1" {
		t.Errorf("it holds phoneKeyFrom %s and later %s", members["phoneKeyFrom"], members["later"])
	}
	put := v.value()
	code, _, stderr = v.run(t, "", "secret", "rotate-phone-key")
	if code != exitFailed || !strings.Contains(stderr, "otpctl: error: nothing was changed: a change to phone key 2 is under way: it comes into use 2029-11-24T13:00:00Z (in 1h00m)\n") || v.value() != put {
		t.Errorf("again: exit code %d, it said %s", code, stderr)
	}
}

func TestCheckTellsNoValue(t *testing.T) {
	key := func(version string) string { return `"` + version + `":"` + someKey + `"` }
	secret := func(keys, named, more string) string {
		return `{"infobipApiKey":"canary-key","phoneKeys":{` + keys + `},"phoneKey":"` + named + `"` + more + `}`
	}
	for name, test := range map[string]struct{ value, want string }{
		"one key": {secret(key("1"), "1", ""), "phone keys 1|in use 1|origin keys 0|challenge none|test recipients none"},
		"a change is under way": {
			secret(key("1")+","+key("2"), "2", `,"phoneKeyFrom":"2029-11-24T13:00:00Z"`),
			"phone keys 1, 2|in use 1, and 2 from 2029-11-24T13:00:00Z (in 1h00m)|origin keys 0|challenge none|test recipients none",
		},
		"a change is over": {
			secret(key("10")+","+key("9"), "10", `,"phoneKeyFrom":"2029-11-24T11:00:00Z","originKeys":["`+someOrigin+`","`+otherOrigin+`"]`),
			"phone keys 9, 10|in use 10 since 2029-11-24T11:00:00Z (1h00m ago)|origin keys 2|challenge none|test recipients none",
		},
		"since nobody knows when": {secret(key("1")+","+key("2"), "2", ""), "phone keys 1, 2|in use 2|origin keys 0|challenge none|test recipients none"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(test.value)
			code, stdout, stderr := v.run(t, "", "secret", "check")
			if got := strings.Join(words(stdout), "|"); code != exitOK || got != test.want || stderr != "otpctl: the functions can read the secret otp-secret\n" {
				t.Errorf("exit code %d, %q, it said %s, want %q", code, got, stderr, test.want)
			}
			if strings.Contains(stdout+stderr, "canary") || len(v.calls) != 1 {
				t.Errorf("after %v it said %s%s", v.calls, stdout, stderr)
			}
		})
	}
}

func TestOriginKeyIsShownOnce(t *testing.T) {
	v := newVault(complete)
	code, stdout, stderr := v.run(t, "", "secret", "add-origin-key")
	key := strings.TrimSuffix(stdout, "\n")
	if code != exitOK || len(key) != 43 || strings.Contains(stderr, key) || string(read(t, v.value())["originKeys"]) != `["`+key+`"]` {
		t.Fatalf("exit code %d, %q on standard output, it said %s", code, stdout, stderr)
	}
	if want := "otpctl: the secret otp-secret has one origin key more; let it be sent from 2029-11-24T12:15:00Z on, when every running function knows it\n"; !strings.HasSuffix(stderr, want) {
		t.Errorf("it said %s, want %s", stderr, want)
	}
	_, second, _ := v.run(t, "", "secret", "add-origin-key")
	if second == stdout || len(second) != len(stdout) {
		t.Errorf("the second key is %q, the first was %q", second, stdout)
	}
	// One that is given is not shown.
	code, stdout, stderr = v.run(t, someOrigin+"\n", "secret", "add-origin-key", "-")
	if code != exitOK || stdout != "" || strings.Contains(stderr, "canary") || !strings.Contains(v.value(), someOrigin) {
		t.Errorf("one that is given: exit code %d, %q, it said %s", code, stdout, stderr)
	}
	put := len(v.values)
	code, _, stderr = v.run(t, someOrigin, "secret", "add-origin-key", "-")
	if code != exitOK || len(v.values) != put || !strings.Contains(stderr, "nothing to change") {
		t.Errorf("the same again: exit code %d, %d values, it said %s", code, len(v.values), stderr)
	}
	code, stdout, stderr = v.run(t, someOrigin, "secret", "remove-origin-key")
	if code != exitOK || stdout != "" || strings.Contains(v.value(), someOrigin) ||
		!strings.Contains(stderr, "has 2 origin keys; running functions take what was taken out until 2029-11-24T12:15:00Z\n") {
		t.Errorf("taken out: exit code %d, it said %s", code, stderr)
	}
	code, _, stderr = v.run(t, someOrigin, "secret", "remove-origin-key", "--others")
	if code != exitFailed || !strings.Contains(stderr, "nothing was changed: it is none of the secret's origin keys, of which there are 2\n") {
		t.Errorf("one that is not there: exit code %d, it said %s", code, stderr)
	}
	code, _, stderr = v.run(t, key, "secret", "remove-origin-key", "--others")
	if code != exitOK || string(read(t, v.value())["originKeys"]) != `["`+key+`"]` || strings.Contains(stderr, "warning") {
		t.Errorf("all others taken out: exit code %d, it said %s", code, stderr)
	}
	code, _, stderr = v.run(t, key, "secret", "remove-origin-key")
	if code != exitOK || string(read(t, v.value())["originKeys"]) != `[]` || !strings.Contains(stderr, "otpctl: warning: without an origin key") {
		t.Errorf("the last one taken out: exit code %d, it said %s", code, stderr)
	}
}

func TestChallengeSecret(t *testing.T) {
	v := newVault(complete)
	code, stdout, stderr := v.run(t, "canary-challenge\n", "secret", "set-challenge-secret")
	if code != exitOK || stdout != "" || strings.Contains(stderr, "canary") || string(read(t, v.value())["challengeSecret"]) != `"canary-challenge"` ||
		!strings.Contains(stderr, "every running function knows it from 2029-11-24T12:15:00Z on\n") {
		t.Errorf("exit code %d, %q, it said %s", code, stdout, stderr)
	}
	_, stdout, _ = v.run(t, "", "secret", "check")
	if !strings.Contains(strings.Join(strings.Fields(stdout), " "), "challenge has a secret") {
		t.Errorf("check says\n%s", stdout)
	}
	code, _, stderr = v.run(t, "canary-challenge", "secret", "set-challenge-secret")
	if code != exitOK || !strings.Contains(stderr, "nothing to change") {
		t.Errorf("the same again: exit code %d, it said %s", code, stderr)
	}
	was := v.value()
	for _, wrong := range []string{"", "canary two", "canaré"} {
		code, _, stderr = v.run(t, wrong, "secret", "set-challenge-secret")
		if code != exitFailed || !strings.Contains(stderr, "nothing was changed: ") || strings.Contains(stderr, "canar") || v.value() != was {
			t.Errorf("%q: exit code %d, it said %s", wrong, code, stderr)
		}
	}
}

func TestBadOriginKeys(t *testing.T) {
	for _, key := range []string{"", "canary-key", someOrigin + " two", strings.Repeat("é", 32)} {
		for _, args := range [][]string{{"add-origin-key", "-"}, {"remove-origin-key"}} {
			v := newVault(complete)
			code, _, stderr := v.run(t, key, append([]string{"secret"}, args...)...)
			if code != exitFailed || !strings.Contains(stderr, "otpctl: error: nothing was changed: an origin key ") || v.value() != complete || len(v.calls) != 1 {
				t.Errorf("%v of %q: exit code %d after %v, it said %s", args, key, code, v.calls, stderr)
			}
		}
	}
}

// changing are the commands that change a secret which is complete, each with its
// standard input.
var changing = map[string]string{"set": "canary-other", "rotate-phone-key": "", "add-origin-key": "", "remove-origin-key": someOrigin, "set-challenge-secret": "canary-challenge", "set-test-recipients": someTests}

var withOrigin = strings.TrimSuffix(complete, "}") + `,"originKeys":["` + someOrigin + `"]}`

// TestNobodysChangeIsLost: what somebody else puts between the read and the write stays,
// and the operator is told.
func TestNobodysChangeIsLost(t *testing.T) {
	others := strings.TrimSuffix(withOrigin, "}") + `,"others":true}`
	for _, moment := range []string{"PutSecretValue", "UpdateSecretVersionStage"} {
		for command, stdin := range changing {
			v := newVault(withOrigin)
			done := false
			v.before = func(operation string) {
				if operation == moment && !done {
					done = true
					v.put("others", others)
				}
			}
			code, stdout, stderr := v.run(t, stdin, "secret", command)
			if code != exitFailed || v.value() != others || stdout != "" ||
				!strings.Contains(stderr, "otpctl: error: somebody else changed the secret otp-secret meanwhile, and nothing was changed here\notpctl: hint: run it again\n") {
				t.Errorf("%s, another before %s: exit code %d after %v, it said %s", command, moment, code, v.calls, stderr)
			}
		}
	}
}

// TestLostAnswers: a change that took place is not called a failure, whichever answer was
// lost: the SDK repeats the call, and the repeat finds the label moved.
func TestLostAnswers(t *testing.T) {
	for _, lost := range []string{"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"} {
		for command, stdin := range changing {
			v := newVault(withOrigin)
			v.lose[lost] = true
			code, _, stderr := v.run(t, stdin, "secret", command)
			if code != exitOK || v.value() == withOrigin || v.lose[lost] {
				t.Errorf("%s, the answer to %s lost: exit code %d after %v, it said %s", command, lost, code, v.calls, stderr)
			}
		}
	}
}

// TestRefusedPut: a value that does not come into use shows no key and changes nothing.
func TestRefusedPut(t *testing.T) {
	for _, refused := range []string{"PutSecretValue", "UpdateSecretVersionStage"} {
		for command, stdin := range changing {
			v := newVault(withOrigin)
			v.refuse[refused] = "AccessDeniedException"
			code, stdout, stderr := v.run(t, stdin, "secret", command)
			if code != exitFailed || v.value() != withOrigin || stdout != "" ||
				!strings.Contains(stderr, "PutSecretValue and UpdateSecretVersionStage to change it") {
				t.Errorf("%s, %s refused: exit code %d after %v, %q, it said %s", command, refused, code, v.calls, stdout, stderr)
			}
		}
	}
}

// TestFirstValue: a secret as the stack makes it takes a first value.
func TestFirstValue(t *testing.T) {
	v := newVault("")
	code, _, stderr := v.run(t, "canary-key", "secret", "set")
	if code != exitOK || !strings.Contains(v.value(), `"canary-key"`) {
		t.Errorf("exit code %d after %v, it said %s", code, v.calls, stderr)
	}
	for command := range changing {
		if command == "set" {
			continue
		}
		v := newVault("")
		code, _, stderr := v.run(t, someOrigin, "secret", command)
		if code != exitFailed || len(v.values) != 0 || !strings.Contains(stderr, "has no value, or is not here") {
			t.Errorf("%s: exit code %d after %v, it said %s", command, code, v.calls, stderr)
		}
	}
}

// TestFilesOfKeysAreIgnored: what the documents have an operator write a key into, in the clone,
// no `git add -A` takes along.
func TestFilesOfKeysAreIgnored(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := os.ReadFile("../../.gitignore")
	if err != nil {
		t.Fatal(err)
	}
	written := regexp.MustCompile(`(?m)^ *\(umask 077;.*>(\S+)\)$`)
	found := 0
	for _, name := range documents {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range written.FindAllSubmatch(text, -1) {
			found++
			if !strings.Contains(string(ignored), "\n/"+string(match[1])+"\n") {
				t.Errorf("%s has a key written into %s, which git does not ignore", filepath.Base(name), match[1])
			}
		}
	}
	if found < 4 {
		t.Errorf("the documents have keys written into %d files, want 4 at least", found)
	}
}
