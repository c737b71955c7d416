package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func checkCredentials(ctx context.Context, v *visit) []finding {
	err := v.open(ctx)
	if err == nil {
		var who *sts.GetCallerIdentityOutput
		who, err = v.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err == nil {
			return okay("account %s in %s, as %s", aws.ToString(who.Account), v.region, principal(aws.ToString(who.Arn)))
		}
		err = resource{"account", "in " + v.region, "AWS_PROFILE", "sts:GetCallerIdentity"}.explain(err)
	}
	v.blind = true
	todo := ""
	if f, ok := errors.AsType[*failure](err); ok {
		todo = strings.Join(f.hints, "; ")
	}
	return failed(todo, "%s", err)
}

// principal returns an ARN without its account, which stands beside it.
func principal(arn string) string {
	const parts = 6
	part := strings.SplitN(arn, ":", parts)
	return part[len(part)-1]
}

const (
	// newAccount is the quota of parallel executions in an account that is new.
	newAccount = 10
	// enough is what a small deployment does well with.
	wantedConcurrency = 100
)

func checkConcurrency(ctx context.Context, v *visit) []finding {
	got, err := v.lambda.GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err != nil {
		return refusedOrFailed(resource{"account's settings", "in Lambda", "AWS_PROFILE", "lambda:GetAccountSettings"}, err)
	}
	if got.AccountLimit == nil {
		return warned("look at the quota in the console (Service Quotas, Lambda)", "Lambda does not say how many parallel executions the account has")
	}
	all, free := got.AccountLimit.ConcurrentExecutions, aws.ToInt32(got.AccountLimit.UnreservedConcurrentExecutions)
	const ask = "ask for 1000 (Service Quotas, Lambda, Concurrent executions: L-B99A9384); it is free and takes a day or so"
	switch {
	case all <= newAccount:
		return warned(ask, "%d parallel executions, as a new account has: that many requests at once for all functions of the account together, "+
			"beyond which API Gateway answers 503; none can be reserved, and one slow answer of Infobip holds one for up to 20 s", all)
	case free < wantedConcurrency:
		return warned(ask+", or reserve less elsewhere", "%d parallel executions, of which %d are not reserved: other functions of the account share them", all, free)
	}
	return okay("%d parallel executions, of which %d are not reserved", all, free)
}

// outputs that the stack has.
var stackOutputs = []string{"ApiUrl", "TableName", "SecretId"}

func checkStack(ctx context.Context, v *visit) []finding {
	named := resource{"stack", v.stack, "--stack or STAGE", "cloudformation:DescribeStacks and ListStackResources"}
	got, err := v.cloudformation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &v.stack})
	switch {
	case absent(err), err == nil && len(got.Stacks) == 0:
		return failed("look at --stack and STAGE, and at the account and the region (AWS_PROFILE, AWS_REGION); make deploy creates it", "there is no stack %s here", v.stack)
	case err != nil:
		return refusedOrFailed(named, err)
	}
	stack := got.Stacks[0]
	v.outputs = map[string]string{}
	for _, output := range stack.Outputs {
		v.outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	err = v.listResources(ctx)
	if err != nil {
		return refusedOrFailed(named, err)
	}
	return append(v.stackState(stack), v.missingOutputs()...)
}

func (v *visit) listResources(ctx context.Context) error {
	v.resources, v.functions = map[string][]string{}, map[string]*deployedFunction{}
	aliases := map[string]string{}
	pages := cloudformation.NewListStackResourcesPaginator(v.cloudformation, &cloudformation.ListStackResourcesInput{StackName: &v.stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing the stack's resources: %w", err)
		}
		for _, r := range page.StackResourceSummaries {
			kind, logical, physical := aws.ToString(r.ResourceType), aws.ToString(r.LogicalResourceId), aws.ToString(r.PhysicalResourceId)
			if physical == "" {
				continue // not made yet, or gone
			}
			v.resources[kind] = append(v.resources[kind], physical)
			for _, p := range programs {
				name := strings.ToUpper(p.name[:1]) + p.name[1:]
				switch {
				case kind == "AWS::Lambda::Function" && strings.Contains(logical, name+"Function"):
					v.functions[p.name] = &deployedFunction{program: p.program, id: physical}
				case kind == "AWS::Lambda::Alias" && strings.Contains(logical, name+"Alias"):
					aliases[p.name] = physical[strings.LastIndexByte(physical, ':')+1:]
				}
			}
		}
	}
	for name, alias := range aliases {
		if f := v.functions[name]; f != nil {
			f.alias = alias
		}
	}
	return nil
}

// stageOf returns the stage that a stack's name has.
func stageOf(stack string) string {
	stage, found := strings.CutPrefix(stack, "infobip-otp-")
	if !found {
		return ""
	}
	return stage
}

func (v *visit) stackState(stack cftypes.Stack) []finding {
	v.stage = stageOf(v.stack)
	state, changed := stack.StackStatus, aws.ToTime(stack.LastUpdatedTime)
	if changed.IsZero() {
		changed = aws.ToTime(stack.CreationTime)
	}
	const why = "aws cloudformation describe-stack-events --stack-name NAME says at which resource, and why"
	var found []finding
	switch {
	case state == cftypes.StackStatusUpdateRollbackComplete:
		found = warned(why+"; then make deploy again", "its last update failed and was rolled back (%s): an older version runs", when(changed, time.Now()))
	case strings.HasSuffix(string(state), "_IN_PROGRESS"):
		found = warned("wait until it is done, and run this again", "it is being changed: %s", state)
	case state != cftypes.StackStatusCreateComplete && state != cftypes.StackStatusUpdateComplete && state != cftypes.StackStatusImportComplete:
		found = failed(why, "its state is %s", state)
	}
	if v.keeps() && !aws.ToBool(stack.EnableTerminationProtection) {
		found = append(found, warned("aws cloudformation update-termination-protection --enable-termination-protection --stack-name "+v.stack,
			"it can be deleted by one call")...)
	}
	return orElse(found, "%s, %s, last changed %s", v.stack, state, when(changed, time.Now()))
}

func (v *visit) missingOutputs() []finding {
	var missing []string
	for _, name := range stackOutputs {
		if v.outputs[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return failed("is it this project's stack? make deploy gives it its outputs again", "it has no output %s", strings.Join(missing, ", "))
}
