package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/jsii-runtime-go"
)

// newAuthorizer has API Gateway check each request's bearer token: signed by a key that
// the issuer publishes, of this issuer, for this audience, and not over. It loads the
// issuer's documents itself and keeps them for up to two hours.
//
// It does not know which phone number, which session and whether for the first time:
// function/handler.go checks those.
func newAuthorizer(issuer, audience string) awsapigatewayv2.IHttpRouteAuthorizer {
	return awsapigatewayv2authorizers.NewHttpJwtAuthorizer(jsii.String("ProofAuthorizer"), jsii.String(issuer),
		&awsapigatewayv2authorizers.HttpJwtAuthorizerProps{
			JwtAudience: jsii.Strings(audience),
		})
}
