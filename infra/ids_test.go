package infra_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
)

// Under another logical id CloudFormation makes a new resource and lets go of the one that is
// there: of the table that is every limit and every code, of the API the address that clients
// call and proofs name, of the stage a name that API Gateway has no second time. These ids are
// those of the first version, in a stack of `make deploy`.
func TestLogicalIDs(t *testing.T) {
	want := map[string]string{
		"Table":     "OtpTableFFF72E7F",
		"Secret":    "OtpSecretD618550D",
		"ProofKey1": "OtpProofKey1F236F8CD",
		"ProofKey2": "OtpProofKey2D29F9CDD",
		"Api":       "OtpApiB65FA87B",
		"Stage":     "OtpStageB8B5A864",

		"SendFunction":      "OtpSendFunctionB063A6AD",
		"VerifyFunction":    "OtpVerifyFunction1DF2578E",
		"DiscoveryFunction": "OtpDiscoveryFunctionCDC3C620",

		"SendLogs":      "OtpSendLogs17F77502",
		"VerifyLogs":    "OtpVerifyLogsACDB9F25",
		"DiscoveryLogs": "OtpDiscoveryLogs453B59B1",
		"ApiLogs":       "OtpApiLogsF5D49981",

		// A second route of the same key, and a second integration beside it, are refused too.
		"SendRoute":    "OtpSendRoute153207CD",
		"ResendRoute":  "OtpResendRoute6D8C3692",
		"VerifyRoute":  "OtpVerifyRouteA4E56C32",
		"BannerRoute":  "OtpBannerRoute5050DE2A",
		"DefaultRoute": "OtpDefaultRouteE78C6D8C",
	}
	got := map[string]string{}
	for id := range production(t).raw(t).Resources {
		if name := template.NameInCDK(id, "Otp"); want[name] != "" {
			got[name] = id
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logical ids (-first version +now):\n%s", diff)
	}
}
