package infra_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
	"github.com/seed-a131a524/infobip-otp/internal/cost"
)

func TestRoutes(t *testing.T) {
	routes := []struct{ id, key, permitted, function string }{
		{"Send", "POST /send-otp", "POST/send-otp", "Send"},
		{"Resend", "POST /resend-otp", "POST/resend-otp", "Send"},
		{"Verify", "POST /verify-otp", "POST/verify-otp", "Verify"},
		{"Banner", "GET /", "", "Discovery"}, // the default route's permission is for it too
		{"Default", "$default", "*", "Discovery"},
	}
	for _, r := range routes {
		want := object{
			"ApiId":             "${Api}",
			"RouteKey":          r.key,
			"Target":            "integrations/${" + r.function + "Integration}",
			"AuthorizationType": "NONE",
		}
		if diff := cmp.Diff(want, development(t).properties(t, r.id+"Route", "AWS::ApiGatewayV2::Route")); diff != "" {
			t.Errorf("route %s (-want +got):\n%s", r.key, diff)
		}
		want = object{
			"ApiId":                "${Api}",
			"IntegrationType":      "AWS_PROXY",
			"IntegrationUri":       "${" + r.function + "Alias}",
			"PayloadFormatVersion": "2.0",
		}
		if diff := cmp.Diff(want, development(t).properties(t, r.function+"Integration", "AWS::ApiGatewayV2::Integration")); diff != "" {
			t.Errorf("integration of %s (-want +got):\n%s", r.key, diff)
		}
		if r.permitted == "" {
			continue
		}
		want = object{
			"Action":       "lambda:InvokeFunction",
			"FunctionName": "${" + r.function + "Alias}",
			"Principal":    "apigateway.amazonaws.com",
			"SourceArn":    "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/" + r.permitted,
		}
		if diff := cmp.Diff(want, development(t).properties(t, r.id+"Permission", "AWS::Lambda::Permission")); diff != "" {
			t.Errorf("permission of %s (-want +got):\n%s", r.key, diff)
		}
	}
}

