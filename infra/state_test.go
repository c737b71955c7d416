package infra_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

func TestTable(t *testing.T) {
	for _, test := range []struct {
		deployment
		protected bool
		policy    string
	}{
		{development(t), false, "Delete"},
		{production(t), true, "Retain"},
	} {
		want := object{
			"AttributeDefinitions":             []any{object{"AttributeName": "pk", "AttributeType": "S"}},
			"KeySchema":                        []any{object{"AttributeName": "pk", "KeyType": "HASH"}},
			"BillingMode":                      "PAY_PER_REQUEST",
			"TimeToLiveSpecification":          object{"AttributeName": "ttl", "Enabled": true},
			"PointInTimeRecoverySpecification": object{"PointInTimeRecoveryEnabled": true},
			"DeletionProtectionEnabled":        test.protected,
		}
		if key := test.props.TableKeyARN; key != "" {
			want["SSESpecification"] = object{"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": key}
		}
		got := test.properties(t, "Table", "AWS::DynamoDB::Table")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.props.Stage, diff)
		}
		checkRemoval(t, test.deployment, "Table", test.policy)
	}
}

// Neither SecretString nor GenerateSecretString: the first would be in the template, the second
// a value that is not the JSON the functions read.
func TestSecretHasNoValue(t *testing.T) {
	for _, test := range []struct {
		deployment
		key    any
		policy string
	}{
		{development(t), nil, "Delete"},
		{production(t), production(t).props.SecretKeyARN, "RetainExceptOnCreate"},
	} {
		want := object{"Description": "Infobip API key and phone HMAC keys, as JSON."}
		if test.key != nil {
			want["KmsKeyId"] = test.key
		}
		got := test.properties(t, "Secret", "AWS::SecretsManager::Secret")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.props.Stage, diff)
		}
		checkRemoval(t, test.deployment, "Secret", test.policy)
	}
}

const (
	logWriting = `Allow logs:CreateLogStream,logs:PutLogEvents on ${%sLogs.Arn}`
	writeTrace = `Allow xray:PutTraceSegments,xray:PutTelemetryRecords on *`
	networking = `ec2:CreateNetworkInterface,ec2:DescribeNetworkInterfaces,ec2:DescribeSubnets,ec2:DeleteNetworkInterface,` +
		`ec2:AssignPrivateIpAddresses,ec2:UnassignPrivateIpAddresses on *`
	table = `Allow dynamodb:GetItem,dynamodb:PutItem,dynamodb:UpdateItem on ${Table.Arn}`
)

