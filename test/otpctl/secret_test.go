package otpctl

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// emptySecret is a secret as the stack makes it: without a value.
func emptySecret(t *testing.T, endpoint string) string {
	t.Helper()
	id := "otp-" + rand.Text()
	_, err := harness.SecretsManager(endpoint).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &id})
	if err != nil {
		t.Fatalf("creating a secret: %v", err)
	}
	return id
}

// value is the secret as it is kept.
type value struct {
	APIKey       string            `json:"infobipApiKey"`
	PhoneKeys    map[string]string `json:"phoneKeys"`
	PhoneKey     string            `json:"phoneKey"`
	PhoneKeyFrom string            `json:"phoneKeyFrom,omitempty"`
	OriginKeys   []string          `json:"originKeys,omitempty"`
}

// current is the label of the value in use. Without it moto returns the value that was put
// first, and puts the next one beside it under the same label.
var current = "AWSCURRENT"

func fetch(t *testing.T, endpoint, id string) *secretsmanager.GetSecretValueOutput {
	t.Helper()
	out, err := harness.SecretsManager(endpoint).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id, VersionStage: &current})
	if err != nil {
		t.Fatalf("reading the secret: %v", err)
	}
	return out
}

func held(t *testing.T, endpoint, id string) value {
	t.Helper()
	var v value
	err := json.Unmarshal([]byte(*fetch(t, endpoint, id).SecretString), &v)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// replace puts a value as somebody else would, without otpctl.
func replace(t *testing.T, endpoint, id string, v value) {
	t.Helper()
	was, text := fetch(t, endpoint, id), string(harness.JSON(t, v))
	client := harness.SecretsManager(endpoint)
	put, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &text, VersionStages: []string{"test"}})
	if err != nil {
		t.Fatalf("putting the secret: %v", err)
	}
	_, err = client.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &id, VersionStage: &current, MoveToVersionId: put.VersionId, RemoveFromVersionId: was.VersionId,
	})
	if err != nil {
		t.Fatalf("putting the secret: %v", err)
	}
}

func versions(t *testing.T, endpoint, id string) int {
	t.Helper()
	all := true
	out, err := harness.SecretsManager(endpoint).ListSecretVersionIds(t.Context(),
		&secretsmanager.ListSecretVersionIdsInput{SecretId: &id, IncludeDeprecated: &all})
	if err != nil {
		t.Fatalf("listing the secret's versions: %v", err)
	}
	return len(out.Versions)
}

// deployment is functions on a table and a secret, and somebody beside them.
type deployment struct {
	moto, secret string
	simulator    *harness.Simulator
	environment  []string
	operator     *operator
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	moto, dynamodb := harness.Moto(t), harness.DynamoDBLocal(t)
	d := &deployment{moto: moto, secret: emptySecret(t, moto), simulator: harness.StartSimulator(t)}
	endpoints := []string{
		"AWS_ENDPOINT_URL_DYNAMODB=" + dynamodb, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + moto,
		"TABLE_NAME=" + harness.Table(t, dynamodb), "SECRET_ID=" + d.secret,
	}
	d.environment = append([]string{
		"INFOBIP_BASE_URL=" + d.simulator.API, "INFOBIP_2FA_APP_ID=" + d.simulator.AppID, "INFOBIP_2FA_MSG_ID=" + d.simulator.MessageID,
	}, endpoints...)
	d.operator = newOperator(endpoints...)
	d.operator.hides("the API key", harness.SimulatorKey)
	return d
}

// does runs a command about the secret that has to succeed.
func (d *deployment) does(t *testing.T, stdin string, args ...string) printed {
	t.Helper()
	got := d.operator.run(t, stdin, append([]string{"secret"}, args...)...)
	if got.code != 0 {
		t.Fatalf("otpctl secret %s: exit code %d\n%s", args[0], got.code, got.stderr)
	}
	return got
}

// post has a function that has just started answer.
func (d *deployment) post(t *testing.T, name string, body map[string]string, status int) string {
	t.Helper()
	event := harness.Event(t, name)
	event.Body = string(harness.JSON(t, body))
	answer := harness.StartFunction(t, name, d.environment...).Invoke(t, harness.JSON(t, event))
	if answer.StatusCode != status {
		t.Fatalf("%s = %d %s, want %d", name, answer.StatusCode, answer.Body, status)
	}
	return answer.Body
}

// send has a code sent, and returns its PIN.
func (d *deployment) send(t *testing.T, to string) string {
	t.Helper()
	d.post(t, "send", map[string]string{"phoneNumber": to}, http.StatusOK)
	message := d.simulator.Newest(t, to)
	d.operator.hides("the PIN", message.PIN)
	d.operator.hides("the pinId", message.PINID)
	return message.PIN
}

