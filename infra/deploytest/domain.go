package deploytest

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

func createDomain(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &apigatewayv2.CreateDomainNameInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	domain, err := d.api.CreateDomainName(ctx, input)
	if err != nil {
		return fmt.Errorf("creating a domain: %w", err)
	}
	d.physical[name], d.values[name] = aws.ToString(domain.DomainName), aws.ToString(domain.DomainName)
	return nil
}

func observeDomain(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	domain, err := d.api.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: &physical})
	if err != nil {
		return nil, fmt.Errorf("getting a domain: %w", err)
	}
	answer, err := shape(domain)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "DomainName")
	configurations := make([]any, len(domain.DomainNameConfigurations))
	for i, configuration := range domain.DomainNameConfigurations {
		answer, err := shape(configuration)
		if err != nil {
			return nil, err
		}
		configurations[i] = pick(answer, "CertificateArn", "EndpointType", "SecurityPolicy", "IpAddressType")
	}
	properties["DomainNameConfigurations"] = configurations
	return properties, nil
}

func createMapping(ctx context.Context, d *deployment, name string, properties map[string]any) error {
	input := &apigatewayv2.CreateApiMappingInput{}
	err := fill(input, properties)
	if err != nil {
		return err
	}
	mapping, err := d.api.CreateApiMapping(ctx, input)
	if err != nil {
		return fmt.Errorf("creating a mapping: %w", err)
	}
	d.physical[name] = aws.ToString(mapping.ApiMappingId)
	return nil
}

func observeMapping(ctx context.Context, d *deployment, name string) (map[string]any, error) {
	physical, there := d.physical[name]
	if !there {
		return nil, nil
	}
	mapping, err := d.api.GetApiMapping(ctx, &apigatewayv2.GetApiMappingInput{ApiMappingId: &physical, DomainName: aws.String(d.values["Domain"])})
	if err != nil {
		return nil, fmt.Errorf("getting a mapping: %w", err)
	}
	answer, err := shape(mapping)
	if err != nil {
		return nil, err
	}
	properties := pick(answer, "ApiId", "Stage", "ApiMappingKey")
	properties["DomainName"] = d.values["Domain"]
	return properties, nil
}
