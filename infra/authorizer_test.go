package infra_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// TestAuthorizer: who may send and verify has credentials; what nothing is sent by is everybody's.
func TestAuthorizer(t *testing.T) {
	for id, want := range map[string]string{
		"SendRoute": "AWS_IAM", "ResendRoute": "AWS_IAM", "VerifyRoute": "AWS_IAM", "BannerRoute": "NONE", "DefaultRoute": "NONE",
	} {
		if got := backends(t).properties(t, id, "AWS::ApiGatewayV2::Route")["AuthorizationType"]; got != want {
			t.Errorf("for backends %s is for %v, want %s", id, got, want)
		}
		if got := development(t).properties(t, id, "AWS::ApiGatewayV2::Route")["AuthorizationType"]; got != "NONE" {
			t.Errorf("for everybody %s is for %v", id, got)
		}
	}
}

// TestBackendsAreBelieved: what the functions are told of the client's address goes with what the
// routes let in. A caller that the IAM authorizer has let in says who its user is; without the
// authorizer's word the same request is refused, and without the address too. The body is none,
// so that a request which is believed ends at its form.
func TestBackendsAreBelieved(t *testing.T) {
	const believed, stranger, nobody = "body_invalid", "origin_refused", "client_address_required"
	environment := backends(t).environment(t, "SendFunction")
	config, err := app.ReadConfig(func(name string) string {
		value, _ := environment[name].(string)
		return deployed.Replace(value)
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := httpapi.NewSend(
		httpapi.Edge{Logger: slog.New(slog.DiscardHandler), Client: httpapi.ClientAddress{Header: config.ClientAddress.Header}},
		config.Form, rate.Rate{}, nil)
	for _, test := range []struct {
		name, route, address, want string
	}{
		{"of a backend", "SendRoute", "203.0.113.1", believed},
		{"of a backend that names nobody", "SendRoute", "", nobody},
		{"of a route without the authorizer", "DefaultRoute", "203.0.113.1", stranger},
	} {
		event := events.APIGatewayV2HTTPRequest{
			Version: "2.0", RouteKey: "POST /send-otp", RawPath: "/send-otp", Body: "{",
			Headers: map[string]string{"content-type": "application/json", "x-client-address": test.address},
		}
		event.RequestContext.HTTP = events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: http.MethodPost, Path: "/send-otp", SourceIP: "198.51.100.7"}
		if backends(t).properties(t, test.route, "AWS::ApiGatewayV2::Route")["AuthorizationType"] == "AWS_IAM" {
			event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
				IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{
					AccessKey: "ASIAIOSFODNN7EXAMPLE", AccountID: "111122223333", CallerID: "AROAIOSFODNN7EXAMPLE:backend",
					UserARN: "arn:aws:sts::111122223333:assumed-role/backend/session", UserID: "AROAIOSFODNN7EXAMPLE:backend",
				},
			}
		}
		answer, err := handler.Handle(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		var body struct{ Code string }
		err = json.Unmarshal([]byte(answer.Body), &body)
		if err != nil || body.Code != test.want {
			t.Errorf("a request %s is answered %d %s (%v), want %s", test.name, answer.StatusCode, body.Code, err, test.want)
		}
	}
}