// A deployment whose secret otpctl made, from nothing to a verified number; then its
// state, which otpctl finds by that secret.
func TestSecretThatTheFunctionsRead(t *testing.T) {
	d := newDeployment(t)
	o := d.operator
	unset := o.run(t, "", "secret", "check")
	if unset.code != 1 {
		t.Errorf("check of a secret without a value: exit code %d, want 1", unset.code)
	}
	want(t, unset.stderr, "has no value, or is not here", "hint: otpctl secret set gives it one")
	want(t, d.does(t, harness.SimulatorKey+"\n", "set").stderr, "has the API key, and a new key for phone numbers")
	first := held(t, d.moto, d.secret)
	o.hides("the phone key", first.PhoneKeys["1"])
	want(t, d.does(t, "", "check").stdout, "in use           1\n", "origin keys      0\n")

	pin := d.send(t, phone)
	want(t, o.does(t, "show", "-").stdout, "version 1 in the secret "+d.secret, "sends        1 in the window", "active")
	d.post(t, "verify", map[string]string{"phoneNumber": phone, "pin": pin}, http.StatusOK)
	want(t, o.does(t, "show", "-").stdout, "verified")

	// Another API key leaves the phone key, and with it the state, as it is.
	want(t, d.does(t, "canary-second-key", "set").stderr, "has the new API key; the rest stays as it was")
	second := held(t, d.moto, d.secret)
	if second.APIKey != "canary-second-key" || second.PhoneKey != "1" || second.PhoneKeys["1"] != first.PhoneKeys["1"] || len(second.PhoneKeys) != 1 {
		t.Error("the phone key did not stay, or the API key did")
	}
	want(t, o.does(t, "show", "-").stdout, "verified")
}

// A change of phone key under way loses no code: one that was sent before it is verified
// after it, and what begins after it is kept under the new key.
func TestPhoneKeyIsChanged(t *testing.T) {
	const other = "+447400123457"
	d := newDeployment(t)
	o := d.operator
	d.does(t, harness.SimulatorKey, "set")
	pin := d.send(t, phone)

	want(t, d.does(t, "", "rotate-phone-key").stderr, "has phone key 2, which comes into use 20", "(in 1h00m)", "leave 1 where it is")
	pending := held(t, d.moto, d.secret)
	o.hides("the old phone key", pending.PhoneKeys["1"])
	o.hides("the new phone key", pending.PhoneKeys["2"])
	want(t, d.does(t, "", "check").stdout, "phone keys       1, 2\n", "in use           1, and 2 from "+pending.PhoneKeyFrom)
	var report map[string]any
	if shown := d.does(t, "", "check", "--json").stdout; json.Unmarshal([]byte(shown), &report) != nil || report["secret"] != d.secret || report["phoneKeyInUse"] != "1" ||
		report["phoneKeyNext"] != "2" || report["phoneKeyFrom"] != pending.PhoneKeyFrom || report["originKeys"] != 0.0 || report["challengeSecret"] != false {
		t.Errorf("the report is %s", shown)
	}
	if again := o.run(t, "", "secret", "rotate-phone-key"); again.code != 1 || held(t, d.moto, d.secret).PhoneKeyFrom != pending.PhoneKeyFrom {
		t.Errorf("a second change at once: exit code %d, want 1\n%s", again.code, again.stderr)
	}
	want(t, o.does(t, "show", "-").stdout, "version 1 in the secret "+d.secret, "active")

	// An hour goes by.
	pending.PhoneKeyFrom = time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	replace(t, d.moto, d.secret, pending)
	want(t, d.does(t, "", "check").stdout, "in use           2 since "+pending.PhoneKeyFrom)
	d.post(t, "send", map[string]string{"phoneNumber": phone}, http.StatusTooManyRequests) // the cooldown goes on
	d.post(t, "verify", map[string]string{"phoneNumber": phone, "pin": pin}, http.StatusOK)
	want(t, o.does(t, "show", "-").stdout, "version 1 in the secret "+d.secret, "verified")

	pin = d.send(t, other)
	shown := o.run(t, other, "number", "show", "-")
	want(t, shown.stdout, "version 2 in the secret "+d.secret, "active")
	d.post(t, "verify", map[string]string{"phoneNumber": other, "pin": pin}, http.StatusOK)
}

// Origin keys come and go, and nothing else of the secret does.
func TestOriginKeys(t *testing.T) {
	d := newDeployment(t)
	d.does(t, "canary-api-key", "set")
	before := held(t, d.moto, d.secret)
	made := strings.TrimSpace(d.does(t, "", "add-origin-key").stdout)
	d.operator.hides("the origin key that was made", made)
	const given = "canary-origin-key-of-some-backend-of-ours"
	d.operator.hides("the origin key that was given", given)
	want(t, d.does(t, given, "add-origin-key", "-").stderr, "has one origin key more; let it be sent from 20")
	want(t, d.does(t, "", "check").stdout, "origin keys      2\n")
	after := before
	after.OriginKeys = []string{made, given}
	if got := held(t, d.moto, d.secret); !reflect.DeepEqual(got, after) {
		t.Errorf("after two were added there are %d, and the rest is as before: %v", len(got.OriginKeys), got.PhoneKeys["1"] == before.PhoneKeys["1"])
	}
	put := versions(t, d.moto, d.secret)
	for _, bad := range []string{"", "short", "canary-origin-key-that-was-never-added"} {
		if got := d.operator.run(t, bad, "secret", "remove-origin-key"); got.code != 1 || versions(t, d.moto, d.secret) != put {
			t.Errorf("a key that is not there: exit code %d, want 1, and nothing put\n%s", got.code, got.stderr)
		}
	}
	want(t, d.does(t, given, "remove-origin-key", "--others").stderr, "has 1 origin key;")
	after.OriginKeys = []string{given}
	if got := held(t, d.moto, d.secret); !reflect.DeepEqual(got, after) {
		t.Errorf("after the others were taken out there are %d, want the one that was given", len(got.OriginKeys))
	}
}

