package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// visit is what doctor knows of a deployment: where it is, and what its checks have found.
type visit struct {
	target *target
	stack  string
	dist   string
	// messages is the file that --messages names.
	messages string
	// blind is set where nothing more can be looked at.
	blind bool

	clients
	region string

	// By the name of an output, of a function.
	outputs   map[string]string
	functions map[string]*deployedFunction
	// Physical ids by type.
	resources map[string][]string
	stage     string

	secret      *secrets.Secret
	gateway     *apiSeen
	application *infobip.Application
	provisioner *infobip.Provisioner
}

// clients are the APIs that a deployment is read through.
type clients struct {
	aws            aws.Config
	sts            *sts.Client
	cloudformation *cloudformation.Client
	lambda         *lambda.Client
	api            *apigatewayv2.Client
	logs           *cloudwatchlogs.Client
	dynamodb       *dynamodb.Client
	secrets        *secretsmanager.Client
}

// deployedFunction is a function as Lambda has it.
type deployedFunction struct {
	program settings.Program
	id      string // in Lambda
	alias   string // that the API calls; empty in a stack of before aliases
	found   *lambda.GetFunctionConfigurationOutput
	// What its environment comes to; zero where it does not start with it.
	config app.Config
	starts bool
}

// environment returns what the function is told.
func (f *deployedFunction) environment() map[string]string {
	if f == nil || f.found == nil || f.found.Environment == nil {
		return nil
	}
	return f.found.Environment.Variables
}

// programs are the functions by the names that the stack gives them.
var programs = []struct {
	name    string
	program settings.Program
}{{"send", settings.Send}, {"verify", settings.Verify}, {"discovery", settings.Discovery}}

// open signs in and makes the clients.
func (v *visit) open(ctx context.Context) error {
	c, err := v.target.read()
	if err != nil {
		return err
	}
	endpoint := v.target.getenv("AWS_ENDPOINT_URL")
	if v.target.emulated(endpoint) {
		found := c.AWS
		v.aws = aws.Config{
			Region: found.Region, BaseEndpoint: &endpoint,
			Credentials: credentials.NewStaticCredentialsProvider(orAny(found.AccessKeyID), orAny(found.SecretAccessKey), found.SessionToken),
		}
		if v.aws.Region == "" {
			return fails(errors.New("no AWS region"), "set AWS_REGION to the region of the deployment, or AWS_PROFILE to a profile that names it")
		}
	} else {
		v.aws, err = v.target.signIn(ctx)
		if err != nil {
			return err
		}
	}
	v.dynamodb, err = v.target.dynamoDB(ctx, c)
	if err == nil {
		v.secrets, err = v.target.secretsManager(ctx, c)
	}
	if err != nil {
		return err
	}
	v.region = v.aws.Region
	v.sts, v.cloudformation, v.lambda = sts.NewFromConfig(v.aws), cloudformation.NewFromConfig(v.aws), lambda.NewFromConfig(v.aws)
	v.api, v.logs = apigatewayv2.NewFromConfig(v.aws), cloudwatchlogs.NewFromConfig(v.aws)
	return nil
}

// orAny returns what an emulator takes in the place of credentials.
func orAny(text string) string {
	if text == "" {
		return "emulator"
	}
	return text
}

func (v *visit) close() {
	if v.provisioner != nil {
		v.provisioner.Close()
	}
}

// config returns the configuration of a function that starts with its environment, of send first.
func (v *visit) config() (app.Config, bool) {
	for _, name := range []string{"send", "verify"} {
		if f := v.functions[name]; f != nil && f.starts {
			return f.config, true
		}
	}
	return app.Config{}, false
}

// setting returns a setting as the deployment has it: of the first function that has it.
func (v *visit) setting(name string) string {
	for _, p := range programs {
		if value := v.functions[p.name].environment()[name]; value != "" {
			return value
		}
	}
	return ""
}

// development is the stage that a deployment has without STAGE.
const development = "development"

// keeps reports whether the stage is one whose state has to stay.
func (v *visit) keeps() bool { return v.stage != "" && v.stage != development }

// refusedAccess reports whether AWS answered that this is not allowed.
func refusedAccess(err error) bool {
	answer, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, answer.ErrorCode())
}

// absent reports whether AWS answered that there is no such thing, in any service's words.
func absent(err error) bool {
	answer, ok := errors.AsType[smithy.APIError](err)
	return ok && (strings.Contains(answer.ErrorCode(), "NotFound") || strings.Contains(answer.ErrorMessage(), "does not exist"))
}

// documents loads what is published, without following anybody elsewhere.
func documents() tryAPI {
	return tryAPI{client: &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// stateful reports whether the function reads all settings, as those do that hold state.
func (f *deployedFunction) stateful() bool { return f.program&settings.Stateful != 0 }
