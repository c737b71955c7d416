package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each thing that would go wrong is one finding, with the command that helps; nothing is begun.
func TestFindings(t *testing.T) {
	const region = " --region eu-central-1"
	for _, test := range []struct {
		name        string
		spoil       func(*cloud)
		environment []string
		want        []string
	}{
		{
			"no bootstrap", func(c *cloud) { c.bootstrap = "" }, nil,
			[]string{"account 123456789012 is not prepared for the CDK in eu-central-1; once for each account and region:\n    make bootstrap\n"},
		},
		{
			"an old bootstrap", func(c *cloud) { c.bootstrap = "5" }, nil,
			[]string{"for an older CDK (version 5, and this one needs 6); renew it:\n    make bootstrap\n"},
		},
		{
			"a first deployment that failed", func(c *cloud) { c.status, c.protected = "ROLLBACK_COMPLETE", true }, []string{"AWS_PROFILE=work"},
			[]string{
				"the first deployment of the stack infobip-otp-development failed (ROLLBACK_COMPLETE), and such a stack cannot be updated; it is protected",
				"    aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name infobip-otp-development" + region + " --profile work\n" +
					"    aws cloudformation delete-stack --stack-name infobip-otp-development" + region + " --profile work\n",
			},
		},
		{
			"one that could not be rolled back", func(c *cloud) { c.status, c.protected = "ROLLBACK_FAILED", true }, nil,
			[]string{"failed (ROLLBACK_FAILED), and such a stack cannot be updated", "--no-enable-termination-protection", "delete-stack"},
		},
		{
			"a deletion that failed", func(c *cloud) { c.status = "DELETE_FAILED" }, nil,
			[]string{"not all of it could be (DELETE_FAILED)", "describe-stack-events", "\n    aws cloudformation delete-stack --stack-name infobip-otp-development" + region + "\n"},
		},
		{
			"an update that could not be taken back", func(c *cloud) { c.status = "UPDATE_ROLLBACK_FAILED" }, nil,
			[]string{"so did taking it back (UPDATE_ROLLBACK_FAILED)", "aws cloudformation continue-update-rollback --stack-name infobip-otp-development" + region},
		},
		{
			"a stack at work", func(c *cloud) { c.status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" }, nil,
			[]string{"is at work on the stack infobip-otp-development (UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS): wait", "aws cloudformation describe-stacks --stack-name"},
		},
		{
			"reservations in a new account", func(c *cloud) { c.concurrency, c.unreserved = 10, 10 }, []string{"RESERVED_CONCURRENCY_SEND=5"},
			[]string{
				"- RESERVED_CONCURRENCY_SEND and its kin reserve 5 parallel executions together, and the account has 0 to give: of its 10 in eu-central-1 others reserve 0, and 100 stay free; reserve less, or ask for more:",
				"    aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000" + region + "\n",
			},
		},
		{
			"one reservation too many", func(c *cloud) { c.unreserved = 600 }, []string{"RESERVED_CONCURRENCY_SEND=300", "RESERVED_CONCURRENCY_VERIFY=150", "RESERVED_CONCURRENCY_DISCOVERY=51"},
			[]string{"reserve 501 parallel executions together, and the account has 500 to give: of its 1000 in eu-central-1 others reserve 400", "--desired-value 1001"},
		},
		{
			"more requests a second than API Gateway takes", func(c *cloud) { c.rate = 2500 }, []string{"THROTTLE_VERIFY=2501/2501", "THROTTLE_OTHER=1/1251"},
			[]string{
				"- THROTTLE_VERIFY is 2501/2501, and API Gateway takes 2500/1250 in this account and region, for all APIs together; set it lower, or ask for more",
				"    aws service-quotas request-service-quota-increase --service-code apigateway --quota-code L-8A5B8E43 --desired-value 5000" + region + "\n",
				"- THROTTLE_OTHER is 1/1251, and",
			},
		},
		{
			"another account than pinned", func(*cloud) {}, []string{"DEPLOY_ACCOUNT=111122223333"},
			[]string{"- these credentials are of the account 123456789012, and DEPLOY_ACCOUNT says 111122223333: sign in there\n"},
		},
		{
			"no account", func(*cloud) {}, []string{"DEPLOY_ACCOUNT=production"},
			[]string{"- DEPLOY_ACCOUNT must be the twelve digits of an AWS account\n"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := ready()
			test.spoil(c)
			root := checkout(t)
			write(t, filepath.Join(root, ".aws", "config"), "[profile work]\n", 0o600)
			output, code := runs(t, root, slices.Concat(complete, test.environment, []string{c.start(t)}), "deploy")
			if code != 1 || !strings.Contains(output, "nothing was deployed:\n- ") || strings.Contains(output, "npm") {
				t.Errorf("exit code %d, want 1, and nothing begun:\n%s", code, output)
			}
			want(t, output, test.want...)
		})
	}
}

// What fits to the last execution, and what a deployment may begin from, is no finding.
func TestNothingInTheWay(t *testing.T) {
	for name, test := range map[string]struct {
		spoil       func(*cloud)
		environment []string
	}{
		"the least bootstrap":   {func(c *cloud) { c.bootstrap = "6" }, nil},
		"a change set":          {func(c *cloud) { c.status = "REVIEW_IN_PROGRESS" }, nil},
		"a stack":               {func(c *cloud) { c.status, c.protected = "UPDATE_ROLLBACK_COMPLETE", true }, nil},
		"all that can be given": {func(c *cloud) { c.unreserved = 600 }, []string{"RESERVED_CONCURRENCY_SEND=500"}},
		"what it reserves already": {func(c *cloud) {
			c.status, c.unreserved = "CREATE_COMPLETE", 100
			c.resources, c.reserves = []string{"Send AWS::Lambda::Function send-1", "Table AWS::DynamoDB::Table t"}, map[string]int{"send-1": 900}
		}, []string{"RESERVED_CONCURRENCY_SEND=900"}},
		"throttles at the quota": {func(c *cloud) { c.rate = 400 }, []string{"THROTTLE_VERIFY=200/200"}},
		"the pinned account":     {func(*cloud) {}, []string{"DEPLOY_ACCOUNT=123456789012"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := ready()
			test.spoil(c)
			output, code := runs(t, checkout(t), slices.Concat(complete, test.environment, []string{c.start(t)}), "deploy")
			if code != 0 || !strings.Contains(output, "cdk deploy") {
				t.Errorf("exit code %d, want 0:\n%s", code, output)
			}
		})
	}
}

// What a role may not see is a note, and no reason to stop.
func TestNotes(t *testing.T) {
	c := ready()
	c.forbids = []string{"GetParameter", "DescribeStacks", "GetAccountSettings", "GetAccount"}
	output, code := runs(t, checkout(t), append(complete, c.start(t)), "deploy")
	if code != 0 || strings.Count(output, "note: ") != 4 {
		t.Errorf("exit code %d, want 0, and four notes:\n%s", code, output)
	}
	want(t, output,
		"note: whether the account is prepared for the CDK was not looked at: the role may not ssm:GetParameter\n",
		"note: the state of the stack was not looked at: the role may not cloudformation:DescribeStacks\n",
		"note: how many parallel executions the account has was not looked at: the role may not lambda:GetAccountSettings\n",
		"note: how many requests a second API Gateway takes in this account was not looked at: the role may not apigateway:GET\n")

	// Without what the functions reserve already nobody knows what is to give.
	for _, forbidden := range [][]string{{"GetFunctionConcurrency"}, {"ListStackResources"}, {"DescribeStacks", "ListStackResources"}} {
		c = ready()
		c.status, c.unreserved, c.forbids = "CREATE_COMPLETE", 100, forbidden
		c.resources = []string{"Send AWS::Lambda::Function send-1"}
		output, code = runs(t, checkout(t), append(complete, "RESERVED_CONCURRENCY_SEND=900", c.start(t)), "deploy")
		if code != 0 {
			t.Errorf("without %v: exit code %d, want 0:\n%s", forbidden, code, output)
		}
		want(t, output, "note: what the functions reserve now was not looked at: the role may not cloudformation:ListStackResources and lambda:GetFunctionConcurrency\n")
	}

	c = ready()
	c.status, c.concurrency, c.unreserved = "ROLLBACK_COMPLETE", 10, 10
	output, code = runs(t, checkout(t), append(complete, c.start(t)), "deploy")
	if code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, output)
	}
	want(t, output, "note: the first deployment of the stack infobip-otp-development failed (ROLLBACK_COMPLETE), and such a stack cannot be updated: the CDK deletes it, and begins anew\n",
		"note: the throttles let 500 requests in at once, and the account runs 10 functions at once in eu-central-1, beyond which API Gateway answers 503")
}

