package infra

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/infra/watch"
)

// What runs is a published version, which an alias names: the API calls the alias, a deployment
// moves it, and a rollback moves it back (`make rollback`).
//
// CloudFormation publishes a version where its logical id is new, and the CDK derives that from
// all of a function that a version holds: the zip, the settings, role, memory, log level, tracing.
// Reserved concurrency is no part of a version, and tags are none either. With the CDK's older
// rule they would count, and Lambda refuses to publish what it has published already.
//
// All three functions get their versions together: each has the release in its description, which
// is another one where anything of any of them changes. So the version before is the deployment
// before, of each of them.

// liveAlias is the alias that the API calls.
const liveAlias = "live"

// ruleOfVersions has the CDK ask for a new version where Lambda would make one, whatever the
// app's own flags say.
const ruleOfVersions = "@aws-cdk/aws-lambda:recognizeVersionProps"

// versionOptions keep the versions that an alias has left, for a rollback. One that a failed
// deployment has published goes with it: Lambda publishes nothing that is as its newest version
// is, so the next try would be refused ("Version already exists").
func versionOptions(p props.Props, f function, release string) *awslambda.VersionOptions {
	return &awslambda.VersionOptions{
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE,
		Description:   versionDescription(p, f, release),
	}
}

// versionDescription names what a deployment fills in: a parameter with another value changes the
// function and no logical id, so without this its version, and with it the alias, would stay as
// they are. Another description is another version. Nil where everything is known: then it is the
// function's. What the stack makes itself keeps its name as long as its logical id.
func versionDescription(p props.Props, f function, release string) *string {
	var filledIn []string
	for _, name := range slices.Sorted(maps.Keys(f.environment)) {
		value := f.environment[name]
		if !strings.HasPrefix(name, "INFOBIP_") {
			value = jsii.String(p.Settings[name])
		}
		if *awscdk.Token_IsUnresolved(value) {
			filledIn = append(filledIn, *value)
		}
	}
	if len(filledIn) == 0 {
		return nil
	}
	return jsii.String(described(strings.Join(filledIn, " "), release))
}

// fingerprint names a release: twelve digits of the hash of all that makes a version of any of the
// functions.
func fingerprint(scope constructs.Construct, p props.Props, functions ...function) (string, error) {
	const digits = 12
	hash := sha256.New()
	for _, f := range functions {
		zip, err := os.ReadFile(filepath.Clean(filepath.Join(p.AssetsDir, f.name+".zip")))
		if err != nil {
			return "", fmt.Errorf("reading a function: %w", err)
		}
		// What only the deployment knows is hashed by its reference, for its token is another one
		// in each run of the app.
		text, err := json.Marshal(awscdk.Stack_Of(scope).Resolve([]any{
			f.name, f.description, f.environment, p.Architecture, p.MemoryMB, p.LogLevel, p.Tracing, network(p),
		}))
		if err != nil {
			return "", fmt.Errorf("writing what %s is told: %w", f.name, err)
		}
		fmt.Fprintf(hash, "%x %s\n", sha256.Sum256(zip), text)
	}
	return hex.EncodeToString(hash.Sum(nil))[:digits], nil
}

// network is where the functions stand, as plain lists.
func network(p props.Props) [][]string {
	if p.VPC == nil {
		return nil
	}
	return [][]string{p.VPC.SubnetIDs, p.VPC.SecurityGroupIDs}
}

// described returns the description of a function of a release, by which `make rollback` knows what
// belongs together.
func described(description, release string) string { return description + " Release " + release + "." }

func newAlias(scope constructs.Construct, id string, f awslambda.Function) awslambda.Alias {
	return awslambda.NewAlias(scope, jsii.String(id+"Alias"), &awslambda.AliasProps{
		AliasName: jsii.String(liveAlias), Version: f.CurrentVersion(),
	})
}

// rollout is one function behind its alias, and whose alarms watch it.
type rollout struct {
	id       string
	of       watch.Of
	function awslambda.Function
	alias    awslambda.Alias
}

// configurations are CodeDeploy's own by the words of props.Deployment; "all-at-once" has none.
var configurations = map[string]string{
	"canary-10-5m":  "CodeDeployDefault.LambdaCanary10Percent5Minutes",
	"canary-10-15m": "CodeDeployDefault.LambdaCanary10Percent15Minutes",
	"linear-10-1m":  "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
}

// addRollout has CodeDeploy move the aliases, a part of the requests after the other. It moves
// them back, and the whole deployment with them, if one of the alarms goes off that brake it.
func addRollout(scope constructs.Construct, p props.Props, functions []rollout, alarms map[string]awscloudwatch.CfnAlarm) {
	configuration, gradual := configurations[p.Deployment]
	if !gradual {
		return
	}
	application := awscodedeploy.NewCfnApplication(scope, jsii.String("Rollout"), &awscodedeploy.CfnApplicationProps{
		ComputePlatform: jsii.String("Lambda"),
	})
	role := newRolloutRole(scope, functions)
	for _, r := range functions {
		group := awscodedeploy.NewCfnDeploymentGroup(scope, jsii.String(r.id+"Rollout"), &awscodedeploy.CfnDeploymentGroupProps{
			ApplicationName:      application.Ref(),
			ServiceRoleArn:       role.RoleArn(),
			DeploymentConfigName: jsii.String(configuration),
			DeploymentStyle: &awscodedeploy.CfnDeploymentGroup_DeploymentStyleProperty{
				DeploymentType: jsii.String("BLUE_GREEN"), DeploymentOption: jsii.String("WITH_TRAFFIC_CONTROL"),
			},
			AlarmConfiguration: &awscodedeploy.CfnDeploymentGroup_AlarmConfigurationProperty{
				Enabled: jsii.Bool(true), Alarms: brakes(r.of, alarms),
			},
			AutoRollbackConfiguration: &awscodedeploy.CfnDeploymentGroup_AutoRollbackConfigurationProperty{
				Enabled: jsii.Bool(true),
				Events:  jsii.Strings("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"),
			},
		})
		r.alias.Node().DefaultChild().(awslambda.CfnAlias).CfnOptions().SetUpdatePolicy(&awscdk.CfnUpdatePolicy{
			CodeDeployLambdaAliasUpdate: &awscdk.CfnCodeDeployLambdaAliasUpdate{
				ApplicationName: application.Ref(), DeploymentGroupName: group.Ref(),
			},
		})
	}
}

// brakes returns the alarms that stop the rollout of a function.
func brakes(of watch.Of, alarms map[string]awscloudwatch.CfnAlarm) []any {
	var list []any
	for _, name := range watch.Brakes(of) {
		list = append(list, &awscodedeploy.CfnDeploymentGroup_AlarmProperty{Name: alarms[name].Ref()})
	}
	return list
}

// newRolloutRole lets CodeDeploy move these aliases and no others; its managed policy would let
// it move all of the account's.
func newRolloutRole(scope constructs.Construct, functions []rollout) awsiam.IRole {
	var aliases []*string
	for _, r := range functions {
		// Not the alias itself, which waits for this role.
		aliases = append(aliases, r.function.FunctionArn(), jsii.Sprintf("%s:%s", *r.function.FunctionArn(), liveAlias))
	}
	move := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"),
		Resources: &aliases,
	})
	role := awsiam.NewRole(scope, jsii.String("RolloutRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("codedeploy.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"rollout": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
				move, allow(jsii.String("*"), "cloudwatch:DescribeAlarms"),
			}}),
		},
	})
	acceptAllAlarms(role)
	return role.WithoutPolicyUpdates(nil)
}
