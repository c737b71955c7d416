package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
)

// roleProfile is an AWS configuration whose profile assumes a role with a second factor,
// at an STS that takes one code.
func roleProfile(t *testing.T) {
	t.Helper()
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if r.FormValue("Action") != "AssumeRole" || r.FormValue("TokenCode") != "246810" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed</Message></Error></ErrorResponse>`)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>assumed</AccessKeyId>`+
			`<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>%s</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(sts.Close)
	file := filepath.Join(t.TempDir(), "config")
	err := os.WriteFile(file, []byte(`[profile base]
aws_access_key_id = base
aws_secret_access_key = secret
[profile on-call]
region = eu-central-1
role_arn = arn:aws:iam::111122223333:role/on-call
source_profile = base
mfa_serial = arn:aws:iam::111122223333:mfa/someone
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": file, "AWS_PROFILE": "on-call", "AWS_ENDPOINT_URL_STS": sts.URL,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
	} {
		t.Setenv(name, value)
	}
}

func TestSecondFactorIsAskedFor(t *testing.T) {
	roleProfile(t)
	for code, want := range map[string]string{"246810": "assumed", "000000": ""} {
		got := ""
		said, err := asked(t, code, func(ui *tui) error {
			client, err := (&target{ui: ui, getenv: os.Getenv}).dynamoDB(t.Context(), app.Config{})
			if err != nil {
				return err
			}
			found, err := client.Options().Credentials.Retrieve(t.Context()) // at hand: asked once
			got = found.AccessKeyID
			return err
		})
		if got != want || (err == nil) != (want != "") || strings.Count(said, "code of the profile's MFA device: ") != 1 {
			t.Errorf("code %s: access key %q, %v, it said %q", code, got, err, said)
		}
	}
}

func TestSecondFactorWithNobodyToAsk(t *testing.T) {
	roleProfile(t)
	code, _, stderr := runWith(t, map[string]string{"AWS_PROFILE": "on-call", "SECRET_ID": "otp"}, "", "secret", "check")
	if code != exitFailed || !strings.Contains(stderr, "otpctl: error: no AWS credentials: the profile needs a code of its MFA device, and nobody can be asked here\n") {
		t.Errorf("exit code %d, it said %s", code, stderr)
	}
}
