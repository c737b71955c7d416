package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// What other apps make of the construct. That one of another module can is importtest's.

// staging is what the tests of this file place: a service with nothing of the app's yet.
func staging(stage string) props.Props {
	p := props.Default(assets)
	p.Stage = stage
	p.Infobip = &props.Infobip{BaseURL: "abc123.api.infobip.com", ApplicationID: "APP1", MessageID: "MSG1"}
	p.Settings = props.Settings{"ALLOWED_REGIONS": "AT", "SPEND_LIMIT": "5/1d", "PROOF_ISSUER": "off"}
	return p
}

// TestGrantsFromOutside: a grant that an app makes is kept, as a policy beside the construct's own,
// and there is none where nobody made one (TestNothingElse).
func TestGrantsFromOutside(t *testing.T) {
	d := ownApp(t, func(stack awscdk.Stack) error {
		service, err := infra.NewService(stack, "Otp", staging("staging"))
		if err == nil {
			table := awsdynamodb.Table_FromTableName(stack, jsii.String("Employees"), jsii.String("employees"))
			table.Grant(service.Send, jsii.String("dynamodb:Query"))
		}
		return err
	})
	policies := 0
	for name, resource := range d.Resources {
		if resource.Type == "AWS::IAM::Policy" {
			policies++
			got := fmt.Sprint(resource.Properties["Roles"], sentence(t, resource.Properties["PolicyDocument"].(object)["Statement"].([]any)[0].(object)))
			want := "[${SendRole}]Allow dynamodb:Query on arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/employees"
			if got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	}
	if policies != 1 {
		t.Errorf("%d policies, want the one of the grant", policies)
	}
}

// TestTokens: what only the deployment knows stands in the template as a reference, in the grants
// too.
func TestTokens(t *testing.T) {
	d := ownApp(t, func(stack awscdk.Stack) error {
		key := awskms.NewKey(stack, jsii.String("OtpOwnKey"), nil)
		p := staging("staging")
		p.ExistingTable, p.TableKeyARN = *ownTable(stack).TableName(), *key.KeyArn()
		p.Secret = &props.ExistingSecret{ID: *awssecretsmanager.NewSecret(stack, jsii.String("OtpOwnSecret"), nil).SecretArn()}
		_, err := infra.NewService(stack, "Otp", p)
		return err
	})
	variables := d.environment(t, "VerifyFunction")
	if variables["TABLE_NAME"] != "${OwnTable}" || variables["SECRET_ID"] != "${OwnSecret}" {
		t.Errorf("verify is told the table %v and the secret %v, want the app's own", variables["TABLE_NAME"], variables["SECRET_ID"])
	}
	checkRole(t, d, "Verify", []string{
		strings.Replace(table, "${Table.Arn}", "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${OwnTable}", 1),
		"Allow kms:Decrypt,kms:DescribeKey,kms:Encrypt,kms:GenerateDataKey,kms:GenerateDataKeyWithoutPlaintext,kms:ReEncryptFrom,kms:ReEncryptTo" +
			" on ${OwnKey.Arn} if StringEquals kms:ViaService dynamodb.${AWS::Region}.${AWS::URLSuffix}",
		"Allow secretsmanager:GetSecretValue on ${OwnSecret}",
		strings.Replace(logWriting, "%s", "Verify", 1),
	})
}

// TestUrls: what the CDK says of an API holds for the service's: its Url() is that of its default
// stage, below the API's own address.
func TestUrls(t *testing.T) {
	stack := awscdk.NewStack(infra.NewApp(t.TempDir()), jsii.String("Own"), nil)
	service, err := infra.NewService(stack, "Otp", staging("staging"))
	if err != nil {
		t.Fatal(err)
	}
	api := object{"Ref": *stack.GetLogicalId(service.API.Node().DefaultChild().(awscdk.CfnElement))}
	want := object{"Fn::Join": []any{"", []any{
		"https://", api, ".execute-api.", object{"Ref": "AWS::Region"}, ".", object{"Ref": "AWS::URLSuffix"}, "/",
	}}}
	for name, url := range map[string]*string{"API": service.API.Url(), "Stage": service.Stage.Url()} {
		if diff := cmp.Diff(any(want), stack.Resolve(url)); diff != "" {
			t.Errorf("%s.Url() (-want +got):\n%s", name, diff)
		}
	}
}

func ownTable(stack awscdk.Stack) awsdynamodb.Table {
	return awsdynamodb.NewTable(stack, jsii.String("OtpOwnTable"), &awsdynamodb.TableProps{
		PartitionKey: &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
	})
}

// A token does not say what it is the token of. Taken for a name, an ARN would stand inside another
// in the grant, and nobody would notice before the first request.
func TestTableByTheTokenOfItsARN(t *testing.T) {
	app := infra.NewApp(t.TempDir())
	stack := awscdk.NewStack(app, jsii.String("Own"), nil)
	p := staging("staging")
	p.ExistingTable = *ownTable(stack).TableArn()
	service, err := infra.NewService(stack, "Otp", p)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	arn := fmt.Sprintf(`{"Fn::GetAtt":[%q,"Arn"]}`, *stack.GetLogicalId(stack.Node().FindChild(jsii.String("OtpOwnTable")).Node().DefaultChild().(awscdk.CfnElement)))
	for what, want := range map[string]string{
		"variable": `"TABLE_NAME":` + arn,
		"grant":    `"Action":["dynamodb:GetItem","dynamodb:PutItem","dynamodb:UpdateItem"],"Effect":"Allow","Resource":` + arn,
	} {
		if strings.Count(string(text), want) != 2 {
			t.Errorf("the %s of send and of verify is not %s", what, want)
		}
	}
	if got := service.Table.TableArn(); *got != p.ExistingTable {
		t.Errorf("the service's table is %s, want the app's", *got)
	}
}

// A table of another account is called by its ARN: its name would be one's own.
func TestTableByARN(t *testing.T) {
	const arn = "arn:aws:dynamodb:eu-central-1:444455556666:table/otp"
	p := props.Default(assets)
	p.ExistingTable = arn
	d := mustSynthesize(t, p)
	if got := d.environment(t, "SendFunction")["TABLE_NAME"]; got != arn {
		t.Errorf("TABLE_NAME is %v, want %s", got, arn)
	}
	checkRole(t, d, "Send", []string{
		strings.Replace(table, "${Table.Arn}", arn, 1), "Allow secretsmanager:GetSecretValue on ${Secret}", "Allow dynamodb:BatchGetItem on " + arn,
		strings.Replace(logWriting, "%s", "Send", 1),
	})
}

func TestOneServiceOfAStage(t *testing.T) {
	app := infra.NewApp(t.TempDir())
	stack := awscdk.NewStack(app, jsii.String("Own"), nil)
	for _, stage := range []string{"one", "two"} {
		_, err := infra.NewService(stack, stage, staging(stage))
		if err != nil {
			t.Fatalf("the service of %s: %v", stage, err)
		}
	}
	_, err := infra.NewService(stack, "again", staging("one"))
	if err == nil || !strings.Contains(err.Error(), "the stack has a service of the stage one already") {
		t.Errorf("a second service of a stage: %v", err)
	}
	if stack.Node().TryFindChild(jsii.String("again")) != nil {
		t.Error("something was placed")
	}
	_, err = infra.NewService(awscdk.NewStack(app, jsii.String("Other"), nil), "Otp", staging("one"))
	if err != nil {
		t.Errorf("the same stage in another stack, for another region: %v", err)
	}
}

// ownApp synthesizes a stack that is not [infra.NewStack]'s.
func ownApp(t *testing.T, place func(awscdk.Stack) error) deployment {
	t.Helper()
	dir := t.TempDir()
	app := infra.NewApp(dir)
	stack := awscdk.NewStack(app, jsii.String(infra.StackName("staging")), nil)
	err := place(stack)
	if err != nil {
		t.Fatal(err)
	}
	app.Synth(nil)
	d := deployment{props: staging("staging"), dir: dir}
	d.Template, err = template.LoadCDK(d.path(), "Otp")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What is counted before the CDK starts is what the template has: a variable more would not be.
func TestEstimatedEnvironment(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		for function, program := range map[string]settings.Program{
			"SendFunction": settings.Send, "VerifyFunction": settings.Verify, "DiscoveryFunction": settings.Discovery,
		} {
			want := slices.Sorted(maps.Keys(d.props.Estimate(program)))
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(d.environment(t, function)))); diff != "" {
				t.Errorf("%s %s (-estimate +template):\n%s", d.props.Stage, function, diff)
			}
		}
	}
}