// Of several who add a key at once none takes another's away: who comes too late is told.
func TestOriginKeysInParallel(t *testing.T) {
	d := newDeployment(t)
	d.does(t, "canary-api-key", "set")
	const operators = 4
	program, dir := harness.Program(t, "otpctl"), t.TempDir()
	results, errs := make([]printed, operators), make([]error, operators)
	var group sync.WaitGroup
	for i := range operators {
		group.Go(func() {
			results[i], errs[i] = d.operator.try(t.Context(), program, dir, "", "secret", "add-origin-key")
		})
	}
	group.Wait()
	var added []string
	for i, got := range results {
		switch {
		case errs[i] != nil:
			t.Fatal(errs[i])
		case got.code == 0:
			added = append(added, strings.TrimSpace(got.stdout))
		default:
			want(t, got.stderr, "somebody else changed the secret", "run it again")
		}
	}
	kept := held(t, d.moto, d.secret).OriginKeys
	slices.Sort(added)
	slices.Sort(kept)
	if !slices.Equal(added, kept) || len(added) == 0 {
		t.Errorf("of %d operators %d were told that they added a key, and %d are there", operators, len(added), len(kept))
	}
}

func TestSecretIsLeftAlone(t *testing.T) {
	moto := harness.Moto(t)
	const unreadable = `{"infobipApiKey":"canary-old-key","phoneKeys":{"1":"canary-phone-key"},"phoneKey":"1"}`
	id := harness.Secret(t, moto, unreadable)
	o := newOperator("AWS_ENDPOINT_URL="+moto, "SECRET_ID="+id)
	for what, canary := range map[string]string{"the old key": "canary-old-key", "the phone key": "canary-phone-key", "the new key": "canary-new-key"} {
		o.hides(what, canary)
	}

	for _, command := range []string{"set", "check"} {
		got := o.run(t, "canary-new-key", "secret", command)
		if got.code != 1 {
			t.Errorf("%s: exit code %d, want 1\n%s", command, got.code, got.stderr)
		}
		want(t, got.stderr, "the secret's phone key in use is not base64")
	}
	if got := held(t, moto, id); got.APIKey != "canary-old-key" || versions(t, moto, id) != 1 {
		t.Fatal("a secret that cannot be read was overwritten")
	}
	for _, bad := range []string{"", "two words", "schlüssel"} {
		got := o.run(t, bad, "secret", "set", "--replace")
		if got.code != 1 || versions(t, moto, id) != 1 {
			t.Errorf("a bad key: exit code %d, want 1, and nothing put\n%s", got.code, got.stderr)
		}
	}

	got := o.run(t, "canary-new-key\r\n", "secret", "set", "--replace")
	if got.code != 0 {
		t.Fatalf("set --replace: exit code %d\n%s", got.code, got.stderr)
	}
	want(t, got.stderr, "warning: the secret "+id+" could not be read", "has the API key, and a new key for phone numbers")
	if replaced := held(t, moto, id); replaced.APIKey != "canary-new-key" || replaced.PhoneKeys["1"] == "canary-phone-key" {
		t.Error("the secret was not replaced")
	}
	if got := o.run(t, "", "secret", "check"); got.code != 0 {
		t.Errorf("check: exit code %d\n%s", got.code, got.stderr)
	}
	// --replace is for what cannot be read: what can keeps its phone key.
	before := held(t, moto, id)
	if got := o.run(t, "canary-third-key", "secret", "set", "--replace"); got.code != 0 || held(t, moto, id).PhoneKeys["1"] != before.PhoneKeys["1"] {
		t.Errorf("set --replace of a readable secret: exit code %d, and its phone key must stay", got.code)
	}
	put := versions(t, moto, id)
	got = o.run(t, "canary-third-key", "secret", "set")
	if got.code != 0 || versions(t, moto, id) != put {
		t.Errorf("the same key again: exit code %d, %d versions, want %d", got.code, versions(t, moto, id), put)
	}
	want(t, got.stderr, "nothing to change")
}

func TestSecretThatIsNotThere(t *testing.T) {
	o := newOperator("AWS_ENDPOINT_URL="+harness.Moto(t), "SECRET_ID=otp-nowhere")
	o.hides("the key", "canary-new-key")
	got := o.run(t, "canary-new-key", "secret", "set")
	if got.code != 1 {
		t.Errorf("exit code %d, want 1", got.code)
	}
	want(t, got.stderr, "error: there is no secret otp-nowhere here", "hint: look at SECRET_ID or --secret")
}
