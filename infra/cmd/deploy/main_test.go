package main

import (
	"crypto/sha1" //nolint:gosec // AWS names files by it
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
		"#!/bin/sh\necho cdk \"$@\" to $AWS_REGION, stage $STAGE, in ${PWD##*/}\nexit ${CDK_EXIT:-0}\n", 0o700)
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

// runs runs the program in a checkout, with an environment that holds nothing else.
func runs(t *testing.T, root string, environment []string, arguments ...string) (string, int) {
	t.Helper()
	return answers(t, root, "", environment, arguments...)
}

// answers runs it with something on standard input.
func answers(t *testing.T, root, stdin string, environment []string, arguments ...string) (string, int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = filepath.Join(root, "infra")
	command.Stdin = strings.NewReader(stdin)
	command.Env = append([]string{
		"BE_DEPLOY=1", "HOME=" + root, "AWS_EC2_METADATA_DISABLED=true", "PATH=" + filepath.Join(root, "bin") + ":/usr/bin:/bin",
	}, environment...)
	output, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return string(output), command.ProcessState.ExitCode()
}

// want checks that a text has all of these.
func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks %q:\n%s", part, text)
		}
	}
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
		{"everything", nil, []string{"AWS credentials (set AWS_PROFILE", "an AWS region (set AWS_REGION)", "INFOBIP_BASE_URL, INFOBIP_2FA_APP_ID, INFOBIP_2FA_MSG_ID (as `otpctl provision` prints them; instead of INFOBIP_2FA_MSG_ID, INFOBIP_2FA_MESSAGES may have sms/*)"}},
		{"credentials", complete[2:], []string{"AWS credentials (set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"}},
		{"half the credentials", without("AWS_SECRET_ACCESS_KEY"), []string{"missing: AWS_SECRET_ACCESS_KEY, to go with AWS_ACCESS_KEY_ID"}},
		{"the other half", without("AWS_ACCESS_KEY_ID"), []string{"missing: AWS_ACCESS_KEY_ID, to go with AWS_SECRET_ACCESS_KEY"}},
		{"region", without("AWS_REGION"), []string{"missing: an AWS region (set AWS_REGION)"}},
		{"form of the region", append(without("AWS_REGION"), "AWS_REGION=Frankfurt"), []string{`missing: an AWS region such as eu-central-1, which "Frankfurt" is not (set AWS_REGION)`}},
		{"address", without("INFOBIP_BASE_URL"), []string{"missing: INFOBIP_BASE_URL (as"}},
		{"what there is to decide", append([]string{"STAGE=staging"}, complete...), []string{"missing: ALLOWED_REGIONS, SPEND_LIMIT, PROOF_AUDIENCE (README says what there is to decide)"}},
		{"ids", complete[:4], []string{"missing: INFOBIP_2FA_APP_ID, INFOBIP_2FA_MSG_ID (as"}},
		{"a message of each channel", append([]string{"CHANNELS=sms,voice"}, without("INFOBIP_2FA_MSG_ID")...), []string{"missing: INFOBIP_2FA_MSG_ID (as `otpctl provision` prints them; instead of INFOBIP_2FA_MSG_ID, INFOBIP_2FA_MESSAGES may have sms/* and voice/*)"}},
		{"the address of e-mails alone", append([]string{"CHANNELS=email", "INFOBIP_2FA_MESSAGES=email/*=MSG2"}, complete[:3]...), []string{"missing: INFOBIP_BASE_URL, INFOBIP_2FA_APP_ID (as `otpctl provision` prints them)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, code := runs(t, checkout(t), append(slices.Clone(test.environment), ready().start(t)), "deploy")
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if strings.Count(output, "\n") != 2 || !strings.HasPrefix(output, "nothing was deployed:\n- this is missing: ") {
				t.Errorf("want one sentence, got:\n%s", output)
			}
			want(t, output, test.want...)
		})
	}
}

