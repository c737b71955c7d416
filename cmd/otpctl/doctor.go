package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// doctor is the command of that name.
type doctor struct {
	ui     *tui
	target target
	stack  string
	dist   string
	// messages is the file of messages to compare with; empty for messages.yaml, if it is there.
	messages string
	json     bool
}

func newDoctor(ui *tui, getenv func(string) string) *cobra.Command {
	d := &doctor{ui: ui, target: target{ui: ui, getenv: getenv}}
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Look at a deployment end to end, and say what to do about each finding",
		Long: `doctor looks at everything that a deployment stands on, in AWS and at Infobip, and
says of each thing whether it is as it should be, and else what to do. It changes
nothing, sends nothing, and prints no key and no number.

The deployment is the stack --stack, by default infobip-otp- and STAGE. All else is found
from there. Infobip is asked with the key of the deployment's secret.

Findings are ok, warn (look at it) or fail (it does not work, or is not safe). The exit
code is 1 if any fails. The role needs to read: sts:GetCallerIdentity,
lambda:GetAccountSettings, cloudformation:DescribeStacks and ListStackResources,
lambda:GetFunctionConfiguration, dynamodb:DescribeTable, DescribeTimeToLive and
DescribeContinuousBackups, secretsmanager:DescribeSecret and GetSecretValue,
apigateway:GET, logs:DescribeLogGroups and DescribeResourcePolicies, kms:GetPublicKey.
What it may not see is a finding too.`,
		Example: `  STAGE=production otpctl doctor
  otpctl doctor --stack infobip-otp-production --json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(command *cobra.Command, _ []string) error { return d.run(command.Context()) },
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&d.stack, "stack", "", "`name` of the stack (default infobip-otp- and STAGE)")
	flags.StringVar(&d.dist, "dist", "", "`folder` of the local build, whose code is compared with the deployed (default dist/arm64, or dist/amd64 where that runs)")
	flags.StringVar(&d.messages, "messages", "", "`file` of messages to compare with (default "+messagesFile+", if it is there)")
	flags.BoolVar(&d.json, "json", false, "write the findings as a JSON array")
	return command
}

// status is how much a finding matters.
type status string

// What a status may be.
const (
	statusOK   status = "ok"
	statusWarn status = "warn"
	statusFail status = "fail"
)

// finding is what a check found of one thing.
type finding struct {
	Check  string `json:"check"`
	Status status `json:"status"`
	Found  string `json:"found"`
	// Todo is what to do about it; of something that is ok it is empty, but where only a
	// person can look.
	Todo string `json:"todo"`
}

func okay(format string, args ...any) []finding {
	return []finding{{Status: statusOK, Found: fmt.Sprintf(format, args...)}}
}

func warned(todo, format string, args ...any) []finding {
	return []finding{{Status: statusWarn, Found: fmt.Sprintf(format, args...), Todo: todo}}
}

func failed(todo, format string, args ...any) []finding {
	return []finding{{Status: statusFail, Found: fmt.Sprintf(format, args...), Todo: todo}}
}

// unknown returns the finding of a check that lacks what another one looks for.
func unknown(why string) []finding {
	return warned("mend what fails above, and run it again", "not looked at: %s", why)
}

// orElse returns the findings, or that all is well.
func orElse(found []finding, format string, args ...any) []finding {
	if len(found) > 0 {
		return found
	}
	return okay(format, args...)
}

// check looks at one thing. What it learns on the way it leaves in the visit.
type check struct {
	name string
	run  func(ctx context.Context, v *visit) []finding
}

// checks stand in the order in which they build on each other.
var checks = []check{
	{"credentials", checkCredentials},
	{"concurrency", checkConcurrency},
	{"stack", checkStack},
	{"functions", checkFunctions},
	{"settings", checkSettings},
	{"log level", checkLogLevel},
	{"version", checkVersion},
	{"secret", checkSecret},
	{"test recipients", checkTestRecipients},
	{"table", checkTable},
	{"expiry", checkExpiry},
	{"backups", checkBackups},
	{"routes", checkRoutes},
	{"throttles", checkThrottles},
	{"cors", checkCORS},
	{"logs", checkLogs},
	{"log delivery", checkLogDelivery},
	{"proof keys", checkProofKeys},
	{"documents", checkDocuments},
	{"infobip", checkInfobip},
	{"email resends", checkEmailResends},
	{"application", checkApplication},
	{"template", checkTemplate},
	{"messages", checkMessages},
	{"trial account", checkTrial},
}

func (d *doctor) run(ctx context.Context) error {
	r := settings.NewReader(d.target.getenv)
	stage := r.Text("STAGE")
	if err := r.Err(); err != nil {
		return fails(err, "set it again, or name the stack by --stack")
	}
	v := &visit{target: &d.target, stack: d.stack, dist: d.dist, messages: d.messages}
	if v.stack == "" {
		v.stack = "infobip-otp-" + cmp.Or(stage, development)
	}
	defer v.close()
	var all []finding
	for _, c := range checks {
		all = append(all, d.look(ctx, v, c)...)
		if err := ctx.Err(); err != nil {
			return fails(err)
		}
		if v.blind {
			break
		}
	}
	return d.report(v, all)
}

// checkTime bounds a check. That of the credentials is bounded by the sign-in, at which a
// person may be asked for a code.
const checkTime = 30 * time.Second

// look has one check look.
func (d *doctor) look(ctx context.Context, v *visit, c check) []finding {
	if v.region != "" {
		done := d.ui.during("looking at " + c.name)
		defer done()
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, checkTime)
		defer cancel()
	}
	found := c.run(ctx, v)
	for i := range found {
		found[i].Check = c.name
	}
	return found
}

func (d *doctor) report(v *visit, all []finding) error {
	return reportFindings(d.ui, d.json, v.stack, all)
}

// reportFindings writes what was found of something; one that failed is a failure of the command.
func reportFindings(ui *tui, asJSON bool, of string, all []finding) error {
	var err error
	if asJSON {
		err = ui.emitJSON(all)
	} else {
		err = ui.table(func(line func(string, string, ...any)) {
			for _, f := range all {
				line(string(f.Status), "%s\t%s", f.Check, f.Found)
				if f.Todo != "" {
					line("", "\t→ %s", f.Todo)
				}
			}
		})
	}
	if err != nil {
		return err
	}
	count := map[status]int{}
	for _, f := range all {
		count[f.Status]++
	}
	summary := fmt.Sprintf("%s: %d ok, %d to look at, %d failed", of, count[statusOK], count[statusWarn], count[statusFail])
	if count[statusFail] > 0 {
		return fails(errors.New(summary), "each finding says what to do; run it again afterwards")
	}
	ui.say("%s", summary)
	return nil
}

// refusedOrFailed returns the finding of a call that failed: what the role may not see is to be
// looked at, all else fails.
func refusedOrFailed(about resource, err error) []finding {
	explained := about.explain(err)
	var todo string
	if f, ok := errors.AsType[*failure](explained); ok {
		todo = strings.Join(f.hints, "; ")
	}
	if refusedAccess(err) {
		return warned(todo, "%s", explained)
	}
	return failed(todo, "%s", explained)
}
