package infra

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// newDomain places the owner's domain, to which the API answers in the place of its own address;
// nil without one. By IPv6 too, so that a client that has no IPv4 address is one client and not
// its carrier's gateway.
func newDomain(scope constructs.Construct, p props.Props) awsapigatewayv2.DomainName {
	if p.Domain == nil {
		return nil
	}
	domain := awsapigatewayv2.NewDomainName(scope, jsii.String("Domain"), &awsapigatewayv2.DomainNameProps{
		DomainName:     jsii.String(p.Domain.Name),
		Certificate:    awscertificatemanager.Certificate_FromCertificateArn(scope, jsii.String("Certificate"), jsii.String(p.Domain.CertificateARN)),
		EndpointType:   awsapigatewayv2.EndpointType_REGIONAL,
		SecurityPolicy: awsapigatewayv2.SecurityPolicy_TLS_1_2,
		IpAddressType:  awsapigatewayv2.IpAddressType_DUAL_STACK,
	})
	if p.Domain.HostedZoneID == "" {
		return domain // whoever has the zone points a record at the output DomainTarget
	}
	for id, kind := range map[string]string{"DomainIPv4": "A", "DomainIPv6": "AAAA"} {
		awsroute53.NewCfnRecordSet(scope, jsii.String(id), &awsroute53.CfnRecordSetProps{
			HostedZoneId: jsii.String(p.Domain.HostedZoneID),
			Name:         jsii.String(p.Domain.Name),
			Type:         jsii.String(kind),
			AliasTarget: &awsroute53.CfnRecordSet_AliasTargetProperty{
				DnsName:      domain.RegionalDomainName(),
				HostedZoneId: domain.RegionalHostedZoneId(),
			},
		})
	}
	return domain
}

// mapDomain leads the whole domain to the API's stage.
func mapDomain(scope constructs.Construct, s *Service) {
	if s.Domain == nil {
		return
	}
	awsapigatewayv2.NewApiMapping(scope, jsii.String("DomainMapping"), &awsapigatewayv2.ApiMappingProps{
		Api: s.API, DomainName: s.Domain, Stage: s.Stage,
	})
}

// url returns the base address: the owner's domain, or what API Gateway makes up.
func url(p props.Props, api awsapigatewayv2.HttpApi) *string {
	if p.Domain != nil {
		return jsii.String("https://" + p.Domain.Name)
	}
	return api.ApiEndpoint()
}

// regionOf returns the region that the scope is deployed to; empty if that is not known yet, or does
// not matter.
func regionOf(scope constructs.Construct, p props.Props) string {
	if p.Domain == nil {
		return ""
	}
	region := awscdk.Stack_Of(scope).Region()
	if *awscdk.Token_IsUnresolved(region) {
		return ""
	}
	return *region
}
