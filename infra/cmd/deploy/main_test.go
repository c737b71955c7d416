package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tests run the program itself: what an operator sees is what it prints, and its exit code.
func TestMain(m *testing.M) {
	if os.Getenv("BE_DEPLOY") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// checkout is a folder as a clone has it, with an npm and a cdk that only say what they were called
// with.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "bin", "npm"), "#!/bin/sh\necho npm \"$@\"\n", 0o700)
	write(t, filepath.Join(root, "infra", "node_modules", ".bin", "cdk"),
		"#!/bin/sh\necho cdk \"$@\" to $AWS_REGION, stage $STAGE\nexit ${CDK_EXIT:-0}\n", 0o700)
	return root
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err != nil {
		t.Fatal(err)
	}
	err = os.WriteFile(path, []byte(content), mode)
	if err != nil {
		t.Fatal(err)
	}
}

// deploy runs the program in a checkout, with an environment that holds nothing else.
func deploy(t *testing.T, root string, environment []string, arguments ...string) (string, int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = filepath.Join(root, "infra")
	command.Env = append([]string{
		"BE_DEPLOY=1", "HOME=" + root, "AWS_EC2_METADATA_DISABLED=true", "PATH=" + filepath.Join(root, "bin") + ":/usr/bin:/bin",
	}, environment...)
	output, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return string(output), command.ProcessState.ExitCode()
}

var complete = []string{
	"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=nothing", "AWS_REGION=eu-central-1",
	"INFOBIP_BASE_URL=abc123.api.infobip.com", "INFOBIP_2FA_APP_ID=APP1", "INFOBIP_2FA_MSG_ID=MSG1",
}

func without(name string) []string {
	var rest []string
	for _, variable := range complete {
		if !strings.HasPrefix(variable, name+"=") {
			rest = append(rest, variable)
		}
	}
	return rest
}

func TestMissingIsOneSentence(t *testing.T) {
	for _, test := range []struct {
		name        string
		environment []string
		want        []string
	}{
		{"everything", nil, []string{"AWS credentials (set AWS_PROFILE", "an AWS region (set AWS_REGION)", "INFOBIP_BASE_URL, INFOBIP_2FA_APP_ID, INFOBIP_2FA_MSG_ID"}},
		{"credentials", complete[2:], []string{"AWS credentials (set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"}},
		{"half the credentials", without("AWS_SECRET_ACCESS_KEY"), []string{"missing: AWS_SECRET_ACCESS_KEY, to go with AWS_ACCESS_KEY_ID"}},
		{"the other half", without("AWS_ACCESS_KEY_ID"), []string{"missing: AWS_ACCESS_KEY_ID, to go with AWS_SECRET_ACCESS_KEY"}},
		{"region", without("AWS_REGION"), []string{"missing: an AWS region (set AWS_REGION)"}},
		{"address", without("INFOBIP_BASE_URL"), []string{"missing: INFOBIP_BASE_URL (as"}},
		{"what there is to decide", append([]string{"STAGE=staging"}, complete...), []string{"missing: ALLOWED_REGIONS, SPEND_LIMIT, PROOF_AUDIENCE (README says what there is to decide)"}},
		{"ids", complete[:4], []string{"missing: INFOBIP_2FA_APP_ID, INFOBIP_2FA_MSG_ID (as"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, code := deploy(t, checkout(t), test.environment)
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if strings.Count(output, "\n") != 1 || !strings.HasPrefix(output, "nothing was deployed, because this is missing: ") {
				t.Errorf("want one sentence, got:\n%s", output)
			}
			for _, want := range test.want {
				if !strings.Contains(output, want) {
					t.Errorf("the sentence lacks %q:\n%s", want, output)
				}
			}
		})
	}
}

// identity answers as STS does; allow false: as it answers to credentials that expired.
func identity(t *testing.T, allow bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if !allow {
			w.WriteHeader(http.StatusForbidden)
			answer(t, w, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>`)
			return
		}
		answer(t, w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	t.Cleanup(server.Close)
	return "AWS_ENDPOINT_URL_STS=" + server.URL
}

func answer(t *testing.T, w http.ResponseWriter, text string) {
	t.Helper()
	_, err := fmt.Fprint(w, text)
	if err != nil {
		t.Error(err)
	}
}

func TestDeploys(t *testing.T) {
	root := checkout(t)
	write(t, filepath.Join(root, "deploy.env"), "STAGE=staging\nINFOBIP_2FA_APP_ID=OTHER\nALLOWED_REGIONS=AT\nSPEND_LIMIT=50/1d\nPROOF_AUDIENCE=accounts.example.com\n", 0o600)
	output, code := deploy(t, root, append(complete, identity(t, true)), "--require-approval", "never")
	want := "deploying the staging stage to account 123456789012 in eu-central-1\n" +
		"npm ci --no-audit --no-fund\n" +
		"cdk deploy --require-approval never to eu-central-1, stage staging\n"
	if output != want || code != 0 {
		t.Errorf("exit code %d and\n%s\nwant 0 and\n%s", code, output, want)
	}
}

func TestTheCDKsExitCodeIsOurs(t *testing.T) {
	output, code := deploy(t, checkout(t), append(complete, identity(t, true), "CDK_EXIT=3"))
	if code != 3 {
		t.Errorf("exit code %d, want the CDK's 3:\n%s", code, output)
	}
}

func TestRefusedCredentials(t *testing.T) {
	output, code := deploy(t, checkout(t), append(complete, identity(t, false)))
	if code != 1 || !strings.Contains(output, "nothing was deployed, because AWS does not take the credentials") || !strings.Contains(output, "expired") {
		t.Errorf("exit code %d and\n%s\nwant 1 and that the credentials expired", code, output)
	}
	if strings.Contains(output, "npm") {
		t.Errorf("something was installed:\n%s", output)
	}
}

func TestWrongSettings(t *testing.T) {
	output, code := deploy(t, checkout(t), append(complete, identity(t, true), "PIN_ATTEMPTS=11"))
	if code != 1 || !strings.Contains(output, "PIN_ATTEMPTS must be a whole number from 1 to 10") {
		t.Errorf("exit code %d and\n%s\nwant 1 and a sentence on PIN_ATTEMPTS", code, output)
	}
}

// What is wrong is told at once, whichever part of the settings has it.
func TestAllWrongSettings(t *testing.T) {
	output, code := deploy(t, checkout(t), append(complete, "PIN_ATTEMPTS=11", "THROTTLE_SEND=fast", "CORS_ORIGINS=http://a.example"))
	for _, name := range []string{"PIN_ATTEMPTS", "THROTTLE_SEND", "CORS_ORIGINS"} {
		if strings.Count(output, name+" must be ") != 1 {
			t.Errorf("%s is not named once in:\n%s", name, output)
		}
	}
	if code != 1 || strings.Contains(output, "npm") {
		t.Errorf("exit code %d, want 1, and nothing installed:\n%s", code, output)
	}
}

func TestNoNode(t *testing.T) {
	root := checkout(t)
	err := os.Remove(filepath.Join(root, "bin", "npm"))
	if err != nil {
		t.Fatal(err)
	}
	output, code := deploy(t, root, append(complete, identity(t, true), "PATH=/nowhere"))
	if code != 1 || !strings.Contains(output, "npm is missing: install Node.js") {
		t.Errorf("exit code %d and\n%s\nwant 1 and that npm is missing", code, output)
	}
}
