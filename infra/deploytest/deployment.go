package deploytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
)

// deployment is one stack in the emulator.
type deployment struct {
	clients
	name     string            // of the stack
	dir      string            // what synth wrote
	template template.Template // the expectation, references unresolved
	values   map[string]string // what the references stand for
	physical map[string]string // what CloudFormation says it created, by name
}

// load reads what synth wrote. A function's code is expected by the hash of its zip: what S3
// object it came from is nothing that Lambda tells.
func load(c clients, dir, name string, parameters map[string]string) (*deployment, error) {
	loaded, err := template.LoadCDK(filepath.Join(dir, name+".template.json"), "Otp")
	if err != nil {
		return nil, err
	}
	d := &deployment{
		clients: c, name: name, dir: dir, template: loaded,
		values: map[string]string{
			"AWS::Partition": "aws", "AWS::Region": region, "AWS::AccountId": accountID, "AWS::URLSuffix": "amazonaws.com",
		},
		physical: map[string]string{},
	}
	for parameter, value := range parameters {
		d.values[parameter] = value
	}
	for name, resource := range loaded.Resources {
		if resource.Type == "AWS::CloudWatch::Alarm" {
			d.values[name], _ = resource.Properties["AlarmName"].(string)
		}
	}
	return d, nil
}

// expected returns the template with what is known of its references.
func (d *deployment) expected() (template.Template, error) {
	expected := d.template.Resolve(d.values)
	for name, resource := range expected.Resources {
		if resource.Type != "AWS::Lambda::Function" {
			continue
		}
		code, _ := resource.Properties["Code"].(map[string]any)
		hash, err := d.codeHash(code)
		if err != nil {
			return template.Template{}, fmt.Errorf("code of %s: %w", name, err)
		}
		resource.Properties["Code"] = map[string]any{"Sha256": hash}
	}
	return expected, nil
}

func (d *deployment) codeHash(code map[string]any) (string, error) {
	key, _ := code["S3Key"].(string)
	zip, err := os.ReadFile(filepath.Clean(filepath.Join(d.dir, "asset."+key)))
	if err != nil {
		return "", fmt.Errorf("reading an asset: %w", err)
	}
	sum := sha256.Sum256(zip)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// bootstrap makes what `cdk bootstrap` leaves in an account, as far as a deployment reads it.
func bootstrap(ctx context.Context, c clients) error {
	_, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    aws.String(assetBucket()),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	if err != nil {
		return fmt.Errorf("creating the bucket of the assets: %w", err)
	}
	_, err = c.ssm.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String("/cdk-bootstrap/hnb659fds/version"), Value: aws.String("30"), Type: ssmtypes.ParameterTypeString,
	})
	if err != nil {
		return fmt.Errorf("putting the version of the bootstrap stack: %w", err)
	}
	return nil
}

func assetBucket() string { return "cdk-hnb659fds-assets-" + accountID + "-" + region }

// publish uploads what the assets' manifest lists, as `cdk deploy` does.
func (d *deployment) publish(ctx context.Context) error {
	data, err := os.ReadFile(filepath.Join(d.dir, d.name+".assets.json"))
	if err != nil {
		return fmt.Errorf("reading the manifest of the assets: %w", err)
	}
	var manifest struct {
		Files map[string]struct {
			Source       struct{ Path, Packaging string }
			Destinations map[string]struct{ BucketName, ObjectKey string }
		}
	}
	err = json.Unmarshal(data, &manifest)
	if err != nil {
		return fmt.Errorf("reading the manifest of the assets: %w", err)
	}
	for _, file := range manifest.Files {
		if file.Source.Packaging != "file" {
			return fmt.Errorf("asset %s is to be packed as %s: ours are files", file.Source.Path, file.Source.Packaging)
		}
		content, err := os.ReadFile(filepath.Join(d.dir, file.Source.Path))
		if err != nil {
			return fmt.Errorf("reading an asset: %w", err)
		}
		for _, destination := range file.Destinations {
			bucket := strings.NewReplacer("${AWS::AccountId}", accountID, "${AWS::Region}", region).Replace(destination.BucketName)
			_, err = d.s3.PutObject(ctx, &s3.PutObjectInput{
				Bucket: aws.String(bucket), Key: aws.String(destination.ObjectKey), Body: bytes.NewReader(content),
			})
			if err != nil {
				return fmt.Errorf("uploading %s: %w", file.Source.Path, err)
			}
		}
	}
	return nil
}

