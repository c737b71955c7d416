package deploytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// checkLint holds a synthesised template to CloudFormation's own schemas. test/sam does so for the
// one that `make synth` writes without settings; what only a setting makes is here.
func checkLint(t *testing.T, dir, stage string) {
	t.Helper()
	linter := filepath.Join(root, ".tools", "python", "bin", "cfn-lint")
	_, err := os.Stat(linter)
	if err != nil {
		t.Fatalf("cfn-lint is not installed: run `tools/install python` (%v)", err)
	}
	output, err := exec.CommandContext(t.Context(), linter, "--regions", region, "--", filepath.Join(dir, "infobip-otp-"+stage+".template.json")).CombinedOutput()
	if err != nil {
		t.Errorf("cfn-lint on the %s stage: %v\n%s", stage, err, output)
	}
}

// Settings that take something out of the template, or need what no emulator has.
func TestTheOtherShapesPassTheLinter(t *testing.T) {
	const stage = "other"
	checkLint(t, synthesize(t, stage, standIns(t), map[string]string{
		"INFOBIP_BASE_URL": "abc123.api.infobip.com", "INFOBIP_2FA_APP_ID": "APP1", "INFOBIP_2FA_MSG_ID": "MSG1",
		"ALLOWED_REGIONS": "AT,DE", "SPEND_LIMIT": "50/1d", "PROOF_ISSUER": "off", "DEPLOYMENT": "linear-10-1m",
		"EXISTING_TABLE": "otp-restored", "SECRET_ID": "otp", "ALARM_TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:on-call", "ALARM_CONCURRENCY": "700",
		"VPC_SUBNET_IDS": "subnet-0123456789abcdef0,subnet-0123456789abcdef1", "VPC_SECURITY_GROUP_IDS": "sg-0123456789abcdef0",
		"TABLE_KEY_ARN": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-00000000000a",
		"LOG_KEY_ARN":   "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-00000000000b",
		"DOMAIN_NAME":   "otp.example.com", "CERTIFICATE_ARN": "arn:aws:acm:eu-central-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
	}), stage)
}
