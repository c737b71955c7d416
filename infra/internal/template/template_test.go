package template

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sam = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Architecture: {Type: String}
Globals:
  Function: {Runtime: provided.al2023, Architectures: [!Ref Architecture]}
Resources:
  SendFunction:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 256
      Tracing: Active
      CodeUri: !Sub build/${Architecture}
      Environment: {Variables: {TABLE_NAME: !Ref Table, LENGTH: '6'}}
      Events:
        Send:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: POST, Path: /send-otp}
        Default:
          Type: HttpApi
          Properties: {ApiId: !Ref Api}
  VerifyFunction:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Verify:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: POST, Path: /verify-otp}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: $default
      RouteSettings: {POST /send-otp: {ThrottlingRateLimit: 5}}
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties: &shared {TableName: !Join ['-', [a, !Sub ['${AWS::Region}.${N}', {N: !GetAtt Other.Name}], !GetAtt Other.Arn]]}
  Other:
    Type: AWS::DynamoDB::Table
    Properties: *shared
Outputs:
  Url: {Value: !Sub '${Api.ApiEndpoint}/'}
`

// What the transform makes of the above; the names of routes, permissions and integrations are
// ours, what is in them is SAM's.
func TestSAMIsExpanded(t *testing.T) {
	got, err := parseSAM([]byte(sam), map[string]string{"Architecture": "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]any{"TableName": "a-${AWS::Region}.${Other.Name}-${Other.Arn}"}
	want := Template{
		Resources: map[string]Resource{
			"SendFunction": {Type: "AWS::Lambda::Function", Properties: map[string]any{
				"Runtime":       "provided.al2023",
				"Architectures": []any{"arm64"},
				"MemorySize":    256.0,
				"TracingConfig": map[string]any{"Mode": "Active"},
				"Code":          "build/${Architecture}",
				"Environment":   map[string]any{"Variables": map[string]any{"TABLE_NAME": "${Table}", "LENGTH": "6"}},
			}},
			"SendIntegration": {Type: "AWS::ApiGatewayV2::Integration", Properties: map[string]any{
				"ApiId": "${Api}", "IntegrationType": "AWS_PROXY", "IntegrationUri": "${SendFunction.Arn}", "PayloadFormatVersion": "2.0",
			}},
			"SendRoute": {Type: "AWS::ApiGatewayV2::Route", Properties: map[string]any{
				"ApiId": "${Api}", "RouteKey": "POST /send-otp", "AuthorizationType": "NONE", "Target": "integrations/${SendIntegration}",
			}},
			"VerifyFunction": {Type: "AWS::Lambda::Function", Properties: map[string]any{
				"Runtime": "provided.al2023", "Architectures": []any{"arm64"},
			}},
			"VerifyIntegration": {Type: "AWS::ApiGatewayV2::Integration", Properties: map[string]any{
				"ApiId": "${Api}", "IntegrationType": "AWS_PROXY", "IntegrationUri": "${VerifyFunction.Arn}", "PayloadFormatVersion": "2.0",
			}},
			"VerifyRoute": {Type: "AWS::ApiGatewayV2::Route", Properties: map[string]any{
				"ApiId": "${Api}", "RouteKey": "POST /verify-otp", "AuthorizationType": "NONE", "Target": "integrations/${VerifyIntegration}",
			}},
			"VerifyPermission": {Type: "AWS::Lambda::Permission", Properties: map[string]any{
				"Action": "lambda:InvokeFunction", "FunctionName": "${VerifyFunction}", "Principal": "apigateway.amazonaws.com",
				"SourceArn": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/POST/verify-otp",
			}},
			"DefaultRoute": {Type: "AWS::ApiGatewayV2::Route", Properties: map[string]any{
				"ApiId": "${Api}", "RouteKey": "$default", "AuthorizationType": "NONE", "Target": "integrations/${SendIntegration}",
			}},
			"DefaultPermission": {Type: "AWS::Lambda::Permission", Properties: map[string]any{
				"Action": "lambda:InvokeFunction", "FunctionName": "${SendFunction}", "Principal": "apigateway.amazonaws.com",
				"SourceArn": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*",
			}},
			"Api": {Type: "AWS::ApiGatewayV2::Api", Properties: map[string]any{"Name": "${AWS::StackName}", "ProtocolType": "HTTP"}},
			"Stage": {Type: "AWS::ApiGatewayV2::Stage", Properties: map[string]any{
				"ApiId": "${Api}", "AutoDeploy": true, "StageName": "$default",
				"RouteSettings": map[string]any{"POST /send-otp": map[string]any{"ThrottlingRateLimit": 5.0}},
			}},
			"Table": {Type: "AWS::DynamoDB::Table", DeletionPolicy: "Retain", Properties: table},
			"Other": {Type: "AWS::DynamoDB::Table", Properties: table},
		},
		Outputs: map[string]any{"Url": map[string]any{"Value": "${Api.ApiEndpoint}/"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
}

// A property that was passed over in silence would be one that no comparison sees.
func TestSAMRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"function property", "MemorySize: 256", "Layers: [a]", "Layers is not understood"},
		{"event type", "Type: HttpApi\n          Properties: {ApiId: !Ref Api}", "Type: Api\n          Properties: {ApiId: !Ref Api}", "only HttpApi"},
		{"event property", "{ApiId: !Ref Api}", "{ApiId: !Ref Api, Auth: x}", "Auth is not understood"},
		{"event without an API", "{ApiId: !Ref Api}", "{Path: /}", "ApiId is missing"},
		{"substitution of a list", "!Sub '${Api.ApiEndpoint}/'", "!Sub [a]", "Fn::Sub of"},
		{"API property", "StageName: $default", "Auth: x", "Auth is not understood"},
		{"condition of a function", "Type: AWS::Serverless::HttpApi\n", "Type: AWS::Serverless::HttpApi\n    Condition: x\n", "a Condition of AWS::Serverless::HttpApi is not understood"},
		{"choice of one", "!Sub '${Api.ApiEndpoint}/'", "!If [x, a]", "Fn::If of"},
		{"SAM resource", "AWS::Serverless::HttpApi", "AWS::Serverless::Api", "AWS::Serverless::Api is not understood"},
		{"globals", "Globals:\n  Function", "Globals:\n  Api", "Globals.Api is not understood"},
		{"global and own", "MemorySize: 256", "Runtime: x", "Runtime is in Globals too"},
		{"function of CloudFormation", "!Ref Table", "!Select [0, [a]]", "Fn::Select of"},
		{"selection from a text", "!Ref Table", "!Select [0, !Split ['/', 'a/b']]", "Fn::Select of"},
		{"resource attribute", "DeletionPolicy: Retain", "CreationPolicy: x", "CreationPolicy, which is not understood"},
		{"name twice", "MemorySize: 256", "Tracing: Active", "Tracing stands there twice"},
		{"name of an expansion", "  Other:\n", "  SendRoute:\n", "two resources would be called SendRoute"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(sam, test.old) {
				t.Fatalf("the template has no %q to replace", test.old)
			}
			_, err := parseSAM([]byte(strings.Replace(sam, test.old, test.new, 1)), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want it to have %q", err, test.want)
			}
		})
	}
}

// Until a condition is decided both its ways are there, so that a comparison sees both.
func TestAssume(t *testing.T) {
	undecided, err := parseSAM([]byte(`
