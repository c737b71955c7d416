// Command example is a CDK app with phone verification in a stack of its own: two services, one
// for customers and one for staff, beside a table, a key, a domain and an alarm that are the
// app's. docs/construct.md explains it.
//
// It stands alone: copied into an empty module it needs `go mod init`, `go mod tidy` and the CDK's
// command line, and no clone of this repository.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/props"
)

func main() {
	app := awscdk.NewApp(nil)
	err := place(awscdk.NewStack(app, jsii.String("Accounts"), nil))
	if err == nil {
		app.Synth(nil)
	}
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func place(stack awscdk.Stack) error {
	customers, err := infra.NewService(stack, "Customers", forCustomers())
	if err != nil {
		return err
	}

	// What an app makes itself goes in by its name or ARN, although only the deployment knows it.
	key := awskms.NewKey(stack, jsii.String("Key"), nil)
	key.GrantEncryptDecrypt(awsiam.NewServicePrincipal(jsii.Sprintf("logs.%s.amazonaws.com", *stack.Region()), nil))
	table := awsdynamodb.NewTable(stack, jsii.String("StaffTable"), &awsdynamodb.TableProps{
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: jsii.String("ttl"),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		EncryptionKey:       key,
	})
	secret := awssecretsmanager.NewSecret(stack, jsii.String("StaffSecret"), nil)
	p := forStaff()
	p.ExistingTable, p.TableKeyARN, p.LogKeyARN = *table.TableName(), *key.KeyArn(), *key.KeyArn()
	p.Secret = &props.ExistingSecret{ID: *secret.SecretArn()}
	staff, err := infra.NewService(stack, "Staff", p)
	if err != nil {
		return err
	}

	// A grant is a policy beside those of the construct.
	directory := awsdynamodb.Table_FromTableName(stack, jsii.String("Directory"), jsii.String("employees"))
	directory.GrantReadData(staff.Send)

	addDomain(stack, customers)
	customers.Verify.MetricErrors(nil).CreateAlarm(stack, jsii.String("VerifyErrors"), &awscloudwatch.CreateAlarmOptions{
		Threshold: jsii.Number(1), EvaluationPeriods: jsii.Number(1),
	})

	// What the CDK can do to all resources of a stack is no prop.
	awscdk.Tags_Of(stack).Add(jsii.String("team"), jsii.String("identity"), nil)
	boundary := awsiam.ManagedPolicy_FromManagedPolicyName(stack, jsii.String("Boundary"), jsii.String("workloads"))
	awsiam.PermissionsBoundary_Of(stack).Apply(boundary)
	awscdk.Aspects_Of(stack).Add(&keepLogs{days: 365}, nil)
	return nil
}

// forCustomers leaves Infobip's three values to parameters of the template.
func forCustomers() props.Props {
	p := props.Default("") // no folder of zips: the construct builds the functions
	p.Stage = "customers"
	p.Settings = props.Settings{"ALLOWED_REGIONS": "AT,DE", "SPEND_LIMIT": "50/1d", "PROOF_AUDIENCE": "shop.example.com"}
	return p
}

func forStaff() props.Props {
	p := props.Default("")
	p.Stage = "staff"
	p.Infobip = &props.Infobip{BaseURL: "abc123.api.infobip.com", ApplicationID: "APP1", MessageID: "MSG1"}
	p.Settings = props.Settings{"ALLOWED_REGIONS": "AT", "SPEND_LIMIT": "5/1d", "PROOF_ISSUER": "off"}
	p.MemoryMB = 512
	p.VPC = &props.VPC{
		SubnetIDs:        []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
		SecurityGroupIDs: []string{"sg-0123456789abcdef0"},
	}
	return p
}

func addDomain(stack awscdk.Stack, service *infra.Service) {
	certificate := awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("Certificate"),
		jsii.String("arn:aws:acm:eu-central-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"))
	domain := awsapigatewayv2.NewDomainName(stack, jsii.String("Domain"), &awsapigatewayv2.DomainNameProps{
		DomainName: jsii.String("otp.example.com"), Certificate: certificate,
	})
	awsapigatewayv2.NewApiMapping(stack, jsii.String("Mapping"), &awsapigatewayv2.ApiMappingProps{
		Api: service.API, DomainName: domain, Stage: service.Stage,
	})
}

// keepLogs is an aspect: the CDK shows it every construct of the stack before it writes the template.
type keepLogs struct{ days float64 }

func (k *keepLogs) Visit(node constructs.IConstruct) {
	if logs, is := node.(awslogs.CfnLogGroup); is {
		logs.SetRetentionInDays(&k.days)
	}
}