func TestStage(t *testing.T) {
	throttle := func(rate, burst float64) object {
		return object{"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}
	}
	for _, test := range []struct {
		deployment
		send, resend, verify, other object
	}{
		{development(t), throttle(50, 100), throttle(50, 100), throttle(50, 100), throttle(100, 200)},
		{production(t), throttle(1, 2), throttle(3, 4), throttle(5, 6), throttle(7, 8)},
	} {
		want := object{
			"ApiId":                "${Api}",
			"StageName":            "$default",
			"AutoDeploy":           true,
			"DefaultRouteSettings": test.other,
			"RouteSettings": object{
				"POST /send-otp":   test.send,
				"POST /resend-otp": test.resend,
				"POST /verify-otp": test.verify,
			},
		}
		got := object{}
		for name, value := range test.properties(t, "Stage", "AWS::ApiGatewayV2::Stage") {
			if name != "AccessLogSettings" { // TestAccessLog
				got[name] = value
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s stage (-want +got):\n%s", test.props.Stage, diff)
		}
	}
}

// raw is a template as CloudFormation gets it, as far as the order of creation goes.
type raw struct {
	Resources map[string]struct {
		Type      string
		DependsOn []string
	}
}

func (d deployment) raw(t *testing.T) raw {
	t.Helper()
	data, err := os.ReadFile(d.path())
	if err != nil {
		t.Fatal(err)
	}
	var document raw
	err = json.Unmarshal(data, &document)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// A route that leads to an alias which API Gateway may not call yet answers 500 meanwhile.
func TestIntegrationsWaitForTheirPermissions(t *testing.T) {
	got := map[string][]string{}
	for name, resource := range development(t).raw(t).Resources {
		if resource.Type != "AWS::ApiGatewayV2::Integration" {
			continue
		}
		for _, waited := range resource.DependsOn {
			integration := template.NameInCDK(name, "Otp")
			got[integration] = append(got[integration], template.NameInCDK(waited, "Otp"))
		}
	}
	want := map[string][]string{
		"SendIntegration":      {"ResendPermission", "SendPermission"},
		"VerifyIntegration":    {"VerifyPermission"},
		"DiscoveryIntegration": {"DefaultPermission"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("integrations wait for (-want +got):\n%s", diff)
	}
}

// API Gateway refuses a stage whose settings name a route that is not there yet.
func TestStageWaitsForItsRoutes(t *testing.T) {
	var stage, routes []string
	for name, resource := range development(t).raw(t).Resources {
		switch resource.Type {
		case "AWS::ApiGatewayV2::Stage":
			stage = resource.DependsOn
		case "AWS::ApiGatewayV2::Route":
			routes = append(routes, name)
		}
	}
	slices.Sort(stage)
	slices.Sort(routes)
	if diff := cmp.Diff(routes, stage); diff != "" || len(routes) == 0 {
		t.Errorf("the stage waits for (-want +got):\n%s", diff)
	}
}

func TestAccessLog(t *testing.T) {
	settings := development(t).properties(t, "Stage", "AWS::ApiGatewayV2::Stage")["AccessLogSettings"].(object)
	if got := settings["DestinationArn"]; got != "${ApiLogs.Arn}" {
		t.Errorf("destination is %v, want the API's own log group", got)
	}
	format := settings["Format"].(string)
	fields := map[string]string{}
	err := json.Unmarshal([]byte(format), &fields)
	if err != nil {
		t.Fatalf("the format is not one JSON object of texts: %v\n%s", err, format)
	}
	want := map[string]string{
		"requestId":         "$context.requestId",
		"routeKey":          "$context.routeKey",
		"status":            "$context.status",
		"responseLatency":   "$context.responseLatency",
		"integrationStatus": "$context.integrationStatus",
		"integrationError":  "$context.integrationErrorMessage",
		"error":             "$context.error.message",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	// Said apart from the list above, for whoever extends it.
	for _, personal := range []string{"identity", "sourceIp", "userAgent", "caller", "authorizer", "path", "domainName", "user"} {
		if strings.Contains(format, "$context."+personal) {
			t.Errorf("the format logs $context.%s…, which can name a person", personal)
		}
	}
}

// TestAccessLogLine: docs/cost.md counts with no more bytes than the line of an answered request has.
func TestAccessLogLine(t *testing.T) {
	format := development(t).properties(t, "Stage", "AWS::ApiGatewayV2::Stage")["AccessLogSettings"].(object)["Format"].(string)
	line := strings.NewReplacer(
		"$context.requestId", "UqT3dgR1FiAEJwQ=", "$context.routeKey", "POST /verify-otp", "$context.status", "200", "$context.responseLatency", "1234",
		"$context.integrationStatus", "200", "$context.integrationErrorMessage", "-", "$context.error.message", "-",
	).Replace(format)
	if strings.Contains(line, "$context") || len(line) > cost.AccessLine || len(line) < cost.AccessLine*9/10 {
		t.Errorf("a line has %d bytes, counted with %d: %s", len(line), cost.AccessLine, line)
	}
}

// The one group that needs a name has one that no other stack, and no other service of this
// stack, can have.
func TestAccessLogGroup(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		got, _ := d.properties(t, "ApiLogs", "AWS::Logs::LogGroup")["LogGroupName"].(string)
		beginning := "/aws/vendedlogs/infobip-otp-" + d.props.Stage + "-Otp-"
		construct, found := strings.CutSuffix(strings.TrimPrefix(got, beginning), "/${AWS::StackId/2}")
		if !strings.HasPrefix(got, beginning) || !found || len(construct) != 8 {
			t.Errorf("%s: the access log goes to %s, want %s, a hash of the construct's path and the stack's own id", d.props.Stage, got, beginning)
		}
	}
}

func TestCORS(t *testing.T) {
	want := object{
		"Name":         "infobip-otp-production",
		"ProtocolType": "HTTP",
		"CorsConfiguration": object{
			"AllowOrigins":  []any{"https://app.example.com", "https://www.example.com"},
			"AllowMethods":  []any{"GET", "POST"},
			"AllowHeaders":  []any{"content-type", "idempotency-key", "traceparent", "tracestate", "baggage", "sentry-trace", "x-amzn-trace-id"},
			"ExposeHeaders": []any{"date", "retry-after", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"},
			"MaxAge":        3600.0,
		},
	}
	if diff := cmp.Diff(want, production(t).properties(t, "Api", "AWS::ApiGatewayV2::Api")); diff != "" {
		t.Errorf("with origins (-want +got):\n%s", diff)
	}
	want = object{"Name": "infobip-otp-development", "ProtocolType": "HTTP"}
	if diff := cmp.Diff(want, development(t).properties(t, "Api", "AWS::ApiGatewayV2::Api")); diff != "" {
		t.Errorf("without origins (-want +got):\n%s", diff)
	}
}
