package stack_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/examples/protected-route/stack"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

const audience = "accounts.example.com"

// template is as much of one as the tests look at.
type template struct {
	Resources map[string]struct {
		Type       string
		Properties map[string]any
	}
}

// Starting the CDK costs seconds, so every test looks at one template.
var (
	issuer      string // serves the documents of key, as the service's discovery does
	key         *proof.LocalKey
	synthesised template
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	defer jsii.Close()
	var published *proof.Published
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := published.Configuration(), error(nil)
		if r.URL.Path == proof.KeySetPath {
			document, err = published.KeySet(r.Context())
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(document.JSON)
	}))
	defer server.Close()
	issuer = server.URL
	var err error
	key, err = proof.NewLocalKey()
	if err == nil {
		published = proof.NewPublished(issuer, clock{}, slog.New(slog.DiscardHandler), key)
		synthesised, err = synthesise()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func synthesise() (template, error) {
	dir, err := os.MkdirTemp("", "protected-route-")
	if err != nil {
		return template{}, err
	}
	defer os.RemoveAll(dir)
	function := filepath.Join(dir, "function")
	if err := os.Mkdir(function, 0o700); err != nil {
		return template{}, err
	}
	if err := os.WriteFile(filepath.Join(function, "bootstrap"), []byte("a stand-in, which nothing runs\n"), 0o600); err != nil {
		return template{}, err
	}
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(filepath.Join(dir, "out")), AnalyticsReporting: jsii.Bool(false)})
	stack.New(app, "example", stack.Props{Issuer: issuer, Audience: audience, Function: function})
	app.Synth(nil)
	text, err := os.ReadFile(filepath.Join(dir, "out", "example.template.json"))
	if err != nil {
		return template{}, err
	}
	var t template
	err = json.Unmarshal(text, &t)
	return t, err
}

// clock is real time.
type clock struct{}

func (clock) Now() time.Time { return time.Now() }

// only returns the one resource of a type.
func only(t *testing.T, kind string) (string, map[string]any) {
	t.Helper()
	var name string
	for id, resource := range synthesised.Resources {
		if resource.Type == kind {
			if name != "" {
				t.Fatalf("there are two resources of type %s", kind)
			}
			name = id
		}
	}
	if name == "" {
		t.Fatalf("there is no resource of type %s", kind)
	}
	return name, synthesised.Resources[name].Properties
}

func TestAuthorizer(t *testing.T) {
	id, authorizer := only(t, "AWS::ApiGatewayV2::Authorizer")
	if authorizer["AuthorizerType"] != "JWT" {
		t.Errorf("it is of type %v", authorizer["AuthorizerType"])
	}
	want := map[string]any{"Issuer": issuer, "Audience": []any{audience}}
	if diff := cmp.Diff(want, authorizer["JwtConfiguration"]); diff != "" {
		t.Errorf("what it takes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"$request.header.Authorization"}, authorizer["IdentitySource"]); diff != "" {
		t.Errorf("where it looks (-want +got):\n%s", diff)
	}
	routes := map[string]any{}
	for _, resource := range synthesised.Resources {
		if resource.Type == "AWS::ApiGatewayV2::Route" {
			key, _ := resource.Properties["RouteKey"].(string)
			routes[key] = []any{resource.Properties["AuthorizationType"], resource.Properties["AuthorizerId"]}
		}
	}
	wantRoutes := map[string]any{
		"POST /account": []any{"JWT", map[string]any{"Ref": id}},
		"POST /session": []any{"NONE", nil},
	}
	if diff := cmp.Diff(wantRoutes, routes); diff != "" {
		t.Errorf("the routes (-want +got):\n%s", diff)
	}
}

func TestFunctionMayDoNoMore(t *testing.T) {
	_, policy := only(t, "AWS::IAM::Policy")
	text, err := json.Marshal(policy["PolicyDocument"])
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Statement []struct{ Action any }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Statement) != 1 {
		t.Fatalf("%d statements, want 1", len(document.Statement))
	}
	if diff := cmp.Diff([]any{"dynamodb:GetItem", "dynamodb:PutItem"}, document.Statement[0].Action); diff != "" {
		t.Errorf("the actions (-want +got):\n%s", diff)
	}
}

// TestPublishedDocumentsServeTheAuthorizer does with the template's settings what API
// Gateway documents of its JWT authorizer: it finds the key set through the issuer, and
// checks kid, RS256, iss, aud and exp, and no more.
func TestPublishedDocumentsServeTheAuthorizer(t *testing.T) {
	_, authorizer := only(t, "AWS::ApiGatewayV2::Authorizer")
	settings, ok := authorizer["JwtConfiguration"].(map[string]any)
	if !ok {
		t.Fatal("the authorizer has no settings")
	}
	var discovered struct {
		Issuer string `json:"issuer"`
		KeySet string `json:"jwks_uri"`
	}
	name, _ := settings["Issuer"].(string)
	get(t, name+"/.well-known/openid-configuration", &discovered)
	if discovered.Issuer != name {
		t.Fatalf("the document is of %q, want %q", discovered.Issuer, name)
	}
	var keys jose.JSONWebKeySet
	get(t, discovered.KeySet, &keys)
	lets := func(token string) bool {
		parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			return false
		}
		var c jwt.Claims
		if err := parsed.Claims(keys, &c); err != nil {
			return false
		}
		audiences, _ := settings["Audience"].([]any)
		forUs := slices.ContainsFunc(audiences, func(a any) bool { return c.Audience.Contains(fmt.Sprint(a)) })
		return forUs && c.Issuer == name && c.Expiry != nil && time.Now().Before(c.Expiry.Time())
	}
	issue := func(change func(*proof.Issuer)) string {
		i := &proof.Issuer{Name: issuer, Audience: audience, TTL: proof.DefaultTTL, Signer: key, Clock: clock{}}
		change(i)
		token, err := i.Issue(t.Context(), proof.Statement{
			Sub: "sub", PhoneNumber: "+14155552671", Channel: "sms", VerificationID: "id", VerifiedAt: time.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return token.Compact()
	}
	good := issue(func(*proof.Issuer) {})
	if !lets(good) {
		t.Error("a good proof is not let in")
	}
	stranger, err := proof.NewLocalKey()
	if err != nil {
		t.Fatal(err)
	}
	for what, token := range map[string]string{
		"other audience":    issue(func(i *proof.Issuer) { i.Audience = "admin.example.com" }),
		"other issuer":      issue(func(i *proof.Issuer) { i.Name = "https://otp.example.net" }),
		"expired":           issue(func(i *proof.Issuer) { i.TTL = -time.Minute }),
		"unpublished key":   issue(func(i *proof.Issuer) { i.Signer = stranger }),
		"without signature": good[:strings.LastIndex(good, ".")+1],
	} {
		if lets(token) {
			t.Errorf("%s: let in", what)
		}
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}