// A single sign-on that is over is told from credentials that are not there.
func TestSignInThatIsOver(t *testing.T) {
	root := checkout(t)
	const start = "https://example.awsapps.com/start"
	write(t, filepath.Join(root, ".aws", "config"), "[profile work]\nsso_start_url = "+start+
		"\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = Deployer\nregion = eu-central-1\n", 0o600)
	sum := sha1.Sum([]byte(start)) //nolint:gosec // the name of a file, as AWS makes it
	write(t, filepath.Join(root, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json"),
		`{"startUrl":"`+start+`","region":"eu-central-1","accessToken":"nothing","expiresAt":"2020-01-01T00:00:00Z"}`, 0o600)
	output, code := runs(t, root, append(slices.Clone(complete[3:]), "AWS_PROFILE=work"), "deploy")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	want(t, output, "- this is missing: a sign-in that is not over (`aws sso login --profile work`)\n")
}

// So it is with a session that profiles share, as `aws configure sso` makes it.
func TestSessionThatIsOver(t *testing.T) {
	for name, cached := range map[string]string{
		"over":     `{"accessToken":"nothing","expiresAt":"2020-01-01T00:00:00Z"}`,
		"never in": "",
	} {
		root := checkout(t)
		write(t, filepath.Join(root, ".aws", "config"), "[profile work]\nsso_session = us\nsso_account_id = 123456789012\nsso_role_name = Deployer\nregion = eu-central-1\n"+
			"[profile deployer]\nrole_arn = arn:aws:iam::123456789012:role/Deployer\nsource_profile = work\nregion = eu-central-1\n"+
			"[sso-session us]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-central-1\n", 0o600)
		if cached != "" {
			sum := sha1.Sum([]byte("us")) //nolint:gosec // the name of a file, as AWS makes it
			write(t, filepath.Join(root, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json"), cached, 0o600)
		}
		for _, profile := range []string{"work", "deployer"} {
			output, code := runs(t, root, append(slices.Clone(complete[3:]), "AWS_PROFILE="+profile), "deploy")
			if code != 1 {
				t.Errorf("%s, %s: exit code %d, want 1", name, profile, code)
			}
			want(t, output, "- this is missing: a sign-in that is not over (`aws sso login --profile "+profile+"`)\n")
		}
	}
}

func TestDeploys(t *testing.T) {
	root := checkout(t)
	write(t, filepath.Join(root, "deploy.env"), "STAGE=staging\nINFOBIP_2FA_APP_ID=OTHER\nALLOWED_REGIONS=AT\nSPEND_LIMIT=50/1d\nPROOF_AUDIENCE=accounts.example.com\n", 0o600)
	output, code := runs(t, root, append(complete, ready().start(t)), "deploy", "--require-approval", "never")
	want := "deploying the staging stage to account 123456789012 in eu-central-1\n" +
		"npm ci --no-audit --no-fund\n" +
		"cdk deploy --require-approval never to eu-central-1, stage staging, in infra\n"
	if output != want || code != 0 {
		t.Errorf("exit code %d and\n%s\nwant 0 and\n%s", code, output, want)
	}
	remembered, err := os.ReadFile(filepath.Join(root, ".deploy", "staging.json"))
	if err != nil || string(remembered) != `{"account":"123456789012","region":"eu-central-1"}`+"\n" {
		t.Errorf("remembered is %s (%v)", remembered, err)
	}
}

// Who offers e-mail alone has no template for texts and calls.
func TestDeploysEmailAlone(t *testing.T) {
	environment := append(without("INFOBIP_2FA_MSG_ID"), "CHANNELS=email", ready().start(t))
	output, code := runs(t, checkout(t), append(environment, "INFOBIP_2FA_MESSAGES=email/*=MSG2"), "deploy")
	if code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, output)
	}
	output, code = runs(t, checkout(t), environment, "deploy")
	if code != 1 || strings.Count(output, "\n") != 2 {
		t.Errorf("exit code %d, want 1 and one sentence:\n%s", code, output)
	}
	want(t, output, "- INFOBIP_2FA_MESSAGES must have email/*: CHANNELS offers email, and there is no message for it")
}

func TestTheCDKsExitCodeIsOurs(t *testing.T) {
	root := checkout(t)
	output, code := runs(t, root, append(complete, ready().start(t), "CDK_EXIT=3"), "deploy")
	if code != 3 {
		t.Errorf("exit code %d, want the CDK's 3:\n%s", code, output)
	}
	_, err := os.Stat(filepath.Join(root, ".deploy"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a deployment that failed is remembered (%v)", err)
	}
}

// What the CDK would be told of another account was looked at in none.
func TestTheCDKIsToldOfNoOtherAccount(t *testing.T) {
	for _, arguments := range [][]string{{"--profile", "other"}, {"--profile=other"}, {"--require-approval", "never", "--profile=other"}} {
		for _, command := range []string{"deploy", "bootstrap"} {
			output, code := runs(t, checkout(t), append(complete, ready().start(t)), append([]string{command}, arguments...)...)
			if code != 1 || strings.Contains(output, "cdk") || strings.Contains(output, "npm") {
				t.Errorf("%s %v: exit code %d, want 1 and nothing begun:\n%s", command, arguments, code, output)
			}
			want(t, output, "ARGS has --profile, which only the CDK would follow: set AWS_PROFILE\n")
		}
	}
}

func TestTheCDKCannotBeInstalled(t *testing.T) {
	for command, refusal := range map[string]string{"deploy": "nothing was deployed", "bootstrap": "nothing was prepared"} {
		root := checkout(t)
		write(t, filepath.Join(root, "bin", "npm"), "#!/bin/sh\nexit 7\n", 0o700)
		output, code := runs(t, root, append(complete, ready().start(t)), command)
		if code != 1 || strings.Contains(output, "cdk deploy") {
			t.Errorf("%s: exit code %d, want 1:\n%s", command, code, output)
		}
		want(t, output, refusal+", because npm could not install the CDK's command line (exit status 7)\n")
	}
}

// TestTheFormOfTheStage: a command that reads no other setting refuses in its own words too.
func TestTheFormOfTheStage(t *testing.T) {
	for command, refusal := range map[string]string{"deploy": "nothing was deployed", "bootstrap": "nothing was prepared", "rollback": "nothing was rolled back", "destroy": "nothing was destroyed"} {
		output, code := runs(t, checkout(t), append(complete, ready().start(t), "STAGE=Production"), command)
		if code != 1 || !strings.HasPrefix(output, refusal+":") {
			t.Errorf("%s: exit code %d and\n%s\nwant 1 and %q", command, code, output, refusal)
		}
		want(t, output, "STAGE must be up to 20 lower-case letters")
	}
}

func TestRefusedCredentials(t *testing.T) {
	for code, want := range map[string]string{
		"ExpiredToken":          "they have expired; sign in again\n    aws sso login\n",
		"InvalidClientTokenId":  "the access key is not known in eu-central-1",
		"SignatureDoesNotMatch": "the secret key does not go with the access key, or this machine's clock is wrong",
		"AccessDenied":          "AccessDenied: no words",
	} {
		a := ready()
		a.refuses = code
		output, exit := runs(t, checkout(t), append(complete, a.start(t)), "deploy")
		if exit != 1 || !strings.Contains(output, "nothing was deployed:\n- AWS does not take the credentials: "+want) {
			t.Errorf("%s: exit code %d and\n%s\nwant 1 and %q", code, exit, output, want)
		}
		if strings.Contains(output, "npm") {
			t.Errorf("something was installed:\n%s", output)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	output, code := runs(t, checkout(t), append(complete, "AWS_ENDPOINT_URL="+server.URL, "AWS_MAX_ATTEMPTS=1"), "deploy")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	want(t, output, "- AWS cannot be reached: is there a region eu-central-1, and a way to it? (")
}

// What needs no credentials is looked at without them.
func TestThePinsFormWithoutCredentials(t *testing.T) {
	for _, command := range []string{"deploy", "bootstrap", "rollback", "destroy"} {
		output, code := runs(t, checkout(t), []string{"DEPLOY_ACCOUNT=12"}, command)
		want(t, output, "this is missing: AWS credentials", "- DEPLOY_ACCOUNT must be the twelve digits of an AWS account\n")
		if code != 1 || strings.Count(output, "twelve digits") != 1 {
			t.Errorf("%s: exit code %d, want 1 and one sentence:\n%s", command, code, output)
		}
	}
}

// What is wrong is told at once, whichever part of the settings or of the account has it.
func TestAllAtOnce(t *testing.T) {
	a := ready()
	a.bootstrap, a.status, a.protected = "", "ROLLBACK_COMPLETE", true
	output, code := runs(t, checkout(t), append(without("INFOBIP_2FA_APP_ID"), "PIN_ATTEMPTS=11", "THROTTLE_SEND=fast", "CORS_ORIGINS=http://a.example", a.start(t)), "deploy")
	want(t, output, "- this is missing: INFOBIP_2FA_APP_ID (as", "PIN_ATTEMPTS must be a whole number from 1 to 10", "is not prepared for the CDK", "the first deployment of the stack")
	for _, name := range []string{"PIN_ATTEMPTS", "THROTTLE_SEND", "CORS_ORIGINS"} {
		if strings.Count(output, "- "+name+" must be ") != 1 {
			t.Errorf("%s is not named once in:\n%s", name, output)
		}
	}
	if code != 1 || strings.Contains(output, "npm") || strings.Contains(output, "INFOBIP_2FA_APP_ID must be") {
		t.Errorf("exit code %d, want 1, nothing installed, and nothing told twice:\n%s", code, output)
	}
}

func TestNoNode(t *testing.T) {
	for _, command := range []string{"deploy", "bootstrap"} {
		root := checkout(t)
		err := os.Remove(filepath.Join(root, "bin", "npm"))
		if err != nil {
			t.Fatal(err)
		}
		output, code := runs(t, root, append(complete, ready().start(t), "PATH=/nowhere"), command)
		if code != 1 || !strings.Contains(output, "npm is missing: install Node.js") {
			t.Errorf("%s: exit code %d and\n%s\nwant 1 and that npm is missing", command, code, output)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{nil, {"undo"}} {
		output, code := runs(t, checkout(t), complete, arguments...)
		if code != 1 || output != "say what to do: deploy, bootstrap, rollback or destroy\n" {
			t.Errorf("%v: exit code %d and\n%s", arguments, code, output)
		}
	}
}