// A stage that was deployed elsewhere from this machine is not deployed, nor deleted, here
// unless somebody says so.
func TestAnotherPlaceThanTheLastTime(t *testing.T) {
	for _, test := range []struct {
		last, pin string
		stops     bool
	}{
		{`{"account":"123456789012","region":"eu-central-1"}`, "", false},
		{`{"account":"111122223333","region":"eu-central-1"}`, "", true},
		{`{"account":"123456789012","region":"us-east-1"}`, "", true},
		{`{"account":"111122223333","region":"eu-central-1"}`, "123456789012", false},
		{`{"account":"123456789012","region":"us-east-1"}`, "123456789012", true},
		{`{"account":`, "", true},
	} {
		for _, command := range []string{"deploy", "bootstrap", "destroy"} {
			root := checkout(t)
			write(t, filepath.Join(root, ".deploy", "development.json"), test.last, 0o600)
			c := ready()
			c.status = "CREATE_COMPLETE"
			output, code := answers(t, root, "infobip-otp-development\n", append(complete, "DEPLOY_ACCOUNT="+test.pin, c.start(t)), command)
			if (code == 1) != test.stops {
				t.Errorf("%s, the last time %s, pinned %q: exit code %d\n%s", command, test.last, test.pin, code, output)
			}
			if test.stops {
				want(t, output, "\n    rm .deploy/development.json\n")
			}
		}
	}
	// A pin changes what is refused, not what was.
	root := checkout(t)
	write(t, filepath.Join(root, ".deploy", "development.json"), `{"account":"111122223333","region":"us-east-1"}`, 0o600)
	output, _ := runs(t, root, append(complete, "DEPLOY_ACCOUNT=123456789012", ready().start(t)), "deploy")
	want(t, output, "was deployed to account 111122223333 in us-east-1 the last time, and this would be account 123456789012 in eu-central-1")

	output, code := runs(t, checkout(t), append(complete, ready().start(t)), "bootstrap", "--trust", "111122223333")
	if wanted := "preparing account 123456789012 in eu-central-1 for the CDK\ncdk bootstrap aws://123456789012/eu-central-1 --trust 111122223333 to eu-central-1, stage , in "; code != 0 || !strings.Contains(output, wanted) || strings.Contains(output, "in infra") {
		t.Errorf("exit code %d, want 0, and the CDK in a folder without an app:\n%s", code, output)
	}
}

