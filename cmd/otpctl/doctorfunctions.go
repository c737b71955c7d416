package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// deployAgain is for what is not as the stack makes it.
const deployAgain = "make build deploy; what was changed by hand CloudFormation does not see (aws cloudformation detect-stack-drift does), so change that back by hand"

func checkFunctions(ctx context.Context, v *visit) []finding {
	if v.resources == nil {
		return unknown("the stack is not known")
	}
	var found []finding
	var architecture lambdatypes.Architecture
	for _, p := range programs {
		f := v.functions[p.name]
		if f == nil {
			found = append(found, failed("is it this project's stack? make deploy makes it again", "the stack has no function %s", p.name)...)
			continue
		}
		got, err := v.lambda.GetFunctionConfiguration(ctx, f.asked())
		if err != nil {
			found = append(found, refusedOrFailed(resource{"function", p.name, "the stack", "lambda:GetFunctionConfiguration"}, err)...)
			continue
		}
		f.found = got
		f.read(v.region)
		found = append(found, functionState(p.name, got)...)
		// A deployment is of one architecture, whichever; what differs was changed by hand.
		if runs := got.Architectures; architecture == "" && len(runs) == 1 {
			architecture = runs[0]
		} else if !slices.Equal(runs, []lambdatypes.Architecture{architecture}) {
			found = append(found, failed(deployAgain, "%s runs on %v, and not on %s as the others do: it ends at once there", p.name, runs, architecture)...)
		}
	}
	if stage := v.setting("STAGE"); stage != "" {
		v.stage = stage // a stack may have any name
	}
	return orElse(found, "send, verify, discovery: active, provided.al2023, %s, %d s", architecture, int(app.FunctionTimeout/time.Second))
}

// asked returns the question for the function that runs, which after a rollback is not what was
// deployed last.
func (f *deployedFunction) asked() *lambda.GetFunctionConfigurationInput {
	in := &lambda.GetFunctionConfigurationInput{FunctionName: &f.id}
	if f.alias != "" {
		in.Qualifier = &f.alias
	}
	return in
}

func functionState(name string, got *lambda.GetFunctionConfigurationOutput) []finding {
	var found []finding
	if got.State != "" && got.State != lambdatypes.StateActive && got.State != lambdatypes.StateInactive {
		found = append(found, failed("look at it in Lambda, then "+deployAgain, "%s is %s: %s", name, got.State, aws.ToString(got.StateReason))...)
	}
	if got.LastUpdateStatus == lambdatypes.LastUpdateStatusFailed {
		found = append(found, failed(deployAgain, "the last update of %s failed: %s", name, aws.ToString(got.LastUpdateStatusReason))...)
	}
	if got.Runtime != lambdatypes.RuntimeProvidedal2023 {
		found = append(found, failed(deployAgain, "%s has the runtime %s, not provided.al2023", name, got.Runtime)...)
	}
	if timeout := time.Duration(aws.ToInt32(got.Timeout)) * time.Second; timeout != app.FunctionTimeout {
		found = append(found, failed(deployAgain, "%s ends after %s, and its calls are made for %s: a send that is cut off is unconfirmed, and a try is lost",
			name, timeout, app.FunctionTimeout)...)
	}
	return found
}

// read reads what the function is told as the function does.
func (f *deployedFunction) read(region string) {
	environment := f.environment()
	getenv := func(name string) string {
		if name == "AWS_REGION" {
			return region // Lambda's own
		}
		return environment[name]
	}
	if !f.stateful() {
		return
	}
	c, err := app.ReadConfig(getenv)
	if err != nil || c.CheckDeployed() != nil {
		return
	}
	c.Function = f.program
	f.config, f.starts = c, true
}

// checkSettings holds the environment of each function against the table of settings that
// this otpctl has: what the functions of this version would not start with, or would not
// read.
func checkSettings(_ context.Context, v *visit) []finding {
	const set = "set it in deploy.env, and make deploy"
	var found []finding
	known := false
	warnings := map[string]bool{}
	for _, p := range programs {
		f := v.functions[p.name]
		if f == nil || f.found == nil {
			continue
		}
		known = true
		for _, sentence := range startFaults(f, v.region) {
			found = append(found, failed(set, "%s does not start: %s", p.name, sentence)...)
		}
		for _, name := range slices.Sorted(maps.Keys(f.environment())) {
			if _, declared := settings.Lookup(name); !declared && !strings.HasPrefix(name, "AWS_") {
				found = append(found, warned("is it misspelt, or of another version? take it out or build again", "%s has %s, which is no setting of this version", p.name, name)...)
			}
		}
		if f.starts {
			for _, sentence := range f.config.Warnings() {
				warnings[sentence] = true
			}
		}
	}
	if !known {
		return unknown("the functions are not known")
	}
	for _, sentence := range slices.Sorted(maps.Keys(warnings)) {
		found = append(found, warned("decide, and "+set, "%s", sentence)...)
	}
	found = append(found, v.disagreements()...)
	return orElse(found, "all three start with what they are told")
}