// create creates the stack and notes what CloudFormation says it made of it.
func (d *deployment) create(ctx context.Context, parameters map[string]string) error {
	body, err := d.body()
	if err != nil {
		return err
	}
	input := &cloudformation.CreateStackInput{
		StackName:    aws.String(d.name),
		TemplateBody: aws.String(body),
		Capabilities: []cftypes.Capability{cftypes.CapabilityCapabilityIam},
	}
	for name, value := range parameters {
		input.Parameters = append(input.Parameters, cftypes.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(value)})
	}
	_, err = d.cloudformation.CreateStack(ctx, input)
	if err != nil {
		return fmt.Errorf("creating the stack: %w", err)
	}
	stacks, err := d.cloudformation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(d.name)})
	if err != nil {
		return fmt.Errorf("asking for the stack: %w", err)
	}
	if len(stacks.Stacks) != 1 || stacks.Stacks[0].StackStatus != cftypes.StackStatusCreateComplete {
		return fmt.Errorf("the stack is not complete: %+v", stacks.Stacks)
	}
	parts := strings.Split(aws.ToString(stacks.Stacks[0].StackId), "/")
	d.values["AWS::StackId/2"] = parts[len(parts)-1]
	resources, err := d.cloudformation.ListStackResources(ctx, &cloudformation.ListStackResourcesInput{StackName: aws.String(d.name)})
	if err != nil {
		return fmt.Errorf("asking for the stack's resources: %w", err)
	}
	for _, resource := range resources.StackResourceSummaries {
		logical, physical := aws.ToString(resource.LogicalResourceId), aws.ToString(resource.PhysicalResourceId)
		// Every key is a symmetric one there, with a policy that moto's own KMS fails on.
		if physical != "" && aws.ToString(resource.ResourceType) != "AWS::KMS::Key" {
			d.physical[template.NameInCDK(logical, "Otp")] = physical
		}
	}
	return nil
}

// body returns the template without what the emulator fails on: outputs and variables that read an
// attribute of the API, which it skips; published versions, whose number it does not tell, and
// what hangs on them; records of a domain that has no target there. complete makes and puts back
// all but the outputs and the records.
func (d *deployment) body() (string, error) {
	data, err := os.ReadFile(filepath.Join(d.dir, d.name+".template.json"))
	if err != nil {
		return "", fmt.Errorf("reading the template: %w", err)
	}
	var document map[string]any
	err = json.Unmarshal(data, &document)
	if err != nil {
		return "", fmt.Errorf("reading the template: %w", err)
	}
	outputs, _ := document["Outputs"].(map[string]any)
	for name := range outputs {
		if untold(name) {
			delete(outputs, name)
		}
	}
	resources, _ := document["Resources"].(map[string]any)
	for name, resource := range resources {
		members, _ := resource.(map[string]any)
		switch members["Type"] {
		case "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::Permission", "AWS::Route53::RecordSet":
			delete(resources, name)
			continue
		}
		properties, _ := members["Properties"].(map[string]any)
		environment, _ := properties["Environment"].(map[string]any)
		variables, _ := environment["Variables"].(map[string]any)
		delete(variables, "PROOF_ISSUER")
	}
	data, err = json.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("writing the template: %w", err)
	}
	return string(data), nil
}

// untold reports whether an output is of something that the emulated CloudFormation skips: it
// fails on it.
func untold(output string) bool {
	switch output {
	case "ApiUrl", "ApiId", "SendAliasArn", "VerifyAliasArn", "DiscoveryAliasArn", "DomainTarget", "InvokeArn":
		return true
	}
	return false
}