// keeping is a stack whose state outlives it.
func keeping(status string) *cloud {
	c := ready()
	c.status = status
	c.template = `{"Resources":{"Table":{"DeletionPolicy":"RetainExceptOnCreate"},"Secret":{"DeletionPolicy":"Retain"},"Logs":{"DeletionPolicy":"RetainExceptOnCreate"},` +
		`"Key":{"DeletionPolicy":"Retain"},"Bucket":{"DeletionPolicy":"Retain"},"Version":{"DeletionPolicy":"RetainExceptOnCreate"},"Send":{"DeletionPolicy":"Delete"},"Role":{}}}`
	c.resources = []string{
		"Table AWS::DynamoDB::Table otp-table", "Secret AWS::SecretsManager::Secret arn:secret", "Logs AWS::Logs::LogGroup /aws/vendedlogs/otp",
		"Version AWS::Lambda::Version arn:version", "Key AWS::KMS::Key 1234abcd", "Bucket AWS::S3::Bucket b", "Send AWS::Lambda::Function send-1", "Role AWS::IAM::Role r",
	}
	return c
}

func TestDestroyNamesWhatStays(t *testing.T) {
	c := keeping("CREATE_COMPLETE")
	c.protected = true
	root := checkout(t)
	output, code := runs(t, root, append(complete, c.start(t)), "destroy", "--yes")
	if code != 1 || len(c.calls) != 0 {
		t.Errorf("exit code %d and %v, want 1 and nothing done:\n%s", code, c.calls, output)
	}
	want(t, output,
		"the stack infobip-otp-development in account 123456789012 in eu-central-1: 3 resources go, 5 stay\n",
		"- stays: table otp-table, with every limit and every closed number: 0.25 US dollars a GB and month\n"+
			"    aws dynamodb update-table --no-deletion-protection-enabled --table-name otp-table --region eu-central-1\n"+
			"    aws dynamodb delete-table --table-name otp-table --region eu-central-1\n",
		"- stays: secret arn:secret, ", "aws secretsmanager delete-secret --recovery-window-in-days 30 --secret-id arn:secret",
		"- stays: log group /aws/vendedlogs/otp, ", "aws logs delete-log-group --log-group-name /aws/vendedlogs/otp",
		"- stays: key of proofs 1234abcd: 1 US dollar a month", "aws kms schedule-key-deletion --pending-window-in-days 30 --key-id 1234abcd",
		"- stays: AWS::S3::Bucket b\n",
		"nothing was destroyed:\n- the stack is protected against deletion; if it is meant:\n"+
			"    aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name infobip-otp-development --region eu-central-1\n    make destroy\n")
}

