package otpctl

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/cors"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// patient is a deployment in moto, made of the resources that the stack has. Each field is what
// a test may break before it is built.
type patient struct {
	qualifier string // behind the functions' names, in the API's integrations
	moto      string
	simulator *harness.Simulator
	gateway   *harness.Gateway // publishes the documents

	stack, table, secret, api, dist string
	messages                        string // the file that the deployment's messages are from, if any
	accessLog, value                string // value is the secret's; empty: it has none
	functions                       map[string]*patientFunction
	cors                            *apitypes.Cors
	routes                          []string
	throttles                       map[string]apitypes.RouteSettings
	outputs                         map[string]string

	cloud *beside
}

type patientFunction struct {
	environment  map[string]string
	architecture lambdatypes.Architecture
	timeout      int32
	level        string
	format       string
	retention    int32 // of its log group; below zero there is none
}

// clinic is what all patients of a test share: a key, and a gateway that publishes it.
type clinic struct {
	moto, key, issuer string
	gateway           *harness.Gateway
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	c := &clinic{moto: harness.Moto(t)}
	made, err := kms.NewFromConfig(motoConfig(c.moto)).CreateKey(t.Context(), &kms.CreateKeyInput{
		KeySpec: kmstypes.KeySpecRsa2048, KeyUsage: kmstypes.KeyUsageTypeSignVerify,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.key = *made.KeyMetadata.Arn
	c.gateway = harness.StartGateway(t, "PROOF_KEY="+c.key, "AWS_ENDPOINT_URL_KMS="+c.moto, "AWS_REGION="+harness.Region)
	c.issuer = strings.Replace(c.gateway.URL, "127.0.0.1", "localhost", 1)
	return c
}

func motoConfig(endpoint string) aws.Config {
	return aws.Config{
		Region: harness.Region, BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(harness.AccessKeyID, harness.SecretAccessKey, ""),
	}
}

// healthy is a deployment without a fault; build makes it.
func (c *clinic) healthy(t *testing.T) *patient {
	t.Helper()
	p := &patient{moto: c.moto, simulator: harness.StartSimulator(t), gateway: c.gateway, dist: t.TempDir(), cloud: &beside{concurrency: 1000}}
	name := strings.ToLower(rand.Text()[:8])
	p.stack, p.table, p.secret = "infobip-otp-t"+name, "otp-"+name, "otp/"+name
	p.accessLog = "/aws/vendedlogs/otp-api-" + name
	p.qualifier = ":live"
	p.value = `{"infobipApiKey":"` + harness.SimulatorKey + `","phoneKeys":{"1":"` + base64.StdEncoding.EncodeToString(make32()) + `"},"phoneKey":"1"}`
	p.routes = []string{"POST /send-otp", "POST /resend-otp", "POST /verify-otp", "GET /", "$default"}
	p.throttles = map[string]apitypes.RouteSettings{}
	for _, route := range p.routes[:3] {
		p.throttles[route] = apitypes.RouteSettings{ThrottlingRateLimit: aws.Float64(50), ThrottlingBurstLimit: aws.Int32(100)}
	}
	p.cors = &apitypes.Cors{
		AllowOrigins: []string{"https://app.example.com"}, AllowMethods: cors.AllowedMethods(), AllowHeaders: cors.AllowedHeaders(), ExposeHeaders: cors.ExposedHeaders(),
	}
	p.outputs = map[string]string{"ApiUrl": c.issuer, "TableName": p.table, "SecretId": p.secret}
	stateful := func(more map[string]string) map[string]string {
		variables := map[string]string{
			"INFOBIP_BASE_URL": p.simulator.API, "INFOBIP_2FA_APP_ID": p.simulator.AppID, "INFOBIP_2FA_MSG_ID": p.simulator.MessageID,
			"TABLE_NAME": p.table, "SECRET_ID": p.secret,
		}
		for name, value := range more {
			variables[name] = value
		}
		return variables
	}
	p.functions = map[string]*patientFunction{
		"send":      {environment: stateful(map[string]string{"ALLOWED_REGIONS": "AT,DE", "SPEND_LIMIT": "2000/1d"})},
		"verify":    {environment: stateful(map[string]string{"PROOF_ISSUER": c.issuer, "PROOF_KEY": c.key, "PROOF_AUDIENCE": "accounts.example.com"})},
		"discovery": {environment: map[string]string{"PROOF_ISSUER": c.issuer, "PROOF_KEY": c.key}},
	}
	for _, f := range p.functions {
		f.architecture, f.timeout, f.level, f.format, f.retention = lambdatypes.ArchitectureArm64, 20, "INFO", "JSON", 30
	}
	return p
}

// build makes the deployment, through the services' own APIs: moto's CloudFormation skips half
// of the stack (infra/deploytest).
func (p *patient) build(t *testing.T) *operator {
	t.Helper()
	config, ctx := motoConfig(p.moto), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	database := dynamodb.NewFromConfig(config)
	_, err := database.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &p.table, BillingMode: dynamotypes.BillingModePayPerRequest, DeletionProtectionEnabled: aws.Bool(true),
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: dynamotypes.ScalarAttributeTypeS}},
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: dynamotypes.KeyTypeHash}},
	})
	must(err)
	p.expire(t, true)
	p.backUp(t, true)
	secret := &secretsmanager.CreateSecretInput{Name: &p.secret}
	if p.value != "" {
		secret.SecretString = &p.value
	}
	_, err = secretsmanager.NewFromConfig(config).CreateSecret(ctx, secret)
	must(err)
	p.buildFunctions(t, config)
	p.buildAPI(t, config)
	outputs := map[string]any{}
	for name, value := range p.outputs {
		outputs[name] = map[string]string{"Value": value}
	}
	body := string(harness.JSON(t, map[string]any{
		"Outputs":   outputs,
		"Resources": map[string]any{"Topic": map[string]string{"Type": "AWS::SNS::Topic"}},
	}))
	_, err = cloudformation.NewFromConfig(config).CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: &p.stack, TemplateBody: &body, EnableTerminationProtection: aws.Bool(true),
	})
	must(err)
	return p.operator(t)
}

