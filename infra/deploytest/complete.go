package deploytest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// completer creates through its service's API what the emulated CloudFormation skipped of one
// resource.
type completer struct {
	kind   string
	create func(ctx context.Context, d *deployment, name string, properties map[string]any) error
}

// completers stand in the order in which their resources refer to each other.
var completers = []completer{
	{"AWS::SecretsManager::Secret", createSecret},
	{"AWS::KMS::Key", createKey},
	{"AWS::DynamoDB::Table", completeTable},
	{"AWS::IAM::Role", completeRole},
	{"AWS::ApiGatewayV2::Api", createAPI},
	{"AWS::Lambda::Function", createFunction},
	{"AWS::Lambda::Version", createVersion},
	{"AWS::Lambda::Alias", createAlias},
	{"AWS::ApiGatewayV2::Integration", createIntegration},
	{"AWS::ApiGatewayV2::Route", createRoute},
	{"AWS::ApiGatewayV2::Stage", createStage},
	{"AWS::ApiGatewayV2::DomainName", createDomain},
	{"AWS::ApiGatewayV2::ApiMapping", createMapping},
	{"AWS::Lambda::Permission", createPermission},
	{"AWS::CodeDeploy::Application", createApplication},
	{"AWS::CodeDeploy::DeploymentGroup", createDeploymentGroup},
}

// complete creates what the named resources lack, and returns the names of those it knew how to.
func (d *deployment) complete(ctx context.Context, lacking map[string]bool) ([]string, error) {
	var completed []string
	for _, c := range completers {
		for _, name := range slices.Sorted(maps.Keys(d.template.Resources)) {
			if d.template.Resources[name].Type != c.kind || !lacking[name] {
				continue
			}
			properties := d.template.Resolve(d.values).Resources[name].Properties
			text, err := json.Marshal(properties)
			if err != nil {
				return nil, fmt.Errorf("writing %s: %w", name, err)
			}
			if strings.Contains(string(text), "${") {
				return nil, fmt.Errorf("%s refers to something that is not there: %s", name, text)
			}
			err = c.create(ctx, d, name, properties)
			if err != nil {
				return nil, fmt.Errorf("completing %s: %w", name, err)
			}
			completed = append(completed, name)
		}
	}
	return completed, nil
}

func createSecret(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &secretsmanager.CreateSecretInput{Name: aws.String(d.name + "-" + name)}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	secret, err := d.secrets.CreateSecret(ctx, input)
	if err != nil {
		return fmt.Errorf("creating a secret: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(secret.ARN), aws.ToString(secret.ARN)
	return nil
}

// createKey makes a key anew (see create), since no key becomes another.
func createKey(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	policy, err := json.Marshal(properties["KeyPolicy"])
	if err != nil {
		return fmt.Errorf("writing a key's policy: %w", err)
	}
	input := &kms.CreateKeyInput{Policy: aws.String(string(policy))}
	rest := maps.Clone(properties)
	delete(rest, "KeyPolicy")
	err = fill(input, rest)
	if err != nil {
		return err
	}
	key, err := d.kms.CreateKey(ctx, input)
	if err != nil {
		return fmt.Errorf("creating a key: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(key.KeyMetadata.KeyId), aws.ToString(key.KeyMetadata.KeyId)
	d.values[name+".Arn"] = aws.ToString(key.KeyMetadata.Arn)
	return nil
}

// completeTable switches on what is no part of creating a table.
func completeTable(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	expiry := &dynamodb.UpdateTimeToLiveInput{TableName: aws.String(d.physical[name])}
	err := fill(expiry, pick(properties, "TimeToLiveSpecification"))
	if err != nil {
		return err
	}
	_, err = d.dynamodb.UpdateTimeToLive(ctx, expiry)
	if err != nil {
		return fmt.Errorf("switching on a table's expiry: %w", err)
	}
	backups := &dynamodb.UpdateContinuousBackupsInput{TableName: aws.String(d.physical[name])}
	err = fill(backups, pick(properties, "PointInTimeRecoverySpecification"))
	if err != nil {
		return err
	}
	_, err = d.dynamodb.UpdateContinuousBackups(ctx, backups)
	if err != nil {
		return fmt.Errorf("switching on a table's backups: %w", err)
	}
	return nil
}

// completeRole puts a role's trust and its policies again: the emulated CloudFormation writes both
// as Python would, and without what refers to a resource it skipped.
func completeRole(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	role := aws.String(d.physical[name])
	trust, err := json.Marshal(properties["AssumeRolePolicyDocument"])
	if err != nil {
		return fmt.Errorf("writing a trust policy: %w", err)
	}
	_, err = d.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: aws.String(string(trust))})
	if err != nil {
		return fmt.Errorf("updating a role's trust: %w", err)
	}
	policies, _ := properties["Policies"].([]any)
	for _, policy := range policies {
		members, _ := policy.(map[string]any)
		document, err := json.Marshal(members["PolicyDocument"])
		if err != nil {
			return fmt.Errorf("writing a policy: %w", err)
		}
		policyName, _ := members["PolicyName"].(string)
		_, err = d.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
			RoleName: role, PolicyName: aws.String(policyName), PolicyDocument: aws.String(string(document)),
		})
		if err != nil {
			return fmt.Errorf("putting a role's policy: %w", err)
		}
	}
	return nil
}

// createFunction creates a function anew, under the name that it has: not all of its
// configuration can be given to one that is there.
func createFunction(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	_, err := d.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(d.physical[name])})
	if err != nil {
		return fmt.Errorf("deleting a function: %w", err)
	}
	input := &lambda.CreateFunctionInput{FunctionName: aws.String(d.physical[name])}
	properties = maps.Clone(properties)
	reserved, isReserved := properties["ReservedConcurrentExecutions"].(float64)
	delete(properties, "ReservedConcurrentExecutions")
	err = fill(input, properties)
	if err != nil {
		return err
	}
	_, err = d.lambda.CreateFunction(ctx, input)
	if err != nil {
		return fmt.Errorf("creating a function: %w", err)
	}
	if !isReserved {
		return nil
	}
	_, err = d.lambda.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{
		FunctionName: input.FunctionName, ReservedConcurrentExecutions: aws.Int32(int32(reserved)),
	})
	if err != nil {
		return fmt.Errorf("reserving a function's concurrency: %w", err)
	}
	return nil
}

func createAPI(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &apigatewayv2.CreateApiInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	api, err := d.api.CreateApi(ctx, input)
	if err != nil {
		return fmt.Errorf("creating the API: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(api.ApiId), aws.ToString(api.ApiId)
	d.values[name+".ApiEndpoint"] = aws.ToString(api.ApiEndpoint)
	return nil
}

func createIntegration(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &apigatewayv2.CreateIntegrationInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	integration, err := d.api.CreateIntegration(ctx, input)
	if err != nil {
		return fmt.Errorf("creating an integration: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(integration.IntegrationId), aws.ToString(integration.IntegrationId)
	return nil
}

func createRoute(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &apigatewayv2.CreateRouteInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	route, err := d.api.CreateRoute(ctx, input)
	if err != nil {
		return fmt.Errorf("creating a route: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(route.RouteId), aws.ToString(route.RouteId)
	return nil
}

func createStage(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &apigatewayv2.CreateStageInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	stage, err := d.api.CreateStage(ctx, input)
	if err != nil {
		return fmt.Errorf("creating the stage: %w", err)
	}
	d.physical[name] = aws.ToString(stage.StageName)
	return nil
}