// startFaults returns the sentences with which a function would end at its start.
func startFaults(f *deployedFunction, region string) []string {
	environment := f.environment()
	getenv := func(name string) string {
		if name == "AWS_REGION" {
			return region
		}
		return environment[name]
	}
	var err error
	if f.stateful() {
		c, faults := app.ReadConfig(getenv)
		err = errors.Join(faults, c.CheckDeployed())
	} else {
		r := settings.NewReader(getenv)
		keys := proofs.ReadKeys(r)
		err = errors.Join(r.Err(), keys.CheckDeployed())
	}
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// disagreements are settings that functions share and do not have in common, and names that
// are not those of the stack.
func (v *visit) disagreements() []finding {
	var found []finding
	for _, s := range settings.All() {
		values, having := map[string]bool{}, []string{}
		for _, p := range programs {
			f := v.functions[p.name]
			if f == nil || f.found == nil || !s.ReadBy(p.program) {
				continue
			}
			values[f.environment()[s.Name]] = true
			having = append(having, p.name)
		}
		if len(values) > 1 {
			found = append(found, failed(deployAgain, "%s have different values of %s", strings.Join(having, " and "), s.Name)...)
		}
	}
	for setting, output := range map[string]string{"TABLE_NAME": "TableName", "SECRET_ID": "SecretId"} {
		if is, want := v.setting(setting), v.outputs[output]; is != "" && want != "" && is != want {
			found = append(found, failed(deployAgain, "%s is not the stack's output %s", setting, output)...)
		}
	}
	return found
}

// checkLogLevel: Lambda drops lines below the level by itself, and the line of a request,
// which metrics and alarms are made of, is INFO.
func checkLogLevel(_ context.Context, v *visit) []finding {
	var found []finding
	known := false
	for _, p := range programs {
		f := v.functions[p.name]
		if f == nil || f.found == nil {
			continue
		}
		known = true
		logging := f.found.LoggingConfig
		switch {
		case logging == nil || logging.LogFormat != lambdatypes.LogFormatJson:
			found = append(found, failed(deployAgain, "%s logs as text: Lambda adds no request id, and queries find nothing", p.name)...)
		case slices.Contains([]lambdatypes.ApplicationLogLevel{"WARN", "ERROR", "FATAL"}, logging.ApplicationLogLevel):
			found = append(found, failed("the level has to be INFO: "+deployAgain, "%s drops what is below %s: the one line of a request is INFO, and with it goes every metric and alarm",
				p.name, logging.ApplicationLogLevel)...)
		}
	}
	if !known {
		return unknown("the functions are not known")
	}
	return orElse(found, "JSON, INFO or finer")
}

// checkVersion compares the deployed code with the local build: builds are reproducible, so
// the same source has the same hash.
func checkVersion(_ context.Context, v *visit) []finding {
	var found []finding
	var same, unbuilt []string
	dist, build := cmp.Or(v.dist, "dist/arm64"), "make build"
	for _, p := range programs {
		f := v.functions[p.name]
		if f == nil || f.found == nil {
			continue
		}
		if v.dist == "" && slices.Contains(f.found.Architectures, lambdatypes.ArchitectureX8664) {
			dist, build = "dist/amd64", "make build GOARCH=amd64"
		}
		zip, err := os.ReadFile(filepath.Join(dist, p.name+".zip"))
		switch sum := sha256.Sum256(zip); {
		case errors.Is(err, fs.ErrNotExist):
			unbuilt = append(unbuilt, p.name)
		case err != nil:
			found = append(found, warned("look at --dist", "the local build cannot be read: %s", innermost(err))...)
		case base64.StdEncoding.EncodeToString(sum[:]) != aws.ToString(f.found.CodeSha256):
			found = append(found, warned("git log says what is new; make build deploy deploys it", "%s, deployed %s, is not what %s holds", p.name, aws.ToString(f.found.LastModified), dist)...)
		default:
			same = append(same, p.name)
		}
	}
	switch {
	case len(found)+len(same)+len(unbuilt) == 0:
		return unknown("the functions are not known")
	case len(found) > 0:
		return found
	case len(unbuilt) > 0:
		return warned(build+", in a checkout of the version that should run, and run this again there", "not compared: %s has no zip of %s", dist, strings.Join(unbuilt, ", "))
	}
	return okay("what %s holds is what runs", dist)
}
