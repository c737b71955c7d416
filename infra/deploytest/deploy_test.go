package deploytest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-a131a524/infobip-otp/infra/internal/standin"
	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
)

// root is the repository's root, seen from this package.
var root = filepath.Join("..", "..")

// emulated starts an emulator that ends with the test.
func emulated(t *testing.T) *emulator {
	t.Helper()
	e, err := startEmulator(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := e.stop()
		if err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestDeployment(t *testing.T) {
	c := newClients(emulated(t).endpoint)
	err := bootstrap(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	assets := standIns(t)

	for _, test := range []struct {
		stage       string
		environment map[string]string
		parameters  map[string]string
	}{
		{stage: "development", parameters: map[string]string{
			"InfobipBaseUrl": "abc123.api.infobip.com", "Infobip2faAppId": "APP1", "Infobip2faMsgId": "MSG1",
		}},
		{stage: "production", environment: map[string]string{
			"INFOBIP_BASE_URL":               "abc123.api.infobip.com",
			"INFOBIP_2FA_APP_ID":             "APP1",
			"INFOBIP_2FA_MSG_ID":             "MSG1",
			"ALLOWED_REGIONS":                "AT,DE",
			"SPEND_LIMIT":                    "50/1d",
			"PROOF_AUDIENCE":                 "accounts.example.com",
			"PROOF_STACK_KEYS":               "2,1",
			"CORS_ORIGINS":                   "https://app.example.com,https://www.example.com",
			"LOG_RETENTION_DAYS":             "90",
			"TRACING":                        "true",
			"DEPLOYMENT":                     "canary-10-5m",
			"RESERVED_CONCURRENCY_SEND":      "10",
			"RESERVED_CONCURRENCY_VERIFY":    "20",
			"RESERVED_CONCURRENCY_DISCOVERY": "5",
			"SECRET_KEY_ARN":                 "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		}},
		{stage: "backends", environment: map[string]string{
			"INFOBIP_BASE_URL": "abc123.api.infobip.com", "INFOBIP_2FA_APP_ID": "APP1", "INFOBIP_2FA_MSG_ID": "MSG1",
			"ALLOWED_REGIONS": "AT,DE", "SPEND_LIMIT": "50/1d", "PROOF_AUDIENCE": "accounts.example.com",
			"AUTHORIZER": "iam", "CLIENT_ADDRESS_HEADER": "X-Client-Address",
			"DOMAIN_NAME": "otp.example.com", "HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
			"CERTIFICATE_ARN": "arn:aws:acm:eu-central-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
		}},
	} {
		t.Run(test.stage, func(t *testing.T) {
			dir := synthesize(t, test.stage, assets, test.environment)
			checkLint(t, dir, test.stage)
			d, err := load(c, dir, "infobip-otp-"+test.stage, test.parameters)
			if err != nil {
				t.Fatal(err)
			}
			checkDeployment(t, d, test.parameters)
			checkProtection(t, d)
		})
	}
}

// checkDeployment creates the stack, completes what CloudFormation skipped, and compares.
func checkDeployment(t *testing.T, d *deployment, parameters map[string]string) {
	t.Helper()
	err := d.publish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = d.create(t.Context(), parameters)
	if err != nil {
		t.Fatal(err)
	}
	_, skipped := compare(t, d)
	lacking := map[string]bool{}
	for _, difference := range skipped {
		name, _, _ := strings.Cut(difference.Path, ".")
		lacking[name] = true
	}
	completed, err := d.complete(t.Context(), lacking)
	if err != nil {
		t.Fatal(err)
	}
	expected, differences := compare(t, d)
	list := unproven(d.template)
	remaining, idle := template.Except(differences, list)
	for _, difference := range remaining {
		t.Errorf("template and deployment differ in %s", difference)
	}
	for _, entry := range idle {
		t.Errorf("%s is on the list of what cannot be proven (%s), and was: take it off", entry.Path, entry.Reason)
	}
	report(t, len(expected.Facts()), skipped, differences, completed, list)
}

// checkProtection tries what a rollback of a first deployment would do to the table if it were to
// delete it. A protected table refuses, so the rollback would fail: that is why such a one is
// kept even then (infra.removalOfTable).
func checkProtection(t *testing.T, d *deployment) {
	t.Helper()
	table := d.template.Resources["Table"]
	protected := table.Properties["DeletionProtectionEnabled"] == true
	_, err := d.dynamodb.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String(d.physical["Table"])})
	if refused := err != nil; refused != protected {
		t.Errorf("the table is protected: %t, and its deletion was refused: %t (%v)", protected, refused, err)
	}
	if kept := table.DeletionPolicy == "Retain"; kept != protected {
		t.Errorf("the table is protected: %t, and a rollback leaves it alone: %t", protected, kept)
	}
}

func compare(t *testing.T, d *deployment) (template.Template, []template.Difference) {
	t.Helper()
	observed, err := d.observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expected, err := d.expected()
	if err != nil {
		t.Fatal(err)
	}
	return expected, template.Compare(expected, observed)
}

// report says what was proven, how, and what was not.
func report(t *testing.T, facts int, skipped, differences []template.Difference, completed []string, list []template.Allowed) {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "%d properties expected: %d as CloudFormation created them, %d more through the services' own APIs, %d unproven\n",
		facts, facts-missing(skipped), missing(skipped)-missing(differences), missing(differences))
	fmt.Fprintf(&text, "created or completed through the services' own APIs: %s\n", strings.Join(completed, ", "))
	text.WriteString("unproven, by name:\n")
	byReason := map[string][]string{}
	for _, entry := range list {
		byReason[entry.Reason] = append(byReason[entry.Reason], strings.TrimSuffix(entry.Path, "."))
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		fmt.Fprintf(&text, "  %s: %s\n", reason, strings.Join(byReason[reason], ", "))
	}
	t.Log(text.String())
}

// missing counts what the template has and the deployment has not, or has otherwise.
func missing(differences []template.Difference) int {
	count := 0
	for _, difference := range differences {
		if difference.Left != "" {
			count++
		}
	}
	return count
}

func standIns(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := standin.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