func TestRoles(t *testing.T) {
	const decrypt = `Allow kms:Decrypt on arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab` +
		` if StringEquals kms:ViaService secretsmanager.${AWS::Region}.${AWS::URLSuffix}`
	crypt := `Allow kms:Decrypt,kms:DescribeKey,kms:Encrypt,kms:GenerateDataKey,kms:GenerateDataKeyWithoutPlaintext,kms:ReEncryptFrom,kms:ReEncryptTo` +
		` on ` + production(t).props.TableKeyARN + ` if StringEquals kms:ViaService dynamodb.${AWS::Region}.${AWS::URLSuffix}`
	secret := func(resource string) string { return "Allow secretsmanager:GetSecretValue on " + resource }

	named := props.Default(assets)
	named.Secret = &props.ExistingSecret{ID: "otp/infobip"}
	addressed := props.Default(assets)
	addressed.Secret = &props.ExistingSecret{ID: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:otp-AbCdEf"}

	restored := props.Default(assets)
	restored.ExistingTable = "otp-restored"
	existing := strings.Replace(table, "${Table.Arn}", "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/otp-restored", 1)

	for _, test := range []struct {
		name     string
		d        deployment
		secretID string
		state    []string
	}{
		{"existing table", mustSynthesize(t, restored), "${Secret}", []string{existing, secret("${Secret}")}},
		{"development", development(t), "${Secret}", []string{table, secret("${Secret}")}},
		{"production, key of the customer's", production(t), "${Secret}", []string{table, crypt, secret("${Secret}"), decrypt}},
		{"existing secret by name", mustSynthesize(t, named), "otp/infobip", []string{table,
			secret("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:otp/infobip-??????")}},
		{"existing secret by ARN", mustSynthesize(t, addressed), addressed.Secret.ID, []string{table, secret(addressed.Secret.ID)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, function := range []string{"Send", "Verify", "Discovery"} {
				var want []string
				if function != "Discovery" {
					want = append(want, test.state...)
				}
				if function == "Send" {
					_, arn, _ := strings.Cut(test.state[0], " on ")
					want = append(want, "Allow dynamodb:BatchGetItem on "+arn)
				}
				want = append(want, proofGrants(test.d, function)...)
				want = append(want, strings.Replace(logWriting, "%s", function, 1))
				if test.d.props.Tracing {
					want = append(want, writeTrace)
				}
				if test.d.props.VPC != nil {
					want = append(want, "Allow "+networking, "Deny "+networking+
						" if ArnLike lambda:SourceFunctionArn arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:*")
				}
				checkRole(t, test.d, function, want)
			}
			environment := test.d.properties(t, "SendFunction", "AWS::Lambda::Function")["Environment"].(object)["Variables"].(object)
			if environment["SECRET_ID"] != test.secretID {
				t.Errorf("SECRET_ID is %v, want %s", environment["SECRET_ID"], test.secretID)
			}
			_, tabled := test.d.Resources["Table"]
			if name := environment["TABLE_NAME"]; tabled != (name == "${Table}") || !tabled && name != test.d.props.ExistingTable {
				t.Errorf("TABLE_NAME is %v, and a table is created: %t", name, tabled)
			}
			_, created := test.d.Resources["Secret"]
			if wantCreated := test.secretID == "${Secret}"; created != wantCreated {
				t.Errorf("secret created: %v, want %v", created, wantCreated)
			}
		})
	}
}

// proofGrants are what a function may do with the keys of proofs.
func proofGrants(d deployment, function string) []string {
	signing, further := "${ProofKey1.Arn}", []string{}
	if d.props.Settings["PROOF_KEY"] != "" { // production: everything at once
		signing = d.props.Settings["PROOF_KEY"]
		further = []string{"${ProofKey2.Arn}", "${ProofKey1.Arn}", d.props.Settings["PROOF_PUBLISHED_KEYS"]}
	}
	switch function {
	case "Verify":
		return []string{"Allow kms:Sign on " + signing}
	case "Discovery":
		grants := []string{"Allow kms:GetPublicKey on " + signing}
		for _, key := range further {
			grants = append(grants, "Allow kms:GetPublicKey on "+key)
		}
		return grants
	}
	return nil
}

// checkRole compares all of a role: who may take it, and every statement.
func checkRole(t *testing.T, d deployment, function string, want []string) {
	t.Helper()
	got := d.properties(t, function+"Role", "AWS::IAM::Role")
	trust := object{"Version": "2012-10-17", "Statement": []any{object{
		"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": object{"Service": "lambda.amazonaws.com"},
	}}}
	if diff := cmp.Diff(any(trust), got["AssumeRolePolicyDocument"]); diff != "" {
		t.Errorf("%s trust (-want +got):\n%s", function, diff)
	}
	for property := range got {
		if property != "AssumeRolePolicyDocument" && property != "Policies" {
			t.Errorf("%s role has %s: everything it may do is to stand in its own policy", function, property)
		}
	}
	var statements []string
	for _, policy := range got["Policies"].([]any) {
		for _, statement := range policy.(object)["PolicyDocument"].(object)["Statement"].([]any) {
			statements = append(statements, sentence(t, statement.(object)))
		}
	}
	if diff := cmp.Diff(want, statements); diff != "" {
		t.Errorf("%s may (-want +got):\n%s", function, diff)
	}
}

// sentence writes a statement on one line.
func sentence(t *testing.T, statement object) string {
	t.Helper()
	text := statement["Effect"].(string) + " " + list(t, statement["Action"]) + " on " + list(t, statement["Resource"])
	for name, value := range statement {
		switch name {
		case "Effect", "Action", "Resource":
		case "Condition":
			for operator, keys := range value.(object) {
				for key, value := range keys.(object) {
					text += " if " + operator + " " + key + " " + value.(string)
				}
			}
		default:
			t.Errorf("statement has %s: %v", name, value)
		}
	}
	return text
}

func list(t *testing.T, value any) string {
	t.Helper()
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var texts []string
		for _, element := range value {
			texts = append(texts, element.(string))
		}
		return strings.Join(texts, ",")
	default:
		t.Fatalf("is %T, want a text or a list", value)
		return ""
	}
}

// A rollback of a first deployment must end by itself: what refuses to be deleted is left alone,
// and everything else goes, so that the next try meets nothing.
func TestAFailedFirstDeploymentCanBeRepeated(t *testing.T) {
	for name, resource := range production(t).Resources {
		protected := resource.Properties["DeletionProtectionEnabled"] == true
		if left := resource.DeletionPolicy == "Retain"; left != protected {
			t.Errorf("%s (%s): its deletion is refused: %t, and a rollback leaves it alone: %t", name, resource.Type, protected, left)
		}
		if name == "Table" {
			if _, named := resource.Properties["TableName"]; named {
				t.Error("the table that a rollback leaves has a name that the next one would want")
			}
		}
	}
}
