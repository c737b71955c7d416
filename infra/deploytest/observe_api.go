package deploytest

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

func observeAPI(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	api, err := d.api.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("getting the API: %w", err)
	}
	d.values[name], d.values[name+".ApiEndpoint"] = physical, aws.ToString(api.ApiEndpoint)
	answer, err := shape(api)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "Name", "ProtocolType", "CorsConfiguration", "DisableExecuteApiEndpoint")
	if properties["DisableExecuteApiEndpoint"] == false {
		delete(properties, "DisableExecuteApiEndpoint") // of one that does not ask for it
	}
	return properties, nil
}

func observeIntegration(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	integration, err := d.api.GetIntegration(ctx, &apigatewayv2.GetIntegrationInput{
		ApiId: aws.String(d.physical["Api"]), IntegrationId: aws.String(physical),
	})
	if err != nil {
		return nil, fmt.Errorf("getting an integration: %w", err)
	}
	d.values[name] = physical
	answer, err := shape(integration)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "IntegrationType", "IntegrationUri", "PayloadFormatVersion", "CredentialsArn", "RequestParameters")
	properties["ApiId"] = d.physical["Api"]
	return properties, nil
}

func observeRoute(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	route, err := d.api.GetRoute(ctx, &apigatewayv2.GetRouteInput{ApiId: aws.String(d.physical["Api"]), RouteId: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("getting a route: %w", err)
	}
	d.values[name] = physical
	answer, err := shape(route)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "RouteKey", "Target", "AuthorizationType", "AuthorizerId", "RequestParameters")
	properties["ApiId"] = d.physical["Api"]
	return properties, nil
}

func observeStage(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	stage, err := d.api.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: aws.String(d.physical["Api"]), StageName: aws.String(physical)})
	if err != nil {
		return nil, fmt.Errorf("getting the stage: %w", err)
	}
	answer, err := shape(stage)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "StageName", "AutoDeploy", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables")
	properties["ApiId"] = d.physical["Api"]
	return properties, nil
}