func TestDestroys(t *testing.T) {
	for name, test := range map[string]struct {
		stdin     string
		arguments []string
		code      int
	}{
		"the name":        {"infobip-otp-development\n", nil, 0},
		"without its end": {"infobip-otp-development", nil, 0},
		"by argument":     {"", []string{"--yes"}, 0},
		"another name":    {"infobip-otp-production\n", nil, 1},
		"yes":             {"yes\n", nil, 1},
		"nothing":         {"", nil, 1},
		"another word":    {"infobip-otp-development\n", []string{"--force"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := keeping("CREATE_COMPLETE")
			root := checkout(t)
			write(t, filepath.Join(root, ".deploy", "development.json"), `{"account":"123456789012","region":"eu-central-1"}`, 0o600)
			output, code := answers(t, root, test.stdin, append(complete, c.start(t)), append([]string{"destroy"}, test.arguments...)...)
			if code != test.code || (len(c.calls) == 1) != (test.code == 0) {
				t.Errorf("exit code %d and %v, want %d:\n%s", code, c.calls, test.code, output)
			}
			_, err := os.Stat(filepath.Join(root, ".deploy", "development.json"))
			if (err == nil) == (test.code == 0) {
				t.Errorf("the stage is remembered: %v", err)
			}
		})
	}
}

func TestDestroyIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*cloud)
		want  string
	}{
		"no stack":          {func(c *cloud) { c.status = "" }, "nothing was destroyed: there is no stack infobip-otp-development in account 123456789012 in eu-central-1"},
		"a stack at work":   {func(c *cloud) { c.status = "UPDATE_IN_PROGRESS" }, "nothing was destroyed:\n- CloudFormation is at work on the stack"},
		"may not look":      {func(c *cloud) { c.forbids = []string{"GetTemplate"} }, "nothing was destroyed: reading the template of the stack: "},
		"refused":           {func(c *cloud) { c.forbids = []string{"DeleteStack"} }, "deleting the stack infobip-otp-development: "},
		"not gone":          {func(c *cloud) { c.deleteFails = true }, "the stack infobip-otp-development is not gone ("},
		"wrong credentials": {func(c *cloud) { c.refuses = "ExpiredToken" }, "nothing was destroyed:\n- AWS does not take the credentials: they have expired"},
	} {
		t.Run(name, func(t *testing.T) {
			c := keeping("CREATE_COMPLETE")
			test.spoil(c)
			output, code := runs(t, checkout(t), append(complete, c.start(t)), "destroy", "--yes")
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			want(t, output, test.want)
		})
	}
}
