package awskms_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDoesNotLinkTheSDKsClient: it builds the schemas of all of KMS's operations before
// main, at every cold start of verify.
func TestDoesNotLinkTheSDKsClient(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "aws-sdk-go-v2/aws/signer/v4") {
		t.Fatal("go list does not name the signer: this test looks at the wrong package")
	}
	if strings.Contains(string(out), "aws-sdk-go-v2/service/") {
		t.Error("it imports a client of the SDK's")
	}
}