Resources:
  Key: {Type: K, Condition: Keys, Properties: {A: 1}}
  Role:
    Type: R
    Properties:
      List: [a, !If [Keys, !GetAtt Key.Arn, !Ref AWS::NoValue], {Nested: !If [Keys, !If [Other, b, c], d]}]
      Name: !If [Other, x, !Ref AWS::NoValue]
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if facts := undecided.Facts(); facts["Key.Condition"] != `"Keys"` || facts["Role.Properties.List[1].Fn::If[1]"] != `"${Key.Arn}"` {
		t.Errorf("before a decision there is %v", facts)
	}
	role := func(list ...any) Resource { return Resource{Type: "R", Properties: map[string]any{"List": list}} }
	for _, test := range []struct {
		holds []string
		want  map[string]Resource
	}{
		{nil, map[string]Resource{"Role": role("a", map[string]any{"Nested": "d"})}},
		{[]string{"Keys"}, map[string]Resource{
			"Key":  {Type: "K", Properties: map[string]any{"A": 1.0}},
			"Role": role("a", "${Key.Arn}", map[string]any{"Nested": "c"}),
		}},
	} {
		if diff := cmp.Diff(test.want, undecided.Assume(test.holds...).Resources); diff != "" {
			t.Errorf("with %v (-want +got):\n%s", test.holds, diff)
		}
	}
	if got := undecided.Assume("Other").Resources["Role"].Properties["Name"]; got != "x" {
		t.Errorf("with Other the name is %v", got)
	}
}

