package infra_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
)

// TestDomain: the domain leads to the stage, by TLS 1.2 and by IPv6 too, and is the one way in.
func TestDomain(t *testing.T) {
	for _, d := range []deployment{ownDomain(t), zoneless(t)} {
		want := object{
			"DomainName": "otp.example.com",
			"DomainNameConfigurations": []any{object{
				"CertificateArn": d.props.Domain.CertificateARN, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2", "IpAddressType": "dualstack",
			}},
		}
		if diff := cmp.Diff(want, d.properties(t, "Domain", "AWS::ApiGatewayV2::DomainName")); diff != "" {
			t.Errorf("domain (-want +got):\n%s", diff)
		}
		want = object{"ApiId": "${Api}", "DomainName": "${Domain}", "Stage": "$default"}
		if diff := cmp.Diff(want, d.properties(t, "DomainMapping", "AWS::ApiGatewayV2::ApiMapping")); diff != "" {
			t.Errorf("mapping (-want +got):\n%s", diff)
		}
		if api := d.properties(t, "Api", "AWS::ApiGatewayV2::Api"); api["DisableExecuteApiEndpoint"] != true {
			t.Errorf("the API answers to its own address too: %v", api)
		}
		for id, kind := range map[string]string{"DomainIPv4": "A", "DomainIPv6": "AAAA"} {
			if d.props.Domain.HostedZoneID == "" {
				if record, there := d.Resources[id]; there {
					t.Errorf("without a zone there is a record: %v", record)
				}
				continue
			}
			want := object{
				"Name": "otp.example.com", "Type": kind, "HostedZoneId": "Z0123456789ABCDEFGHIJ",
				"AliasTarget": object{"DNSName": "${Domain.RegionalDomainName}", "HostedZoneId": "${Domain.RegionalHostedZoneId}"},
			}
			if diff := cmp.Diff(want, d.properties(t, id, "AWS::Route53::RecordSet")); diff != "" {
				t.Errorf("record %s (-want +got):\n%s", kind, diff)
			}
		}
	}
}

// A mapping to a stage that is not there yet is refused.
func TestTheMappingWaitsForTheStage(t *testing.T) {
	for name, resource := range ownDomain(t).raw(t).Resources {
		if resource.Type == "AWS::ApiGatewayV2::ApiMapping" && !strings.Contains(strings.Join(resource.DependsOn, " "), "OtpStage") {
			t.Errorf("%s waits for %v, want the stage among them", name, resource.DependsOn)
		}
	}
}

// TestProofsNameTheDomain: whose proofs are, what the outputs say and where the documents are
// found is one address, unless the owner names another.
func TestProofsNameTheDomain(t *testing.T) {
	for _, function := range []string{"VerifyFunction", "DiscoveryFunction"} {
		if got := ownDomain(t).environment(t, function)["PROOF_ISSUER"]; got != "https://otp.example.com" {
			t.Errorf("%s has the issuer %v, want the domain", function, got)
		}
	}
	getenv := func(name string) string {
		value, _ := ownDomain(t).environment(t, "DiscoveryFunction")[name].(string)
		return deployed.Replace(value)
	}
	published, err := proofs.Discovery(getenv, app.Clock{}, slog.New(slog.DiscardHandler))
	if err != nil || published == nil {
		t.Errorf("discovery does not publish under the domain: %v", err)
	}
}

// What region a certificate has to be of is known where the stack's is.
func TestCertificateOfAnotherRegion(t *testing.T) {
	for region, refused := range map[string]bool{"us-east-1": true, "eu-central-1": false} {
		stack := awscdk.NewStack(infra.NewApp(t.TempDir()), jsii.String("Own"), &awscdk.StackProps{Env: &awscdk.Environment{Region: jsii.String(region)}})
		_, err := infra.NewService(stack, "Otp", ownDomain(t).props)
		if (err != nil) != refused || err != nil && !strings.Contains(err.Error(), "CERTIFICATE_ARN must be of a certificate in us-east-1") {
			t.Errorf("%s: %v", region, err)
		}
	}
}
