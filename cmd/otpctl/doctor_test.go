package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
)

// docs/deploy.md explains each check, and no other.
func TestDocsExplainEachCheck(t *testing.T) {
	var want []string
	for _, c := range checks {
		want = append(want, c.name)
	}
	if explained := explainedChecks(t, "Look at a deployment: otpctl doctor"); !slices.Equal(explained, want) {
		t.Errorf("docs/deploy.md explains %q, want %q", explained, want)
	}
	want = nil
	for _, c := range append(slices.Clone(smokeChecks), smokeMessage, smokeExhaust, smokeClosed) {
		want = append(want, c.name)
	}
	if explained := explainedChecks(t, "Hold it to its contract: make deploy-smoke"); !slices.Equal(explained, want) {
		t.Errorf("docs/deploy.md explains %q, want %q", explained, want)
	}
}

// explainedChecks are the names that the table of a section of docs/deploy.md begins its lines with.
func explainedChecks(t *testing.T, title string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## "+title+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var explained []string
	for line := range strings.Lines(section) {
		if first, _, found := strings.Cut(strings.TrimPrefix(line, "| "), " | "); found && strings.HasPrefix(first, "`") {
			for name := range strings.SplitSeq(first, ", ") {
				explained = append(explained, strings.Trim(name, "`"))
			}
		}
	}
	return explained
}

// The deployed code is compared with the build for the architecture that it runs on.
func TestVersionIsComparedWithTheBuildOfItsArchitecture(t *testing.T) {
	t.Chdir(t.TempDir())
	sums := map[string]string{}
	for _, arch := range []string{"arm64", "amd64"} {
		if err := os.MkdirAll(filepath.Join("dist", arch), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("dist", arch, "send.zip"), []byte(arch), 0o600); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(arch))
		sums[arch] = base64.StdEncoding.EncodeToString(sum[:])
	}
	for _, test := range []struct {
		runs       lambdatypes.Architecture
		code, dist string
		function   string
		want       finding
	}{
		{lambdatypes.ArchitectureArm64, "arm64", "", "send", finding{Status: statusOK, Found: "what dist/arm64 holds is what runs"}},
		{lambdatypes.ArchitectureX8664, "amd64", "", "send", finding{Status: statusOK, Found: "what dist/amd64 holds is what runs"}},
		{lambdatypes.ArchitectureX8664, "arm64", "dist/arm64", "send", finding{Status: statusOK, Found: "what dist/arm64 holds is what runs"}},
		{lambdatypes.ArchitectureX8664, "amd64", "", "verify", finding{
			Status: statusWarn, Found: "not compared: dist/amd64 has no zip of verify",
			Todo: "make build GOARCH=amd64, in a checkout of the version that should run, and run this again there",
		}},
	} {
		v := &visit{dist: test.dist, functions: map[string]*deployedFunction{test.function: {found: &lambda.GetFunctionConfigurationOutput{
			Architectures: []lambdatypes.Architecture{test.runs}, CodeSha256: new(sums[test.code]),
		}}}}
		if diff := cmp.Diff([]finding{test.want}, checkVersion(t.Context(), v)); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", test.function, test.runs, diff)
		}
	}
}

