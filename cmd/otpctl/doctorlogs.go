package main

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// logGroups returns the log groups of the functions and of the access log, by whose it is. A name
// is empty where nothing is logged.
func (v *visit) logGroups() map[string]string {
	groups := map[string]string{}
	for _, p := range programs {
		if f := v.functions[p.name]; f != nil && f.found != nil {
			groups[p.name] = "/aws/lambda/" + f.id
			if logging := f.found.LoggingConfig; logging != nil && aws.ToString(logging.LogGroup) != "" {
				groups[p.name] = *logging.LogGroup
			}
		}
	}
	if v.gateway != nil && v.gateway.stage != nil {
		groups[accessLog] = ""
		if access := v.gateway.stage.AccessLogSettings; access != nil {
			_, name, _ := strings.Cut(aws.ToString(access.DestinationArn), ":log-group:")
			groups[accessLog] = strings.TrimSuffix(name, ":*")
		}
	}
	return groups
}

const accessLog = "the access log"

func checkLogs(ctx context.Context, v *visit) []finding {
	groups := v.logGroups()
	if len(groups) == 0 {
		return unknown("neither functions nor API are known")
	}
	var found []finding
	for _, whose := range []string{"send", "verify", "discovery", accessLog} {
		name, known := groups[whose]
		switch {
		case !known:
			continue
		case name == "":
			found = append(found, warned(deployAgain, "the API writes no access log: nobody sees what API Gateway itself refuses")...)
			continue
		}
		group, err := v.logGroup(ctx, name)
		switch {
		case err != nil:
			return append(found, refusedOrFailed(resource{"log group", name, "the stack", "logs:DescribeLogGroups"}, err)...)
		case group == nil:
			found = append(found, failed(deployAgain, "the log group of %s is gone: %s", whose, name)...)
		case aws.ToInt32(group.RetentionInDays) == 0:
			found = append(found, warned("LOG_RETENTION_DAYS in deploy.env, and make deploy", "the log of %s is kept for ever: %s", whose, name)...)
		}
	}
	return orElse(found, "%s, each with an end", count(len(groups), "log group"))
}

// logGroup returns the group of exactly that name, or nil.
func (v *visit) logGroup(ctx context.Context, name string) (*logtypes.LogGroup, error) {
	got, err := v.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return nil, err
	}
	for i := range got.LogGroups {
		if aws.ToString(got.LogGroups[i].LogGroupName) == name {
			return &got.LogGroups[i], nil
		}
	}
	return nil, nil
}

// mostLogPolicies is how many resource policies CloudWatch Logs has room for in an account and
// region; a service that wants to add an eleventh, or to grow one beyond 5,120 characters,
// delivers nothing.
const mostLogPolicies = 10

// delivery is who writes access logs, in API Gateway's stead.
const delivery = "delivery.logs.amazonaws.com"

func checkLogDelivery(ctx context.Context, v *visit) []finding {
	name := v.logGroups()[accessLog]
	if name == "" {
		return unknown("no access log is known")
	}
	got, err := v.logs.DescribeResourcePolicies(ctx, &cloudwatchlogs.DescribeResourcePoliciesInput{})
	if err != nil {
		return refusedOrFailed(resource{"policies", "of CloudWatch Logs", "AWS_PROFILE", "logs:DescribeResourcePolicies"}, err)
	}
	for _, policy := range got.ResourcePolicies {
		if delivers(aws.ToString(policy.PolicyDocument), name) {
			return okay("a resource policy lets the access log be written (%d of %d policies are used)", len(got.ResourcePolicies), mostLogPolicies)
		}
	}
	const todo = "aws logs describe-resource-policies shows them: merge some into one for " + delivery + " with logs:CreateLogStream and logs:PutLogEvents on " +
		"log-group:* (a stage's log group by name), then make deploy"
	if len(got.ResourcePolicies) >= mostLogPolicies {
		return failed(todo, "all %d resource policies of the region are used, and none lets the access log be written: it stays empty", mostLogPolicies)
	}
	return warned(todo, "no resource policy names %s for the access log: AWS adds one as it deploys, so a log that stays empty has lost it", delivery)
}

// vendedLogs is where AWS's own services write logs to. A policy that has come near its 5,120
// characters names all of it by one line, and no group by its name.
const vendedLogs = "/aws/vendedlogs/"

// delivers reports whether a resource policy lets a group's access log be written.
func delivers(policy, group string) bool {
	if !strings.Contains(policy, delivery) {
		return false
	}
	return strings.Contains(policy, group) || strings.Contains(policy, `log-group:*`) || strings.Contains(policy, `"Resource":"*"`) ||
		strings.HasPrefix(group, vendedLogs) && strings.Contains(policy, "log-group:"+vendedLogs+"*")
}