// both sets a variable of the two functions that hold state.
func (p *patient) both(name, value string) {
	p.functions["send"].environment[name], p.functions["verify"].environment[name] = value, value
}

// configure makes a call about the application to the simulator.
func (p *patient) configure(t *testing.T, method, path string, body any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.simulator.API+"/2fa/2/applications/"+p.simulator.AppID+path, bytes.NewReader(harness.JSON(t, body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "App "+harness.SimulatorKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if said, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, said)
	}
}

func make32() []byte {
	const length = 32
	key := make([]byte, length)
	_, _ = rand.Read(key)
	return key
}

func (p *patient) expire(t *testing.T, on bool) {
	t.Helper()
	_, err := dynamodb.NewFromConfig(motoConfig(p.moto)).UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName: &p.table, TimeToLiveSpecification: &dynamotypes.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: &on},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (p *patient) backUp(t *testing.T, on bool) {
	t.Helper()
	_, err := dynamodb.NewFromConfig(motoConfig(p.moto)).UpdateContinuousBackups(t.Context(), &dynamodb.UpdateContinuousBackupsInput{
		TableName: &p.table, PointInTimeRecoverySpecification: &dynamotypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: &on},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (p *patient) buildFunctions(t *testing.T, config aws.Config) {
	t.Helper()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	role, err := iam.NewFromConfig(config).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("role-" + p.table), AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range p.functions {
		code := zipOf(t, name)
		if err := os.WriteFile(filepath.Join(p.dist, name+".zip"), code, 0o600); err != nil {
			t.Fatal(err)
		}
		id := p.stack + "-" + name
		_, err := lambda.NewFromConfig(config).CreateFunction(t.Context(), &lambda.CreateFunctionInput{
			FunctionName: &id, Role: role.Role.Arn, Code: &lambdatypes.FunctionCode{ZipFile: code}, Handler: aws.String("bootstrap"),
			Runtime: lambdatypes.RuntimeProvidedal2023, Architectures: []lambdatypes.Architecture{f.architecture}, Timeout: &f.timeout,
			Environment: &lambdatypes.Environment{Variables: f.environment},
		})
		if err != nil {
			t.Fatal(err)
		}
		version, err := lambda.NewFromConfig(config).PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &id})
		if err == nil {
			_, err = lambda.NewFromConfig(config).CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &id, Name: aws.String("live"), FunctionVersion: version.Version})
		}
		if err != nil {
			t.Fatal(err)
		}
		p.cloud.logging(id, f.format, f.level, "logs-"+id)
		p.cloud.resource("Otp"+strings.ToUpper(name[:1])+name[1:]+"Alias1A2B3C4D", "AWS::Lambda::Alias", "arn:aws:lambda:"+harness.Region+":123456789012:function:"+id+":live")
		p.cloud.resource("Otp"+strings.ToUpper(name[:1])+name[1:]+"Function1A2B3C4D", "AWS::Lambda::Function", id)
		p.logGroup(t, "logs-"+id, f.retention)
	}
}