// What Infobip does not say is a finding each, and judged no further.
func TestApplicationThatSaysNothing(t *testing.T) {
	c, err := app.ReadConfig(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	p, unread := policyOf(&infobip.Application{})
	p.pinLength = c.Form.PINLength
	want := []string{"pinAttempts", "allowMultiplePinVerifications", "pinTimeToLive", "verifyPinLimit", "sendPinPerApplicationLimit", "sendPinPerPhoneNumberLimit"}
	if !slices.Equal(unread, want) {
		t.Errorf("unread are %q, want %q", unread, want)
	}
	if faults := p.unreachable(c); len(faults) != 0 {
		t.Errorf("and beyond that %v", faults)
	}
	if _, unread := policyOf(&infobip.Application{Configuration: infobip.Configuration{PinTimeToLive: new("a while")}}); !slices.Contains(unread, "pinTimeToLive") {
		t.Error("a life in another notation was read")
	}
}

func TestTemplateFaults(t *testing.T) {
	good := infobip.Message{Text: new("{{pin}} is your code"), PinType: new("NUMERIC"), PinLength: new(6)}
	if got := templateFaults(good, 6, catalog.Ending{}); len(got) != 1 || got[0].Status != statusOK {
		t.Errorf("a good one: %+v", got)
	}
	for says, bad := range map[string]infobip.Message{
		"it has no text":                    {},
		"{{pin}} 0 times":                   {Text: new("your code"), PinType: good.PinType, PinLength: good.PinLength},
		"{{pin}} 2 times":                   {Text: new("{{pin}} {{pin}}"), PinType: good.PinType, PinLength: good.PinLength},
		"a placeholder besides":             {Text: new("{{pin}} {{name}}"), PinType: good.PinType, PinLength: good.PinLength},
		"not NUMERIC":                       {Text: good.Text, PinType: new("HEX"), PinLength: good.PinLength},
		"have not the 6 digits":             {Text: good.Text, PinType: good.PinType},
		"a message takes 2 segments (UCS-2": {Text: new("{{pin}} " + strings.Repeat("ж", 70)), PinType: good.PinType, PinLength: good.PinLength},
	} {
		got := templateFaults(bad, 6, catalog.Ending{})
		if len(got) != 1 || got[0].Status == statusOK || !strings.Contains(got[0].Found, says) || got[0].Todo == "" {
			t.Errorf("%s: %+v", says, got)
		}
	}
}

// The ending of a template and that of the functions go together, or nobody's phone offers a code.
func TestEndingFaults(t *testing.T) {
	const host, hash = `\n@example.com #`, `\nFA+9qCX9VSu`
	for _, c := range []struct{ text, ending, says string }{
		{"{{pin}}", "", ""},
		{"{{pin}}{{ending}}{{pin}}", host, ""},
		{"{{pin}}{{ending}}{{pin}}", hash + host, ""},
		{"{{pin}}{{ending}}", hash, ""},
		{"{{pin}}{{ending}}{{pin}}", "", "people read the placeholder"},
		{"{{pin}}", host, "its text has no {{ending}}"},
		{"{{pin}}{{ending}}", host, "or the other way round"},
		{"{{pin}}{{ending}}{{pin}}", hash, "or the other way round"},
	} {
		var ending catalog.Ending
		if c.ending != "" {
			var err error
			ending, err = catalog.ParseEnding(c.ending)
			if err != nil {
				t.Fatal(err)
			}
		}
		m := infobip.Message{Text: &c.text, PinType: new("NUMERIC"), PinLength: new(6)}
		got := templateFaults(m, 6, ending)
		if len(got) != 1 || (got[0].Status == statusOK) != (c.says == "") || !strings.Contains(got[0].Found, c.says) {
			t.Errorf("%s with %q: %+v, want %q", c.text, c.ending, got, c.says)
		}
	}
}

func TestIntegrationLeadsToFunction(t *testing.T) {
	const arn = "arn:aws:lambda:eu-central-1:123456789012:function:stack-send"
	for uri, want := range map[string]bool{
		arn:            true,
		arn + ":live":  true,
		arn + "-other": false,
		"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/" + arn + "/invocations": true,
		"https://example.com/stack-send": false,
		"":                               false,
	} {
		if got := leadsTo(uri, "stack-send"); got != want {
			t.Errorf("%s: %t, want %t", uri, got, want)
		}
	}
}

// A key that is both the one that signs and a published one is looked at once.
func TestProofKeysAreEachOnce(t *testing.T) {
	const one, other = "arn:aws:kms:eu-central-1:123456789012:key/1", "arn:aws:kms:eu-central-1:123456789012:key/2"
	got := proofKeys(proofs.Keys{Signing: one, Published: other + "," + one})
	if len(got) != 2 || got[0].String() != one || got[1].String() != other {
		t.Errorf("got %v, want %s and %s", got, one, other)
	}
}

// Each check says that it cannot look where nothing is known, and does not fall over.
func TestChecksOfNothing(t *testing.T) {
	for _, c := range checks[3:] { // which need AWS
		for _, f := range c.run(context.Background(), &visit{stack: "infobip-otp-production"}) {
			if f.Status != statusWarn || !strings.HasPrefix(f.Found, "not looked at: ") || f.Todo == "" {
				t.Errorf("%s of nothing: %+v", c.name, f)
			}
		}
	}
}

// TestDelivers: AWS names a group in its policy for log delivery, or all below /aws/vendedlogs/,
// or an operator has merged some into one.
func TestDelivers(t *testing.T) {
	const group, arn = "/aws/vendedlogs/infobip-otp-production-Otp-1A2B3C4D/0e1f", "arn:aws:logs:eu-central-1:111122223333:log-group:"
	for _, test := range []struct {
		who, resource string
		want          bool
	}{
		{"delivery.logs.amazonaws.com", arn + group + ":log-stream:*", true},
		{"delivery.logs.amazonaws.com", arn + "/aws/vendedlogs/*", true},
		{"delivery.logs.amazonaws.com", arn + "*", true},
		{"delivery.logs.amazonaws.com", "*", true},
		{"delivery.logs.amazonaws.com", arn + "/aws/vendedlogs/another:log-stream:*", false},
		{"es.amazonaws.com", arn + "/aws/vendedlogs/*", false},
	} {
		policy := `{"Statement":[{"Effect":"Allow","Principal":{"Service":"` + test.who + `"},"Action":"logs:PutLogEvents","Resource":"` + test.resource + `"}]}`
		if got := delivers(policy, group); got != test.want {
			t.Errorf("%s on %s delivers: %t, want %t", test.who, test.resource, got, test.want)
		}
	}
	if delivers(`{"Principal":"delivery.logs.amazonaws.com","Resource":"`+arn+`/aws/vendedlogs/*"}`, "another") {
		t.Error("a line for /aws/vendedlogs/ covers a group that is elsewhere")
	}
}
