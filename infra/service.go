package infra

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/internal/functions"
	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/infra/watch"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// Service is one deployment of phone verification. Its parts are exported for what an app may
// want to add: a domain, alarms of its own.
type Service struct {
	Send      awslambda.Function
	Verify    awslambda.Function
	Discovery awslambda.Function
	// The aliases are what the API calls, and what may be given provisioned concurrency.
	SendAlias      awslambda.Alias
	VerifyAlias    awslambda.Alias
	DiscoveryAlias awslambda.Alias

	API   awsapigatewayv2.HttpApi
	Stage awsapigatewayv2.HttpStage
	Table awsdynamodb.ITable
	// Domain is the owner's domain; nil without one.
	Domain awsapigatewayv2.DomainName
	// AccessLog is the log group of the API; those of the functions are theirs.
	AccessLog awslogs.LogGroup

	// SecretID is what the functions read the secret by: an ARN, or the name that was given.
	SecretID *string
	// parameters are those of the template, of a service without an Infobip account.
	parameters []awscdk.CfnParameter

	// URL is the base address, without a slash at the end, so that ${URL}/send-otp is right.
	URL *string
}

// NewService places the service in scope. The error lists every setting that is not accepted, or
// says why the functions cannot be built; nothing is placed then.
//
// A stack has room for several services, each of a stage of its own: the stage tells apart their
// metrics and the names of their alarms.
func NewService(scope constructs.Construct, id string, p props.Props) (*Service, error) {
	err := errors.Join(p.Validate(), p.CheckRegion(regionOf(scope, p)))
	if err != nil {
		return nil, fmt.Errorf("checking the props of %s: %w", id, err)
	}
	if p.AssetsDir == "" {
		p.AssetsDir, err = functions.Built(context.Background(), p.GOARCH())
		if err != nil {
			return nil, fmt.Errorf("building the functions of %s: %w", id, err)
		}
	}
	err = claimStage(scope, p.Stage)
	if err != nil {
		return nil, fmt.Errorf("placing %s: %w", id, err)
	}

	// The parts go under a construct of the CDK's: jsii takes no Go type that embeds one.
	inside := constructs.NewConstruct(scope, jsii.String(id))
	inside.Node().SetContext(jsii.String(ruleOfVersions), true)
	s := &Service{Table: newTable(inside, p)}
	secret := newSecret(inside, p)
	s.SecretID = secret.id

	s.API, s.Domain = newAPI(inside, p), newDomain(inside, p)
	s.URL = url(p, s.API)
	proofKeys := newProofKeys(inside, p)

	known, parameters := infobipValues(inside, p)
	s.parameters = parameters
	maps.Copy(known, proofKeys.variables(p, s.URL))
	known["TABLE_NAME"] = tableID(s.Table, p)
	known["SECRET_ID"] = secret.id
	known["METRICS_NAMESPACE"] = jsii.String(watch.Namespace)
	known["STAGE"] = jsii.String(p.Stage)

	state := append(useTable(inside, s.Table, p), useSecret(inside, secret, p)...)
	send := function{
		name:        "send",
		description: "Sends a PIN, or the same PIN again.",
		environment: environment(p, settings.Send, known),
		grants:      append(slices.Clip(state), readCells(s.Table)),
		reserved:    p.ReservedConcurrency.Send,
	}
	verify := function{
		name:        "verify",
		description: "Checks a PIN.",
		environment: environment(p, settings.Verify, known),
		grants:      slices.Concat(state, signProofs(proofKeys)),
		reserved:    p.ReservedConcurrency.Verify,
	}
	discovery := function{
		name:        "discovery",
		description: "Answers the banner and everything that is no route.",
		environment: environment(p, settings.Discovery, known),
		grants:      readProofKeys(proofKeys),
		reserved:    p.ReservedConcurrency.Discovery,
	}
	release, err := fingerprint(inside, p, send, verify, discovery)
	if err != nil {
		return nil, fmt.Errorf("naming the release of %s: %w", id, err)
	}
	s.Send = newFunction(inside, p, send, release)
	s.Verify = newFunction(inside, p, verify, release)
	s.Discovery = newFunction(inside, p, discovery, release)

	s.SendAlias = newAlias(inside, "Send", s.Send)
	s.VerifyAlias = newAlias(inside, "Verify", s.Verify)
	s.DiscoveryAlias = newAlias(inside, "Discovery", s.Discovery)

	s.AccessLog = newAccessLog(inside, p)
	s.Stage = addRoutes(inside, p, s)
	mapDomain(inside, s)
	alarms := addWatch(inside, p, s)
	addRollout(inside, p, []rollout{
		{"Send", watch.Send, s.Send, s.SendAlias},
		{"Verify", watch.Verify, s.Verify, s.VerifyAlias},
		{"Discovery", watch.Discovery, s.Discovery, s.DiscoveryAlias},
	}, alarms)
	return s, nil
}

// InvokeARN returns what a role is granted execute-api:Invoke on, to send and to verify where the
// authorizer is IAM.
func (s *Service) InvokeARN() *string {
	return awscdk.Stack_Of(s.API).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("execute-api"), Resource: s.API.ApiId(), ResourceName: jsii.String(defaultRoute + "/POST/*"),
	})
}

// claimStage refuses a second service of a stage in a stack: metrics and alarms of both would
// bear the same names.
func claimStage(scope constructs.Construct, stage string) error {
	node := awscdk.Stack_Of(scope).Node()
	id := jsii.String("InfobipOtpStage-" + stage)
	if node.TryFindChild(id) != nil {
		return fmt.Errorf("the stack has a service of the stage %s already: metrics and alarms of both would be one, so choose another Stage", stage)
	}
	constructs.NewConstruct(awscdk.Stack_Of(scope), id)
	return nil
}

// removal keeps what a stage other than development has stored when its stack goes, or when an
// update takes it out. What the very operation has made that is rolled back holds nothing yet and
// goes with it, so that a first deployment that fails leaves no log group in the next one's way,
// and no secret and no key to be paid for.
func removal(p props.Props) awscdk.RemovalPolicy {
	if p.Keeps() {
		return awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
	}
	return awscdk.RemovalPolicy_DESTROY
}

// removalOfTable keeps the table in a rollback too, empty as it is. It is protected against
// deletion, so a rollback that tried to delete it would be refused and end in ROLLBACK_FAILED,
// which only a person can leave. Left behind it costs nothing (no item, no request) and is in
// nobody's way: its name is generated, and the next deployment's table has another.
func removalOfTable(p props.Props) awscdk.RemovalPolicy {
	if p.Keeps() {
		return awscdk.RemovalPolicy_RETAIN
	}
	return awscdk.RemovalPolicy_DESTROY
}
