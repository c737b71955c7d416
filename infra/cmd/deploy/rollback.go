package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// move takes an alias from the version that it names to the one before.
type move struct {
	function, alias string
	from, to        int
	release         string // of the version that it is moved to; empty if its description names none
}

func (m move) String() string {
	return fmt.Sprintf("%s:%s from version %d to %d", m.function, m.alias, m.from, m.to)
}

// rollback moves each alias of the stack to the version before: code and settings of the
// deployment before, for requests that come from now on. All are looked at before the first is
// moved, since two functions of different deployments may not understand each other; so nothing is
// moved while CloudFormation is at work either, when an alias may be between two.
func rollback(ctx context.Context, arguments []string) error {
	const refusal = "nothing was rolled back"
	if len(arguments) > 0 {
		return fmt.Errorf("%s: it takes no arguments, and %q is one", refusal, arguments[0])
	}
	t, found, err := findTarget(ctx, refusal)
	if err != nil {
		return err
	}
	stack, err := describe(ctx, t)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", refusal, err)
	case stack == nil:
		return t.noStack(refusal)
	case stack.StackStatus == types.StackStatusUpdateInProgress: // the one state that can be called off
		found.stop(fmt.Sprintf("CloudFormation is at work on the stack %s (%s); this takes back what an update has begun:", t.stack(), stack.StackStatus),
			t.aws("cloudformation cancel-update-stack --stack-name "+t.stack()))
	case busy(stack):
		found.stopBusy(t, stack)
	}
	err = found.report(os.Stderr, refusal)
	if err != nil {
		return err
	}
	client := lambda.NewFromConfig(t.config)
	moves, err := movesBack(ctx, client, t)
	if err != nil {
		return fmt.Errorf("%s: %w", refusal, err)
	}
	for i, m := range moves {
		_, err := client.UpdateAlias(ctx, &lambda.UpdateAliasInput{
			FunctionName: &m.function, Name: &m.alias, FunctionVersion: aws.String(strconv.Itoa(m.to)),
			// What a gradual deployment has begun ends too.
			RoutingConfig: &lambdatypes.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{}},
		})
		if err != nil {
			return errors.New(finding{fmt.Sprintf("%d of %d are moved, and %s is not (%v); the others by hand:", i, len(moves), m, innermost(err)), t.byHand(moves[i:])}.String())
		}
		say("moved %s", m)
	}
	say("the next make deploy of another version moves on from here; with DEPLOYMENT=all-at-once the first time")
	return nil
}

// movesBack returns the moves of all aliases of the stack.
func movesBack(ctx context.Context, client *lambda.Client, t target) ([]move, error) {
	resources, err := resourcesOf(ctx, t)
	if err != nil {
		return nil, err
	}
	var moves []move
	var faults []error
	for _, resource := range resources {
		if aws.ToString(resource.ResourceType) != "AWS::Lambda::Alias" {
			continue
		}
		m, err := moveBack(ctx, client, aws.ToString(resource.PhysicalResourceId))
		moves, faults = append(moves, m), append(faults, err)
	}
	if len(moves) == 0 {
		return nil, fmt.Errorf("the stack %s has no alias: it is of a version that deployed without, so deploy the one before", t.stack())
	}
	err = errors.Join(faults...)
	if err != nil {
		return nil, err
	}
	return moves, oneRelease(moves)
}

// oneRelease returns an error where the versions before are not of one deployment. Those that the stack
// publishes are; one that somebody published by hand, or an app that changes a function alone,
// comes between.
func oneRelease(moves []move) error {
	for _, m := range moves {
		if m.release != moves[0].release {
			return fmt.Errorf("the versions before are not of one deployment (%s %d is of %s, %s %d of %s): move each alias by hand, with aws lambda update-alias",
				moves[0].function, moves[0].to, cmp.Or(moves[0].release, "none that is known"), m.function, m.to, cmp.Or(m.release, "none that is known"))
		}
	}
	return nil
}

// byHand are the commands for moves that are still to be made.
func (t target) byHand(moves []move) []string {
	var commands []string
	for _, m := range moves {
		commands = append(commands, t.aws(fmt.Sprintf("lambda update-alias --function-name %s --name %s --function-version %d", m.function, m.alias, m.to)))
	}
	return commands
}

// releaseForm is how a description names the release (infra/release.go).
var releaseForm = regexp.MustCompile(`\bRelease ([0-9a-f]{12})\.$`)

// moveBack looks for the newest version below the one that an alias names.
func moveBack(ctx context.Context, client *lambda.Client, arn string) (move, error) {
	at := strings.LastIndexByte(arn, ':')
	if at < 0 {
		return move{}, fmt.Errorf("%q is no ARN of an alias", arn)
	}
	m := move{function: arn[strings.LastIndexByte(arn[:at], ':')+1 : at], alias: arn[at+1:]}
	alias, err := client.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &m.function, Name: &m.alias})
	if err != nil {
		return m, fmt.Errorf("asking for %s:%s: %w", m.function, m.alias, innermost(err))
	}
	m.from, err = strconv.Atoi(aws.ToString(alias.FunctionVersion))
	if err != nil {
		return m, fmt.Errorf("%s:%s names %s, which is no published version", m.function, m.alias, aws.ToString(alias.FunctionVersion))
	}
	pages := lambda.NewListVersionsByFunctionPaginator(client, &lambda.ListVersionsByFunctionInput{FunctionName: &m.function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return m, fmt.Errorf("asking for the versions of %s: %w", m.function, innermost(err))
		}
		for _, version := range page.Versions {
			number, err := strconv.Atoi(aws.ToString(version.Version))
			if err != nil || number >= m.from || number < m.to { // $LATEST is no number
				continue
			}
			m.to, m.release = number, ""
			if named := releaseForm.FindStringSubmatch(aws.ToString(version.Description)); named != nil {
				m.release = named[1]
			}
		}
	}
	if m.to == 0 {
		return m, fmt.Errorf("%s has no version before %d", m.function, m.from)
	}
	return m, nil
}
