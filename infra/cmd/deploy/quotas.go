package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

const (
	// unreserved is how much of the quota Lambda keeps for functions that reserve nothing.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
	unreserved = 100
	// usualConcurrency is the quota of an account that is no longer new.
	usualConcurrency = 1000
)

// Codes of Service Quotas.
const (
	concurrentExecutions = "lambda --quota-code L-B99A9384"
	throttleRate         = "apigateway --quota-code L-8A5B8E43" // requests a second to all APIs of a region
)

// raise asks for a higher quota. It costs nothing, and is answered in minutes to days.
func (t target) raise(serviceAndCode string, wanted int) string {
	return t.aws(fmt.Sprintf("service-quotas request-service-quota-increase --service-code %s --desired-value %d", serviceAndCode, wanted))
}

// concurrency checks that the account has the parallel executions that the functions are to
// reserve, and those that the throttles let in at once.
func (f *findings) concurrency(ctx context.Context, t target, p props.Props) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := lambda.NewFromConfig(t.config)
	answer, err := client.GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err == nil && answer.AccountLimit == nil {
		err = errors.New("the answer names no limit")
	}
	if err != nil {
		f.unseen("how many parallel executions the account has", "lambda:GetAccountSettings", err)
		return
	}
	all, free := int(answer.AccountLimit.ConcurrentExecutions), int(aws.ToInt32(answer.AccountLimit.UnreservedConcurrentExecutions))
	reserved := 0
	for _, n := range []*int{p.ReservedConcurrency.Send, p.ReservedConcurrency.Verify, p.ReservedConcurrency.Discovery} {
		reserved += aws.ToInt(n)
	}
	if reserved > 0 {
		own, err := reservedBy(ctx, t, client)
		if err != nil {
			f.unseen("what the functions reserve now", "cloudformation:ListStackResources and lambda:GetFunctionConcurrency", err)
		} else if available := max(0, free+own-unreserved); reserved > available {
			f.stop(fmt.Sprintf("RESERVED_CONCURRENCY_SEND and its kin reserve %d parallel executions together, and the account has %d to give: "+
				"of its %d in %s others reserve %d, and %d stay free; reserve less, or ask for more:",
				reserved, available, all, t.region(), all-free-own, unreserved),
				t.raise(concurrentExecutions, max(usualConcurrency, all+reserved-available)))
		}
	}
	atOnce := p.Throttles.Send.Burst + p.Throttles.Resend.Burst + p.Throttles.Verify.Burst + p.Throttles.Other.Burst
	if all < atOnce {
		f.note(fmt.Sprintf("the throttles let %d requests in at once, and the account runs %d functions at once in %s, "+
			"beyond which API Gateway answers 503; to ask for more:", atOnce, all, t.region()),
			t.raise(concurrentExecutions, max(usualConcurrency, atOnce)))
	}
}

// reservedBy returns what the functions of the stack reserve already; nothing where there is none.
func reservedBy(ctx context.Context, t target, client *lambda.Client) (int, error) {
	own := 0
	resources, err := resourcesOf(ctx, t)
	if absent(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, resource := range resources {
		if aws.ToString(resource.ResourceType) != "AWS::Lambda::Function" || aws.ToString(resource.PhysicalResourceId) == "" {
			continue
		}
		answer, err := client.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: resource.PhysicalResourceId})
		if err != nil {
			return 0, fmt.Errorf("reading what a function reserves: %w", err)
		}
		own += int(aws.ToInt32(answer.ReservedConcurrentExecutions))
	}
	return own, nil
}

// resourcesOf returns what the stack has made.
func resourcesOf(ctx context.Context, t target) ([]types.StackResourceSummary, error) {
	var resources []types.StackResourceSummary
	pages := cloudformation.NewListStackResourcesPaginator(cloudformation.NewFromConfig(t.config),
		&cloudformation.ListStackResourcesInput{StackName: aws.String(t.stack())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the resources of the stack: %w", err)
		}
		resources = append(resources, page.StackResourceSummaries...)
	}
	return resources, nil
}

// throttles checks that API Gateway lets as many requests into the account as the throttles
// would. It is asked itself: Service Quotas names the usual quota also in regions that have less.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
func (f *findings) throttles(ctx context.Context, t target, asked props.Throttles) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := apigateway.NewFromConfig(t.config).GetAccount(ctx, &apigateway.GetAccountInput{})
	if err == nil && answer.ThrottleSettings == nil {
		err = errors.New("the answer names no throttle")
	}
	if err != nil {
		f.unseen("how many requests a second API Gateway takes in this account", "apigateway:GET", err)
		return
	}
	rate, burst := int(answer.ThrottleSettings.RateLimit), int(answer.ThrottleSettings.BurstLimit)
	for _, route := range []struct {
		name   string
		bucket props.Throttle
	}{{"THROTTLE_SEND", asked.Send}, {"THROTTLE_RESEND", asked.Resend}, {"THROTTLE_VERIFY", asked.Verify}, {"THROTTLE_OTHER", asked.Other}} {
		if route.bucket.Rate > rate || route.bucket.Burst > burst {
			f.stop(fmt.Sprintf("%s is %s, and API Gateway takes %d/%d in this account and region, for all APIs together; "+
				"set it lower, or ask for more (the burst follows the rate):", route.name, route.bucket, rate, burst),
				t.raise(throttleRate, max(route.bucket.Rate, 2*rate)))
		}
	}
}
