package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"go.yaml.in/yaml/v3"
)

// confirmed is the argument that answers the one question.
const confirmed = "--yes"

// longestDeletion is far above what a stack of this size takes.
const longestDeletion = 30 * time.Minute

// destroy deletes the stack by CloudFormation itself: neither the functions nor the CDK have to
// be built for it, and settings that are wrong by now do not matter.
func destroy(ctx context.Context, arguments []string) error {
	const refusal = "nothing was destroyed"
	for _, argument := range arguments {
		if argument != confirmed {
			return fmt.Errorf("%s: %s is all that can be said to it, which %q is not", refusal, confirmed, argument)
		}
	}
	t, found, err := findTarget(ctx, refusal)
	if err != nil {
		return err
	}
	stack, err := describe(ctx, t)
	if err != nil {
		return fmt.Errorf("%s: %w", refusal, err)
	}
	if stack == nil {
		return t.noStack(refusal)
	}
	kept, gone, err := remains(ctx, t)
	if err != nil {
		return fmt.Errorf("%s: %w", refusal, err)
	}
	say("the stack %s in account %s in %s: %d resources go, %d stay", t.stack(), t.id, t.region(), gone, len(kept))
	for _, line := range staying(kept, t) {
		say("%s", line)
	}
	switch {
	case busy(stack):
		found.stopBusy(t, stack)
	case aws.ToBool(stack.EnableTerminationProtection):
		found.stop("the stack is protected against deletion; if it is meant:", t.unprotect(), "make destroy")
	}
	err = found.report(os.Stderr, refusal)
	if err != nil {
		return err
	}
	if !slices.Contains(arguments, confirmed) && !confirm(os.Stdin, t.stack()) {
		return fmt.Errorf("%s: answer with the stack's name, or `make destroy ARGS=%s`", refusal, confirmed)
	}
	err = deleteStack(ctx, t, *stack.StackId)
	if err != nil {
		return err
	}
	say("the stack %s is gone", t.stack())
	return forget(t.stage)
}

// confirm asks for the stack's name, which a script can answer too.
func confirm(answers io.Reader, name string) bool {
	fmt.Fprintf(os.Stderr, "type %s to delete it: ", name)
	line, err := bufio.NewReader(answers).ReadString('\n')
	return (err == nil || errors.Is(err, io.EOF)) && strings.TrimSpace(line) == name
}

// deleteStack deletes the stack and waits until it is gone. A stack that is gone is known by its
// id alone.
func deleteStack(ctx context.Context, t target, id string) error {
	client := cloudformation.NewFromConfig(t.config)
	_, err := client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String(t.stack())})
	if err != nil {
		return fmt.Errorf("deleting the stack %s: %w", t.stack(), err)
	}
	say("deleting it takes some minutes")
	err = cloudformation.NewStackDeleteCompleteWaiter(client, func(o *cloudformation.StackDeleteCompleteWaiterOptions) {
		o.MinDelay = time.Second
	}).Wait(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(id)}, longestDeletion)
	if err != nil {
		return errors.New(finding{fmt.Sprintf("the stack %s is not gone (%v); to see why:", t.stack(), innermost(err)), []string{t.events()}}.String())
	}
	return nil
}

// remains returns what the deletion of the stack leaves, by the template that it was deployed
// with, and how many resources go.
func remains(ctx context.Context, t target) ([]types.StackResourceSummary, int, error) {
	answer, err := cloudformation.NewFromConfig(t.config).GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String(t.stack())})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the template of the stack: %w", err)
	}
	var template struct {
		Resources map[string]struct {
			DeletionPolicy string `yaml:"DeletionPolicy"`
		} `yaml:"Resources"`
	}
	err = yaml.Unmarshal([]byte(aws.ToString(answer.TemplateBody)), &template) // JSON is YAML
	if err != nil {
		return nil, 0, fmt.Errorf("reading the template of the stack: %w", err)
	}
	resources, err := resourcesOf(ctx, t)
	if err != nil {
		return nil, 0, err
	}
	var kept []types.StackResourceSummary
	gone := 0
	for _, resource := range resources {
		policy := template.Resources[aws.ToString(resource.LogicalResourceId)].DeletionPolicy
		switch {
		case resource.ResourceStatus == types.ResourceStatusDeleteComplete:
		case aws.ToString(resource.ResourceType) == "AWS::Lambda::Version":
			gone++ // kept for a rollback, and gone with its function
		case strings.HasPrefix(policy, "Retain"): // or RetainExceptOnCreate
			kept = append(kept, resource)
		default:
			gone++
		}
	}
	return kept, gone, nil
}

// leftover says what a resource costs that nobody uses any more, at list prices of us-east-1,
// and how to remove it.
type leftover struct {
	what   string
	remove []string // commands of the AWS CLI, for its physical id
}

var leftovers = map[string]leftover{
	"AWS::DynamoDB::Table": {"table %s, with every limit and every closed number: 0.25 US dollars a GB and month", []string{
		"dynamodb update-table --no-deletion-protection-enabled --table-name %s", "dynamodb delete-table --table-name %s",
	}},
	"AWS::SecretsManager::Secret": {"secret %s, without whose phone key the table is unreadable: 0.40 US dollars a month", []string{
		"secretsmanager delete-secret --recovery-window-in-days 30 --secret-id %s",
	}},
	"AWS::Logs::LogGroup": {"log group %s, whose events end by LOG_RETENTION_DAYS: 0.03 US dollars a GB and month", []string{
		"logs delete-log-group --log-group-name %s",
	}},
	"AWS::KMS::Key": {"key of proofs %s: 1 US dollar a month", []string{
		"kms schedule-key-deletion --pending-window-in-days 30 --key-id %s",
	}},
}

// staying names what stays, a line each, and the commands that remove it.
func staying(kept []types.StackResourceSummary, t target) []string {
	var lines []string
	for _, resource := range kept {
		id, kind := aws.ToString(resource.PhysicalResourceId), aws.ToString(resource.ResourceType)
		known, ok := leftovers[kind]
		if !ok {
			lines = append(lines, "- stays: "+kind+" "+id)
			continue
		}
		line := finding{sentence: "- stays: " + fmt.Sprintf(known.what, id)}
		for _, command := range known.remove {
			line.commands = append(line.commands, t.aws(fmt.Sprintf(command, id)))
		}
		lines = append(lines, line.String())
	}
	return lines
}
