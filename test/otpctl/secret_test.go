package otpctl

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"testing"

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
	APIKey    string            `json:"infobipApiKey"`
	PhoneKeys map[string]string `json:"phoneKeys"`
	PhoneKey  string            `json:"phoneKey"`
}

func held(t *testing.T, endpoint, id string) value {
	t.Helper()
	out, err := harness.SecretsManager(endpoint).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		t.Fatalf("reading the secret: %v", err)
	}
	var v value
	err = json.Unmarshal([]byte(*out.SecretString), &v)
	if err != nil {
		t.Fatal(err)
	}
	return v
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

// A deployment whose secret otpctl made, from nothing to a verified number; then its
// state, which otpctl finds by that secret.
func TestSecretThatTheFunctionsRead(t *testing.T) {
	moto, dynamodb := harness.Moto(t), harness.DynamoDBLocal(t)
	id, table := emptySecret(t, moto), harness.Table(t, dynamodb)
	simulator := harness.StartSimulator(t)
	endpoints := []string{
		"AWS_ENDPOINT_URL_DYNAMODB=" + dynamodb, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + moto, "TABLE_NAME=" + table, "SECRET_ID=" + id,
	}
	o := newOperator(endpoints...)
	o.hides("the API key", harness.SimulatorKey)

	unset := o.run(t, "", "secret", "check")
	if unset.code != 1 {
		t.Errorf("check of a secret without a value: exit code %d, want 1", unset.code)
	}
	want(t, unset.stderr, "has no value, or is not here", "hint: otpctl secret set gives it one")
	if got := o.run(t, harness.SimulatorKey+"\n", "secret", "set"); got.code != 0 {
		t.Fatalf("set: exit code %d\n%s", got.code, got.stderr)
	} else {
		want(t, got.stderr, "has the API key, and a new key for phone numbers")
	}
	first := held(t, moto, id)
	o.hides("the phone key", first.PhoneKeys["1"])
	if got := o.run(t, "", "secret", "check"); got.code != 0 {
		t.Errorf("check: exit code %d\n%s", got.code, got.stderr)
	}

	functions := append([]string{
		"INFOBIP_BASE_URL=" + simulator.API, "INFOBIP_2FA_APP_ID=" + simulator.AppID, "INFOBIP_2FA_MSG_ID=" + simulator.MessageID,
	}, endpoints...)
	post := func(name string, body map[string]string) (int, string) {
		t.Helper()
		event := harness.Event(t, name)
		event.Body = string(harness.JSON(t, body))
		answer := harness.StartFunction(t, name, functions...).Invoke(t, harness.JSON(t, event))
		return answer.StatusCode, answer.Body
	}
	if status, body := post("send", map[string]string{"phoneNumber": phone}); status != http.StatusOK {
		t.Fatalf("send = %d %s, want 200", status, body)
	}
	message := simulator.Newest(t, phone)
	o.hides("the PIN", message.PIN)
	o.hides("the pinId", message.PINID)
	want(t, o.does(t, "show", "-").stdout, "in the secret "+id, "sends        1 in the window", "active")
	if status, body := post("verify", map[string]string{"phoneNumber": phone, "pin": message.PIN}); status != http.StatusOK {
		t.Fatalf("verify = %d %s, want 200", status, body)
	}
	want(t, o.does(t, "show", "-").stdout, "verified")

	// Another API key leaves the phone key, and with it the state, as it is.
	if got := o.run(t, "canary-second-key", "secret", "set"); got.code != 0 {
		t.Fatalf("set: exit code %d\n%s", got.code, got.stderr)
	} else {
		want(t, got.stderr, "has the new API key; the rest stays as it was")
	}
	second := held(t, moto, id)
	if second.APIKey != "canary-second-key" || second.PhoneKey != "1" || second.PhoneKeys["1"] != first.PhoneKeys["1"] || len(second.PhoneKeys) != 1 {
		t.Error("the phone key did not stay, or the API key did")
	}
	want(t, o.does(t, "show", "-").stdout, "verified")
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
