package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/seed-a131a524/infobip-otp/pkg/cors"
)

// apiSeen is the HTTP API as API Gateway has it.
type apiSeen struct {
	cors  *apitypes.Cors
	stage *apigatewayv2.GetStageOutput
}

// routes of the API, and the function behind each.
var routes = []struct{ key, function string }{
	{"POST /send-otp", "send"},
	{"POST /resend-otp", "send"},
	{"POST /verify-otp", "verify"},
	{"GET /", "discovery"},
	{"$default", "discovery"},
}

// apiStage is the one stage of the API.
const apiStage = "$default"

// apiID returns the id of the HTTP API.
func (v *visit) apiID() string {
	if ids := v.resources["AWS::ApiGatewayV2::Api"]; len(ids) > 0 {
		return ids[0]
	}
	return ""
}

func (v *visit) apiResource() resource {
	return resource{"API", v.apiID(), "the stack", "apigateway:GET"}
}

// checkRoutes looks at the API itself too, for the checks that come after it.
func checkRoutes(ctx context.Context, v *visit) []finding {
	id := v.apiID()
	if id == "" {
		if v.resources == nil {
			return unknown("the stack is not known")
		}
		return failed("is it this project's stack? make deploy makes it again", "the stack has no HTTP API")
	}
	api, err := v.api.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: &id})
	if err != nil {
		return refusedOrFailed(v.apiResource(), err)
	}
	v.gateway = &apiSeen{cors: api.CorsConfiguration}
	stage, err := v.api.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: &id, StageName: aws.String(apiStage)})
	switch {
	case absent(err):
		return failed("make deploy makes it again", "the API has no stage %s: nothing is answered", apiStage)
	case err != nil:
		return refusedOrFailed(v.apiResource(), err)
	}
	v.gateway.stage = stage
	found, err := v.routeFaults(ctx, id)
	if err != nil {
		return refusedOrFailed(v.apiResource(), err)
	}
	if !aws.ToBool(stage.AutoDeploy) {
		found = append(found, warned(deployAgain, "the stage deploys no change by itself: it may answer by routes that are gone")...)
	}
	return orElse(found, "%s lead to their functions", count(len(routes), "route"))
}

func (v *visit) routeFaults(ctx context.Context, id string) ([]finding, error) {
	got, err := v.api.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: &id, MaxResults: aws.String("100")})
	if err != nil {
		return nil, fmt.Errorf("getting the routes: %w", err)
	}
	integrations, err := v.api.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: &id, MaxResults: aws.String("100")})
	if err != nil {
		return nil, fmt.Errorf("getting the integrations: %w", err)
	}
	target := map[string]string{}
	for _, i := range integrations.Items {
		target["integrations/"+aws.ToString(i.IntegrationId)] = aws.ToString(i.IntegrationUri)
	}
	is := map[string]apitypes.Route{}
	for _, route := range got.Items {
		is[aws.ToString(route.RouteKey)] = route
	}
	var found []finding
	for _, want := range routes {
		route, there := is[want.key]
		f := v.functions[want.function]
		switch leads := target[aws.ToString(route.Target)]; {
		case !there:
			found = append(found, failed(deployAgain, "there is no route %s", want.key)...)
		case f != nil && !leadsTo(leads, f.id):
			found = append(found, failed(deployAgain, "%s does not lead to the function %s", want.key, want.function)...)
		case f != nil && f.alias != "" && !leadsTo(leads, f.id+":"+f.alias):
			found = append(found, failed(deployAgain, "%s leads past the alias %s of %s: it runs what was deployed last, whatever was rolled back", want.key, f.alias, want.function)...)
		}
	}
	return found, nil
}

// leadsTo reports whether an integration's address is that of a function: its ARN, or the
// address of Lambda's API that holds it.
func leadsTo(uri, function string) bool {
	_, name, found := strings.Cut(uri, ":function:")
	name, _, _ = strings.Cut(name, "/")
	return found && (name == function || strings.HasPrefix(name, function+":"))
}

func checkThrottles(_ context.Context, v *visit) []finding {
	if v.gateway == nil || v.gateway.stage == nil {
		return unknown("the API's stage is not known")
	}
	const set = "THROTTLE_SEND and its kin in deploy.env, and make deploy"
	var found []finding
	rate := map[string]float64{}
	for _, route := range []string{"POST /send-otp", "POST /resend-otp", "POST /verify-otp"} {
		settings, there := v.gateway.stage.RouteSettings[route]
		rate[route] = aws.ToFloat64(settings.ThrottlingRateLimit)
		if !there || rate[route] <= 0 || aws.ToInt32(settings.ThrottlingBurstLimit) <= 0 {
			found = append(found, warned(set, "%s has no throttle of its own: a flood of it takes the account's whole rate, and every parallel execution", route)...)
		}
	}
	if verify := rate["POST /verify-otp"]; verify > 0 && (rate["POST /send-otp"] > verify || rate["POST /resend-otp"] > verify) {
		found = append(found, warned(set+": an honest client verifies at least as often as it sends", "verify is throttled more tightly than sends")...)
	}
	if other := v.gateway.stage.DefaultRouteSettings; other == nil || aws.ToFloat64(other.ThrottlingRateLimit) <= 0 {
		found = append(found, warned(set, "there is no throttle for everything else")...)
	}
	return orElse(found, "send %g, resend %g, verify %g requests a second", rate["POST /send-otp"], rate["POST /resend-otp"], rate["POST /verify-otp"])
}

func checkCORS(_ context.Context, v *visit) []finding {
	if v.gateway == nil {
		return unknown("the API is not known")
	}
	c := v.gateway.cors
	if c == nil || len(c.AllowOrigins) == 0 {
		return okay("no page of another origin may call it (CORS_ORIGINS is unset)")
	}
	const set = "CORS_ORIGINS in deploy.env, and make deploy"
	var found []finding
	for _, origin := range c.AllowOrigins {
		switch {
		case origin == "*" && v.keeps():
			found = append(found, failed(set+": name your pages' origins", "pages of every origin may call it, and so spend your money from their visitors' browsers")...)
		case origin != "*" && !strings.HasPrefix(origin, "https://"):
			found = append(found, failed(set+": https alone", "pages that were loaded in clear may call it: %s", printable(origin))...)
		}
	}
	lacks := func(what string, is, want []string) {
		for _, name := range want {
			if !slices.ContainsFunc(is, func(has string) bool { return has == "*" || strings.EqualFold(has, name) }) {
				found = append(found, failed(deployAgain, "pages may not %s %s", what, name)...)
			}
		}
	}
	lacks("use the method", c.AllowMethods, cors.AllowedMethods())
	lacks("send the header", c.AllowHeaders, cors.AllowedHeaders())
	lacks("read the header", c.ExposeHeaders, cors.ExposedHeaders())
	return orElse(found, "pages of %s", strings.Join(c.AllowOrigins, ", "))
}
