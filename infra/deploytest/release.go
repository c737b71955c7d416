package deploytest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// Published versions, aliases, who may call them, and how CodeDeploy moves them.

func createVersion(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &lambda.PublishVersionInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	version, err := d.lambda.PublishVersion(ctx, input)
	if err != nil {
		return fmt.Errorf("publishing a version: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(version.FunctionArn), aws.ToString(version.FunctionArn)
	d.values[name+".Version"] = aws.ToString(version.Version)
	return nil
}

func observeVersion(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	function, number := qualified(physical)
	version, err := d.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &function, Qualifier: &number})
	if err != nil {
		return nil, fmt.Errorf("getting a version: %w", err)
	}
	properties := map[string]any{"FunctionName": aws.ToString(version.FunctionName)}
	if _, described := d.template.Resources[name].Properties["Description"]; described {
		properties["Description"] = aws.ToString(version.Description)
	}
	return properties, nil
}

// qualified takes a version's or an alias's ARN apart: the function's, and the qualifier.
func qualified(arn string) (string, string) {
	at := strings.LastIndexByte(arn, ':')
	return arn[:at], arn[at+1:]
}

func createAlias(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &lambda.CreateAliasInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	alias, err := d.lambda.CreateAlias(ctx, input)
	if err != nil {
		return fmt.Errorf("creating an alias: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(alias.AliasArn), aws.ToString(alias.AliasArn)
	return nil
}

func observeAlias(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	function, alias := qualified(physical)
	got, err := d.lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &function, Name: &alias})
	if err != nil {
		return nil, fmt.Errorf("getting an alias: %w", err)
	}
	answer, err := shape(got)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "Name", "FunctionVersion", "RoutingConfig")
	properties["FunctionName"] = function[strings.LastIndexByte(function, ':')+1:]
	return properties, nil
}

func createPermission(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &lambda.AddPermissionInput{StatementId: aws.String(name)}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	function, alias := qualified(*input.FunctionName)
	input.FunctionName, input.Qualifier = &function, &alias
	_, err = d.lambda.AddPermission(ctx, input)
	if err != nil {
		return fmt.Errorf("adding a permission: %w", err)
	}
	d.physical[name] = name
	return nil
}

// observePermission looks for the statement of the expected source in the alias's policy.
func observePermission(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	if _, there := d.physical[name]; !there {
		return nil, nil
	}
	expected := d.template.Resolve(d.values).Resources[name].Properties
	arn, _ := expected["FunctionName"].(string)
	function, alias := qualified(arn)
	policy, err := d.lambda.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &function, Qualifier: &alias})
	if err != nil {
		return nil, ignoreNotFound(err, "getting an alias's policy")
	}
	var document struct {
		Statement []struct {
			Effect, Action, Resource string
			Principal                struct{ Service string }
			Condition                map[string]map[string]string
		}
	}
	err = json.Unmarshal([]byte(aws.ToString(policy.Policy)), &document)
	if err != nil {
		return nil, fmt.Errorf("reading an alias's policy: %w", err)
	}
	for _, statement := range document.Statement {
		source := statement.Condition["ArnLike"]["AWS:SourceArn"]
		if source != expected["SourceArn"] || statement.Effect != "Allow" || statement.Resource != arn {
			continue
		}
		return map[string]any{
			"Action": statement.Action, "FunctionName": statement.Resource, "Principal": statement.Principal.Service, "SourceArn": source,
		}, nil
	}
	return nil, nil
}

func createApplication(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &codedeploy.CreateApplicationInput{ApplicationName: aws.String(d.name + "-" + name)}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	_, err = d.codedeploy.CreateApplication(ctx, input)
	if err != nil {
		return fmt.Errorf("creating an application: %w", err)
	}
	d.physical[name], d.values[name] = *input.ApplicationName, *input.ApplicationName
	return nil
}

func observeApplication(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	application, err := d.codedeploy.GetApplication(ctx, &codedeploy.GetApplicationInput{ApplicationName: &physical})
	if err != nil {
		return nil, fmt.Errorf("getting an application: %w", err)
	}
	return map[string]any{"ComputePlatform": string(application.Application.ComputePlatform)}, nil
}

func createDeploymentGroup(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &codedeploy.CreateDeploymentGroupInput{DeploymentGroupName: aws.String(d.name + "-" + name)}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	_, err = d.codedeploy.CreateDeploymentGroup(ctx, input)
	if err != nil {
		return fmt.Errorf("creating a deployment group: %w", err)
	}
	d.physical[name], d.values[name] = *input.DeploymentGroupName, *input.DeploymentGroupName
	return nil
}

func observeDeploymentGroup(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	application, _ := d.template.Resolve(d.values).Resources[name].Properties["ApplicationName"].(string)
	group, err := d.codedeploy.GetDeploymentGroup(ctx, &codedeploy.GetDeploymentGroupInput{ApplicationName: &application, DeploymentGroupName: &physical})
	if err != nil {
		return nil, fmt.Errorf("getting a deployment group: %w", err)
	}
	answer, err := shape(group.DeploymentGroupInfo)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "ApplicationName", "ServiceRoleArn", "DeploymentConfigName", "DeploymentStyle", "AlarmConfiguration", "AutoRollbackConfiguration")
	if alarms, said := properties["AlarmConfiguration"].(map[string]any); said && alarms["IgnorePollAlarmFailure"] == false {
		delete(alarms, "IgnorePollAlarmFailure") // of one that does not ask for it
	}
	return properties, nil
}
