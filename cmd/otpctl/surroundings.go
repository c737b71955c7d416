package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/joho/godotenv"
)

// deployFile is where make deploy reads its settings, unless DEPLOY_ENV names another file.
const deployFile = "deploy.env"

// surroundings are the settings of a deployment, from where its operator keeps them: the
// environment, deploy.env behind it, and behind that what the functions of its stack are told.
type surroundings struct {
	getenv   func(string) string
	file     string
	inFile   map[string]string
	stack    string
	deployed map[string]string
}

// surround reads the file, and the stack if one is named.
func surround(ctx context.Context, ui *tui, getenv func(string) string, stack string) (*surroundings, error) {
	s := &surroundings{getenv: getenv, file: cmp.Or(getenv("DEPLOY_ENV"), deployFile), stack: stack}
	var err error
	s.inFile, err = godotenv.Read(s.file)
	unnamed := errors.Is(err, fs.ErrNotExist) && getenv("DEPLOY_ENV") == ""
	if closed, ok := errors.AsType[*fs.PathError](err); ok && !unnamed {
		return nil, fails(fmt.Errorf("%s cannot be read: %w", s.file, closed.Err), "settings are read from deploy.env, or from the file that DEPLOY_ENV names")
	}
	if err != nil && !unnamed {
		// The parser's own text quotes the line, which may hold a key.
		return nil, fails(fmt.Errorf("%s cannot be read", s.file), "it has one NAME=value a line; DEPLOY_ENV names another file")
	}
	if stack == "" {
		return s, nil
	}
	v := &visit{target: &target{ui: ui, getenv: getenv}, stack: stack}
	defer v.close()
	s.deployed, err = v.sendEnvironment(ctx)
	return s, err
}

// get returns a setting, empty if it is nowhere.
func (s *surroundings) get(name string) string {
	return cmp.Or(s.getenv(name), s.inFile[name], s.deployed[name])
}

// origin is where a setting comes from.
func (s *surroundings) origin(name string) string {
	switch {
	case s.getenv(name) != "":
		return "the environment"
	case s.inFile[name] != "":
		return s.file
	case s.deployed[name] != "":
		return "the stack " + s.stack
	}
	return "nowhere"
}

// sendEnvironment returns what the function that sends is told.
func (v *visit) sendEnvironment(ctx context.Context) (map[string]string, error) {
	if err := v.open(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	named := resource{"stack", v.stack, "--stack", "cloudformation:DescribeStacks and ListStackResources"}
	_, err := v.cloudformation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &v.stack})
	if err == nil {
		err = v.listResources(ctx)
	}
	if absent(err) {
		return nil, fails(fmt.Errorf("there is no stack %s here", v.stack), "look at --stack, and at the account and the region (AWS_PROFILE, AWS_REGION)")
	} else if err != nil {
		return nil, named.explain(err)
	}
	send := v.functions["send"]
	if send == nil {
		return nil, fails(fmt.Errorf("the stack %s has no function send", v.stack), "is it this project's stack?")
	}
	send.found, err = v.lambda.GetFunctionConfiguration(ctx, send.asked())
	if err != nil {
		return nil, resource{"function", "send", "the stack", "lambda:GetFunctionConfiguration"}.explain(err)
	}
	return send.environment(), nil
}
