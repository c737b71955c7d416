package importtest

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/seed-a131a524/infobip-otp/internal/build/lambda"
)

// root is the repository's root, seen from this package.
var root = filepath.Join("..", "..")

// stranger is somebody with Go, an empty folder and a module proxy.
type stranger struct {
	dir         string
	environment []string
}

// newStranger has the proxy serve r before those that the machine has. What Go keeps of the
// release is taken out of its cache again: everything else there is what makes the test take
// seconds.
func newStranger(t *testing.T, r release) stranger {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	cache := goEnv(t, "GOMODCACHE")
	forget(t, cache, r) // of a run that did not come so far
	t.Cleanup(func() { forget(t, cache, r) })
	dir := filepath.Join(t.TempDir(), "app")
	err := os.Mkdir(dir, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	return stranger{dir: dir, environment: append(os.Environ(),
		"GOPROXY="+server.URL+","+goEnv(t, "GOPROXY"), "GONOSUMDB="+rootModule+","+goEnv(t, "GONOSUMDB"),
		"GOFLAGS=", "GOWORK=off", "GOCACHE="+goEnv(t, "GOCACHE"), "XDG_CACHE_HOME="+t.TempDir(), "CDK_OUTDIR=cdk.out",
	)}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// forget takes the release out of a module cache, which Go has made read-only.
func forget(t *testing.T, cache string, r release) {
	t.Helper()
	for path := range r.modules {
		unpacked := filepath.Join(cache, filepath.FromSlash(path)+"@"+r.version)
		err := filepath.WalkDir(unpacked, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			return os.Chmod(name, 0o700) //nolint:gosec // G122: a module cache of Go's own, with no links in it
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		downloads, err := filepath.Glob(filepath.Join(cache, "cache", "download", filepath.FromSlash(path), "@v", r.version+".*"))
		if err != nil {
			t.Error(err)
		}
		// Of a module that the machine has nothing else of, the list would name what is gone.
		list := filepath.Join(cache, "cache", "download", filepath.FromSlash(path), "@v", "list")
		if text, err := os.ReadFile(list); err == nil && strings.TrimSpace(string(text)) == r.version {
			downloads = append(downloads, list)
		}
		for _, name := range append(downloads, unpacked) {
			err := os.RemoveAll(name)
			if err != nil {
				t.Error(err)
			}
		}
	}
}

func (s stranger) types(t *testing.T, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir, command.Env = s.dir, s.environment
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, output)
	}
}

// TestAStrangersApp: the commands are those of docs/construct.md, and the app is its example.
func TestAStrangersApp(t *testing.T) {
	r, err := newRelease(root)
	if err != nil {
		t.Fatal(err)
	}
	s := newStranger(t, r)
	example, err := os.ReadFile(filepath.Join("..", "example", "main.go"))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "main.go"), example, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.types(t, "go", "mod", "init", "example.com/accounts")
	s.types(t, "go", "get", construct+"@latest")
	s.types(t, "go", "mod", "tidy")
	checkGoMod(t, s, r.version)
	s.types(t, "go", "run", ".")
	s.types(t, "go", "run", rootModule+"/cmd/otpctl@latest", "secret", "set", "--help")

	text, err := os.ReadFile(filepath.Join(s.dir, "cdk.out", "Accounts.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	var template document
	err = json.Unmarshal(text, &template)
	if err != nil {
		t.Fatal(err)
	}
	checkServices(t, template)
	checkWhatTheAppAdds(t, template)
	checkFunctions(t, s, template)
}

// checkGoMod wants the app to require the release, of both modules, and to replace nothing.
func checkGoMod(t *testing.T, s stranger, version string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]string{}
	for _, r := range parsed.Require {
		required[r.Mod.Path] = r.Mod.Version
	}
	if required[rootModule] != version || required[construct] != version || len(parsed.Replace) > 0 {
		t.Errorf("the app has %s and %s, and %d replace directives; want %s of both and none:\n%s",
			required[rootModule], required[construct], len(parsed.Replace), version, text)
	}
}

type object = map[string]any

// document is a template as it stands in cdk.out.
type document struct {
	Parameters map[string]any
	Resources  map[string]struct {
		Type       string
		Properties object
	}
}

// of lists the resources of a type by their names.
func (d document) of(kind string) []string {
	var names []string
	for name, resource := range d.Resources {
		if resource.Type == kind {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// checkServices wants both services whole, and nothing of theirs to be one.
func checkServices(t *testing.T, d document) {
	t.Helper()
	var parameters []string
	for name := range d.Parameters {
		if name != "BootstrapVersion" { // the CDK's
			parameters = append(parameters, name[:len(name)-len("BE5B5161")])
		}
	}
	slices.Sort(parameters)
	if want := []string{"CustomersInfobip2faAppId", "CustomersInfobip2faMsgId", "CustomersInfobipBaseUrl"}; !slices.Equal(parameters, want) {
		t.Errorf("parameters %v, want those of the service without an account, %v", parameters, want)
	}
	for kind, want := range map[string]int{
		"AWS::Lambda::Function": 6, "AWS::IAM::Role": 6, "AWS::ApiGatewayV2::Api": 2, "AWS::DynamoDB::Table": 2,
		"AWS::SecretsManager::Secret": 2, "AWS::KMS::Key": 2, "AWS::CloudWatch::Dashboard": 2,
	} {
		if names := d.of(kind); len(names) != want {
			t.Errorf("%d of %s, want %d: %v", len(names), kind, want, names)
		}
	}
	// Names that an account has room for once.
	for kind, property := range map[string]string{
		"AWS::CloudWatch::Alarm": "AlarmName", "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::Logs::QueryDefinition": "Name",
	} {
		seen := map[any]string{}
		for _, name := range d.of(kind) {
			bears := d.Resources[name].Properties[property]
			if bears != nil && seen[bears] != "" {
				t.Errorf("%s and %s are both called %v", seen[bears], name, bears)
			}
			seen[bears] = name
		}
		if len(seen) < 2 {
			t.Errorf("%d names of %s: this test looks at the wrong property", len(seen), kind)
		}
	}
}

// checkWhatTheAppAdds looks for all that the example does from outside of the construct.
func checkWhatTheAppAdds(t *testing.T, d document) {
	t.Helper()
	tag := object{"Key": "team", "Value": "identity"}
	for _, name := range d.of("AWS::Lambda::Function") {
		p := d.Resources[name].Properties
		if !strings.Contains(fmt.Sprint(p["Tags"]), fmt.Sprint(tag)) {
			t.Errorf("%s has the tags %v, want the app's among them", name, p["Tags"])
		}
		staff := strings.HasPrefix(name, "Staff")
		_, network := p["VpcConfig"]
		if staff != network || staff != (p["MemorySize"] == 512.0) {
			t.Errorf("%s has %v MB, and a network: %t", name, p["MemorySize"], network)
		}
		variables, _ := p["Environment"].(object)["Variables"].(object)
		table, _ := variables["TABLE_NAME"].(object)
		if reference := fmt.Sprint(table["Ref"]); staff && table != nil && !strings.HasPrefix(reference, "StaffTable") {
			t.Errorf("%s is told the table %s, want the app's own", name, reference)
		}
	}
	for _, name := range d.of("AWS::IAM::Role") {
		if boundary := fmt.Sprint(d.Resources[name].Properties["PermissionsBoundary"]); !strings.Contains(boundary, ":policy/workloads") {
			t.Errorf("%s has the boundary %s, want the app's", name, boundary)
		}
	}
	for _, name := range d.of("AWS::Logs::LogGroup") {
		p := d.Resources[name].Properties
		if days := p["RetentionInDays"]; days != 365.0 {
			t.Errorf("%s is kept for %v days, want the aspect's 365", name, days)
		}
		if staff := strings.HasPrefix(name, "Staff"); staff != (p["KmsKeyId"] != nil) {
			t.Errorf("%s has the key %v", name, p["KmsKeyId"])
		}
	}
	// The grant of a table that only the app knows.
	granted := d.of("AWS::IAM::Policy")
	if len(granted) != 1 || !strings.HasPrefix(granted[0], "StaffSendRole") || !strings.Contains(fmt.Sprint(d.Resources[granted[0]]), ":table/employees") {
		t.Errorf("policies %v, want the one of the grant", granted)
	}
	mapping := d.of("AWS::ApiGatewayV2::ApiMapping")
	if len(mapping) != 1 || !strings.HasPrefix(fmt.Sprint(d.Resources[mapping[0]].Properties["ApiId"].(object)["Ref"]), "CustomersApi") {
		t.Errorf("mappings %v, want one, of the customers' API", mapping)
	}
	if !slices.ContainsFunc(d.of("AWS::CloudWatch::Alarm"), func(name string) bool { return strings.HasPrefix(name, "VerifyErrors") }) {
		t.Error("the app's alarm is not there")
	}
}

// checkFunctions compares what goes up with what `make build` makes of this tree.
func checkFunctions(t *testing.T, s stranger, d document) {
	t.Helper()
	dist := t.TempDir()
	command := exec.CommandContext(t.Context(), "make", "build", "GOARCH=arm64", "DIST="+dist)
	command.Dir = root
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("make build: %v\n%s", err, output)
	}
	for _, function := range lambda.Functions() {
		want, err := os.ReadFile(filepath.Join(dist, function+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		id := strings.ToUpper(function[:1]) + function[1:] + "Function"
		found := 0
		for _, name := range d.of("AWS::Lambda::Function") {
			if !strings.Contains(name, id) {
				continue
			}
			found++
			key := d.Resources[name].Properties["Code"].(object)["S3Key"].(string)
			got, err := os.ReadFile(filepath.Join(s.dir, "cdk.out", "asset."+key))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s has %d bytes that are not make build's %d", name, len(got), len(want))
			}
		}
		if found != 2 {
			t.Errorf("%d functions called %s, want one of each service", found, id)
		}
	}
}

// What a release has to hold: the construct as its importers compile it, and of the root module all
// that the functions are built of.
func TestRelease(t *testing.T) {
	r, err := newRelease(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, has := range map[string][]string{
		rootModule: {"go.mod", "go.sum", "LICENSE", "openapi.yaml", "functions/send/main.go", "internal/build/lambda/lambda.go"},
		construct:  {"go.mod", "go.sum", "LICENSE", "service.go", "props/props.go", "example/main.go"},
	} {
		published := r.modules[path]
		archive, err := zip.NewReader(bytes.NewReader(published.zip), int64(len(published.zip)))
		if err != nil {
			t.Fatal(err)
		}
		prefix := module.Version{Path: path, Version: r.version}.String() + "/"
		var names []string
		for _, f := range archive.File {
			names = append(names, strings.TrimPrefix(f.Name, prefix))
		}
		for _, name := range has {
			if !slices.Contains(names, name) {
				t.Errorf("%s has no %s", path, name)
			}
		}
		for _, name := range names {
			if path == rootModule && (strings.HasPrefix(name, "infra/") || strings.HasPrefix(name, ".tools/")) {
				t.Errorf("%s has %s, which is not of the module", path, name)
				break
			}
		}
		t.Logf("%s %s: %d files, %d bytes", path, r.version, len(names), len(published.zip))
	}
	// A replace directive counts in the main module alone, so a requirement that only one
	// makes sense of would leave importers without the module.
	parsed, err := modfile.Parse("go.mod", r.modules[construct].goMod, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(parsed.Require, func(required *modfile.Require) bool { return required.Mod.Path == rootModule })
	if at < 0 || parsed.Require[at].Mod.Version != r.version {
		t.Errorf("the construct of %s does not require the functions of the same version", r.version)
	}
}
