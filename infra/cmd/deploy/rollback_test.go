package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// released is a stack with a few versions behind it.
func released() *cloud {
	c := ready()
	c.status = "UPDATE_COMPLETE"
	for _, function := range []string{"send", "verify", "discovery"} {
		c.resources = append(c.resources, function+"Alias AWS::Lambda::Alias arn:aws:lambda:eu-central-1:123456789012:function:"+function+":live",
			function+"Function AWS::Lambda::Function "+function)
	}
	c.aliases = map[string]string{"send": "10", "verify": "10", "discovery": "10"}
	c.versions = []string{"1", "2", "3", "9", "10", "11"}
	return c
}

// TestRollsBack: each alias goes to the newest version below its own, by number and not by
// letters, and what was gradual is not any more.
func TestRollsBack(t *testing.T) {
	c := released()
	output, code := runs(t, checkout(t), append(complete, c.start(t)), "rollback")
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, output)
	}
	const moved = `{"FunctionVersion":"9","RoutingConfig":{"AdditionalVersionWeights":{}}}`
	wanted := []string{"send " + moved, "verify " + moved, "discovery " + moved}
	slices.Sort(wanted)
	slices.Sort(c.calls)
	if diff := cmp.Diff(wanted, c.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	want(t, output, "moved send:live from version 10 to 9\n", "moved verify:live from version 10 to 9\n", "moved discovery:live from version 10 to 9\n")
}

// TestRollbackIsAllOrNothing: what cannot be moved is found before anything is.
func TestRollbackIsAllOrNothing(t *testing.T) {
	for name, test := range map[string]struct {
		change    func(*cloud)
		arguments []string
		want      string
	}{
		"a first version":     {func(c *cloud) { c.aliases["verify"] = "1" }, nil, "nothing was rolled back: verify has no version before 1\n"},
		"an alias of $LATEST": {func(c *cloud) { c.aliases["send"] = "$LATEST" }, nil, "nothing was rolled back: send:live names $LATEST, which is no published version\n"},
		"a stack of before":   {func(c *cloud) { c.resources = nil }, nil, "nothing was rolled back: the stack infobip-otp-development has no alias"},
		"a role that may not": {func(c *cloud) { c.forbids = []string{"ListVersions"} }, nil, "nothing was rolled back: asking for the versions of"},
		"no stack":            {func(c *cloud) { c.status = "" }, nil, "nothing was rolled back: there is no stack infobip-otp-development in account 123456789012"},
		"versions of two deployments": {func(c *cloud) { c.aliases["verify"] = "9" }, nil,
			"nothing was rolled back: the versions before are not of one deployment (send 9 is of 000000000009, verify 3 of 000000000003)"},
		"a version of somebody's": {func(c *cloud) { c.releases = map[string]string{"discovery 9": "By hand."} }, nil,
			"(send 9 is of 000000000009, discovery 9 of none that is known)"},
		"a deployment under way": {func(c *cloud) { c.status = "UPDATE_IN_PROGRESS" }, nil, "nothing was rolled back:\n" +
			"- CloudFormation is at work on the stack infobip-otp-development (UPDATE_IN_PROGRESS); this takes back what an update has begun:\n" +
			"    aws cloudformation cancel-update-stack --stack-name infobip-otp-development --region eu-central-1\n"},
		"a deployment that is taken back": {func(c *cloud) { c.status = "UPDATE_ROLLBACK_IN_PROGRESS" }, nil, "nothing was rolled back:\n" +
			"- CloudFormation is at work on the stack infobip-otp-development (UPDATE_ROLLBACK_IN_PROGRESS): wait until it is over\n" +
			"    aws cloudformation describe-stacks --stack-name infobip-otp-development --query Stacks[0].StackStatus --region eu-central-1\n"},
		"a word behind it":      {func(*cloud) {}, []string{"3"}, "nothing was rolled back: it takes no arguments, and \"3\" is one\n"},
		"credentials of nobody": {func(c *cloud) { c.refuses = "InvalidClientTokenId" }, nil, "nothing was rolled back"},
	} {
		t.Run(name, func(t *testing.T) {
			c := released()
			test.change(c)
			output, code := runs(t, checkout(t), append(complete, c.start(t)), append([]string{"rollback"}, test.arguments...)...)
			if code != 1 || len(c.calls) != 0 {
				t.Errorf("exit code %d and %v, want 1 and nothing moved:\n%s", code, c.calls, output)
			}
			want(t, output, test.want)
		})
	}
}

// TestRollbackHalfway: what could not be moved is told with the commands that do.
func TestRollbackHalfway(t *testing.T) {
	c := released()
	c.moves = 1
	output, code := runs(t, checkout(t), append(complete, append([]string{"AWS_MAX_ATTEMPTS=1"}, c.start(t))...), "rollback")
	if code != 1 || len(c.calls) != 1 {
		t.Errorf("exit code %d and %v, want 1 and one move:\n%s", code, c.calls, output)
	}
	want(t, output, "moved send:live from version 10 to 9\n", "1 of 3 are moved, and verify:live from version 10 to 9 is not (",
		"    aws lambda update-alias --function-name verify --name live --function-version 9 --region eu-central-1\n"+
			"    aws lambda update-alias --function-name discovery --name live --function-version 9 --region eu-central-1\n")
}