func (p *patient) logGroup(t *testing.T, name string, retention int32) {
	t.Helper()
	client := cloudwatchlogs.NewFromConfig(motoConfig(p.moto))
	if retention < 0 {
		return
	}
	_, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
	if err == nil && retention > 0 {
		_, err = client.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: &retention})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// zipOf is a zip that differs from function to function, and is none that starts.
func zipOf(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	file, err := archive.Create("bootstrap")
	if err == nil {
		_, err = io.WriteString(file, name)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (p *patient) buildAPI(t *testing.T, config aws.Config) {
	t.Helper()
	client, ctx := apigatewayv2.NewFromConfig(config), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	api, err := client.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: &p.stack, ProtocolType: apitypes.ProtocolTypeHttp, CorsConfiguration: p.cors})
	must(err)
	p.api = *api.ApiId
	p.cloud.resource("OtpApi1A2B3C4D", "AWS::ApiGatewayV2::Api", p.api)
	behind := map[string]string{"POST /send-otp": "send", "POST /resend-otp": "send", "POST /verify-otp": "verify", "GET /": "discovery", "$default": "discovery"}
	for _, route := range p.routes {
		uri := "arn:aws:lambda:" + harness.Region + ":123456789012:function:" + p.stack + "-" + behind[route] + p.qualifier
		integration, err := client.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{
			ApiId: &p.api, IntegrationType: apitypes.IntegrationTypeAwsProxy, IntegrationUri: &uri, PayloadFormatVersion: aws.String("2.0"),
		})
		must(err)
		_, err = client.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: &p.api, RouteKey: &route, Target: aws.String("integrations/" + *integration.IntegrationId)})
		must(err)
	}
	p.logGroup(t, p.accessLog, 30)
	_, err = client.CreateStage(ctx, &apigatewayv2.CreateStageInput{
		ApiId: &p.api, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true), RouteSettings: p.throttles,
		DefaultRouteSettings: &apitypes.RouteSettings{ThrottlingRateLimit: aws.Float64(100), ThrottlingBurstLimit: aws.Int32(200)},
		AccessLogSettings:    &apitypes.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:" + harness.Region + ":123456789012:log-group:" + p.accessLog)},
	})
	must(err)
	p.logPolicy(t, "delivery-"+p.table, "delivery.logs.amazonaws.com")
}

// logPolicy puts a resource policy, and takes it away after the test, for an account has room
// for ten.
func (p *patient) logPolicy(t *testing.T, name, who string) {
	t.Helper()
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + who + `"},"Action":["logs:CreateLogStream","logs:PutLogEvents"],` +
		`"Resource":"arn:aws:logs:` + harness.Region + `:123456789012:log-group:` + p.accessLog + `:log-stream:*"}]}`
	_, err := cloudwatchlogs.NewFromConfig(motoConfig(p.moto)).PutResourcePolicy(t.Context(), &cloudwatchlogs.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: &document})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.dropLogPolicies(t, name) })
}

func (p *patient) dropLogPolicies(t *testing.T, names ...string) {
	t.Helper()
	client := cloudwatchlogs.NewFromConfig(motoConfig(p.moto))
	for _, name := range names {
		// A test may have taken it away before.
		_, _ = client.DeleteResourcePolicy(context.WithoutCancel(t.Context()), &cloudwatchlogs.DeleteResourcePolicyInput{PolicyName: &name})
	}
}

// operator is somebody with an environment for this deployment.
func (p *patient) operator(t *testing.T) *operator {
	t.Helper()
	endpoint := p.cloud.start(t, p.moto)
	o := newOperator("AWS_ENDPOINT_URL="+endpoint, "AWS_REGION="+harness.Region, "STAGE="+strings.TrimPrefix(p.stack, "infobip-otp-"))
	o.hides("the API key", harness.SimulatorKey)
	return o
}

// diagnosis is a finding of doctor's.
type diagnosis struct{ Check, Status, Found, Todo string }

// examine has doctor look at the deployment.
func (p *patient) examine(t *testing.T, o *operator, args ...string) ([]diagnosis, printed) {
	t.Helper()
	if p.messages != "" {
		args = append(args, "--messages", p.messages)
	}
	got := o.run(t, "", append([]string{"doctor", "--dist", p.dist, "--json"}, args...)...)
	var found []diagnosis
	if err := json.Unmarshal([]byte(got.stdout), &found); err != nil {
		t.Fatalf("doctor's findings: %v\n%s%s", err, got.stdout, got.stderr)
	}
	for i := range found {
		if p.messages != "" {
			found[i].Found = strings.ReplaceAll(found[i].Found, p.messages, "messages.yaml")
		}
	}
	return found, got
}