func TestLoadCDK(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.json")
	err := os.WriteFile(path, []byte(`{
		"Resources": {
			"OtpTableFFF72E7F": {"Type": "T", "Properties": {"N": 1}, "Metadata": {"a": 1}, "DependsOn": ["x"]},
			"OtpRole0123ABCD": {"Type": "R", "Properties": {"A": {"Fn::GetAtt": ["OtpTableFFF72E7F", "Arn"]},
				"D": {"Fn::Join": ["", ["/logs/", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]]},
				"B": {"Fn::Join": ["", ["x/", {"Ref": "OtpTableFFF72E7F"}, "/", {"Ref": "AWS::Region"}]]}, "C": {"Ref": "Parameter"}}}
		}}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	got, err := LoadCDK(path, "Otp")
	if err != nil {
		t.Fatal(err)
	}
	want := Template{Outputs: map[string]any{}, Resources: map[string]Resource{
		"Table": {Type: "T", Properties: map[string]any{"N": 1.0}},
		"Role":  {Type: "R", Properties: map[string]any{"A": "${Table.Arn}", "B": "x/${Table}/${AWS::Region}", "C": "${Parameter}", "D": "/logs/${AWS::StackId/2}"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
}

func TestCompare(t *testing.T) {
	left := Template{
		Resources: map[string]Resource{
			"Same":   {Type: "T", Properties: map[string]any{"a": []any{"x", 1.0, true}}},
			"Value":  {Type: "T", Properties: map[string]any{"a": "6"}},
			"Kind":   {Type: "T"},
			"List":   {Type: "T", Properties: map[string]any{"a": []any{"x"}}},
			"Policy": {Type: "T", DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain"},
			"Left":   {Type: "T"},
		},
		Outputs: map[string]any{"Url": map[string]any{"Value": "a"}},
	}
	right := Template{
		Resources: map[string]Resource{
			"Same":   {Type: "T", Properties: map[string]any{"a": []any{"x", 1.0, true}}},
			"Value":  {Type: "T", Properties: map[string]any{"a": 6.0}},
			"Kind":   {Type: "U"},
			"List":   {Type: "T", Properties: map[string]any{"a": []any{"x", "y"}}},
			"Policy": {Type: "T", UpdateReplacePolicy: "Delete"},
			"Right":  {Type: "T"},
		},
		Outputs: map[string]any{"Url": map[string]any{"Value": "b"}},
	}
	want := []Difference{
		{Path: "Kind.Type", Left: `"T"`, Right: `"U"`},
		{Path: "Left.Type", Left: `"T"`},
		{Path: "List.Properties.a.length", Left: "1", Right: "2"},
		{Path: "List.Properties.a[1]", Right: `"y"`},
		{Path: "Outputs.Url.Value", Left: `"a"`, Right: `"b"`},
		{Path: "Policy.DeletionPolicy", Left: `"Retain"`},
		{Path: "Policy.UpdateReplacePolicy", Left: `"Retain"`, Right: `"Delete"`},
		{Path: "Right.Type", Right: `"T"`},
		{Path: "Value.Properties.a", Left: `"6"`, Right: "6"},
	}
	got := Compare(left, right)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}

	remaining, idle := Except(got, []Allowed{
		{Path: "List.", Reason: "all below"},
		{Path: "Kind.Type", Reason: "the very one"},
		{Path: "Kind.Typ", Reason: "no prefix without a dot"},
		{Path: "Same.Properties.a", Reason: "not different"},
	})
	if len(remaining) != len(want)-3 {
		t.Errorf("remaining: %v, want all but three", remaining)
	}
	if diff := cmp.Diff([]string{"no prefix without a dot", "not different"}, []string{idle[0].Reason, idle[1].Reason}); diff != "" || len(idle) != 2 {
		t.Errorf("idle (-want +got):\n%s", diff)
	}
}

func TestResolve(t *testing.T) {
	values := map[string]string{"Table": "t1", "Table.Arn": "arn:t1"}
	got := Template{
		Resources: map[string]Resource{"R": {Type: "T", Properties: map[string]any{
			"a": "${Table}/x/${Table.Arn}", "b": []any{"${Other}", 1.0, map[string]any{"c": "${Table}"}}, "d": true,
		}}},
		Outputs: map[string]any{"O": "${Table}"},
	}.Resolve(values)
	want := Template{
		Resources: map[string]Resource{"R": {Type: "T", Properties: map[string]any{
			"a": "t1/x/arn:t1", "b": []any{"${Other}", 1.0, map[string]any{"c": "t1"}}, "d": true,
		}}},
		Outputs: map[string]any{"O": "t1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resolved (-want +got):\n%s", diff)
	}
}
