package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// describe returns the stack, or nil where there is none.
func describe(ctx context.Context, t target) (*types.Stack, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := cloudformation.NewFromConfig(t.config).DescribeStacks(ctx,
		&cloudformation.DescribeStacksInput{StackName: aws.String(t.stack())})
	if absent(err) {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	if err != nil {
		return nil, fmt.Errorf("describing the stack %s: %w", t.stack(), err)
	}
	if len(answer.Stacks) == 0 {
		return nil, nil //nolint:nilnil // likewise
	}
	return &answer.Stacks[0], nil
}

// absent reports whether CloudFormation refused because there is no such stack.
func absent(err error) bool {
	refused, ok := errors.AsType[smithy.APIError](err)
	return ok && refused.ErrorCode() == "ValidationError" && strings.Contains(refused.ErrorMessage(), "does not exist")
}

// noStack returns the error of a command that finds no stack to work on.
func (t target) noStack(refusal string) error {
	return fmt.Errorf("%s: there is no stack %s in account %s in %s (STAGE, AWS_PROFILE and AWS_REGION say which)", refusal, t.stack(), t.id, t.region())
}

// free are the commands after which a stack that was never made whole is gone.
func (t target) free(stack *types.Stack) []string {
	var commands []string
	if aws.ToBool(stack.EnableTerminationProtection) {
		commands = append(commands, t.unprotect())
	}
	return append(commands, t.aws("cloudformation delete-stack --stack-name "+t.stack()))
}

func (t target) unprotect() string {
	return t.aws("cloudformation update-termination-protection --no-enable-termination-protection --stack-name " + t.stack())
}

// events shows why a stack is in its state.
func (t target) events() string {
	return t.aws("cloudformation describe-stack-events --stack-name " + t.stack() +
		` --query "StackEvents[?contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]" --output text`)
}

// busy reports whether CloudFormation is at work on the stack. One in review is none yet.
func busy(stack *types.Stack) bool {
	return strings.HasSuffix(string(stack.StackStatus), "_IN_PROGRESS") && stack.StackStatus != types.StackStatusReviewInProgress
}

func (f *findings) stopBusy(t target, stack *types.Stack) {
	f.stop(fmt.Sprintf("CloudFormation is at work on the stack %s (%s): wait until it is over", t.stack(), stack.StackStatus),
		t.aws("cloudformation describe-stacks --stack-name "+t.stack()+" --query Stacks[0].StackStatus"))
}

// updatable checks that the stack, where there is one, is in a state that a deployment can begin
// from.
func (f *findings) updatable(ctx context.Context, t target) {
	stack, err := describe(ctx, t)
	if err != nil {
		f.unseen("the state of the stack", "cloudformation:DescribeStacks", err)
		return
	}
	if stack == nil {
		return
	}
	status := stack.StackStatus
	switch {
	case busy(stack):
		f.stopBusy(t, stack)
	case status == types.StackStatusRollbackComplete || status == types.StackStatusRollbackFailed:
		failed := fmt.Sprintf("the first deployment of the stack %s failed (%s), and such a stack cannot be updated", t.stack(), status)
		if !aws.ToBool(stack.EnableTerminationProtection) {
			f.note(failed + ": the CDK deletes it, and begins anew")
			break
		}
		f.stop(failed+"; it is protected against deletion, so free it, wait until it is gone, and deploy again:", t.free(stack)...)
	case status == types.StackStatusDeleteFailed:
		f.stop(fmt.Sprintf("the stack %s was deleted, and not all of it could be (%s); look why, and delete it again:", t.stack(), status),
			append([]string{t.events()}, t.free(stack)...)...)
	case status == types.StackStatusUpdateRollbackFailed:
		f.stop(fmt.Sprintf("an update of the stack %s failed, and so did taking it back (%s); look why, and take it back whole:", t.stack(), status),
			t.events(), t.aws("cloudformation continue-update-rollback --stack-name "+t.stack()))
	}
}
