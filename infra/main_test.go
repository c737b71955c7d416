package infra_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/internal/standin"
	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// A deployment takes the CDK seconds, so the tests share a few, each made by the first that looks
// at it.
var (
	// all defaults
	development = shared(func() props.Props { return props.Default(assets) })
	// everything set but what makes the shapes below
	production = shared(productionProps)
	// under a domain of the owner's, whose zone is here
	ownDomain = shared(func() props.Props { return domainProps("Z0123456789ABCDEFGHIJ") })
	// likewise, with the zone elsewhere
	zoneless = shared(func() props.Props { return domainProps("") })
	// for callers with IAM credentials alone
	backends = shared(backendProps)
)

// What is written by all tests ends with them: a folder, and in it stand-ins for the functions.
var folder, assets string

// deployment is a synthesised stack.
type deployment struct {
	props props.Props
	dir   string
	template.Template
}

func (d deployment) path() string {
	return filepath.Join(d.dir, infra.StackName(d.props.Stage)+".template.json")
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	defer jsii.Close()
	var err error
	folder, err = os.MkdirTemp("", "infra-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		err := os.RemoveAll(folder)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	assets = filepath.Join(folder, "assets")
	err = standin.Write(assets)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// shared returns a deployment that is synthesised once, for all tests that look at it.
func shared(of func() props.Props) func(*testing.T) deployment {
	once := sync.OnceValues(func() (deployment, error) {
		p := of()
		dir, err := os.MkdirTemp(folder, p.Stage+"-")
		if err != nil {
			return deployment{}, err
		}
		return synthesize(dir, p)
	})
	return func(t *testing.T) deployment {
		t.Helper()
		d, err := once()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

// domainProps are of a service under a domain, in or without a zone of Route 53.
func domainProps(zone string) props.Props {
	p := props.Default(assets)
	p.Domain = &props.Domain{
		Name: "otp.example.com", CertificateARN: "arn:aws:acm:eu-central-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab", HostedZoneID: zone,
	}
	return p
}

func backendProps() props.Props {
	p := props.Default(assets)
	p.Authorizer = props.IAMCallers
	p.Settings["CLIENT_ADDRESS_HEADER"] = "X-Client-Address"
	return p
}

// productionProps differ from the defaults in every setting, but for those that make another
// shape.
func productionProps() props.Props {
	p := props.Default(assets)
	p.Stage = "production"
	p.Infobip = &props.Infobip{BaseURL: "abc123.api.infobip.com", ApplicationID: "APP1", MessageID: "MSG1"}
	for _, s := range settings.All() {
		if s.Handed() {
			p.Settings[s.Name] = s.Example
		}
	}
	p.LogLevel = "DEBUG"
	p.LogRetentionDays = 90
	p.Tracing = true
	p.Deployment = "canary-10-5m"
	p.Alarms = props.Alarms{TopicARN: "arn:aws:sns:eu-central-1:111122223333:on-call", ProviderDailyCap: 50000, Concurrency: new(700)}
	p.CORSOrigins = []string{"https://app.example.com", "https://www.example.com"}
	p.Throttles = props.Throttles{
		Send:   props.Throttle{Rate: 1, Burst: 2},
		Resend: props.Throttle{Rate: 3, Burst: 4},
		Verify: props.Throttle{Rate: 5, Burst: 6},
		Other:  props.Throttle{Rate: 7, Burst: 8},
	}
	p.MemoryMB = 512
	p.VPC = &props.VPC{SubnetIDs: []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}, SecurityGroupIDs: []string{"sg-0123456789abcdef0"}}
	p.TableKeyARN = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-00000000000a"
	p.LogKeyARN = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-00000000000b"
	p.ReservedConcurrency = props.ReservedConcurrency{Send: new(10), Verify: new(20), Discovery: new(5)}
	p.ProofStackKeys = []string{"2", "1"}
	p.SecretKeyARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	return p
}

// synthesize places the stack of p in an app of its own, as cmd/synth does.
func synthesize(dir string, p props.Props) (deployment, error) {
	app := infra.NewApp(dir)
	_, _, err := infra.NewStack(app, p)
	if err != nil {
		return deployment{}, err
	}
	app.Synth(nil)
	d := deployment{props: p, dir: dir}
	d.Template, err = template.LoadCDK(d.path(), "Otp")
	return d, err
}

func mustSynthesize(t *testing.T, p props.Props) deployment {
	t.Helper()
	d, err := synthesize(t.TempDir(), p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// properties are those of one resource of the expected type.
func (d deployment) properties(t *testing.T, name, kind string) map[string]any {
	t.Helper()
	resource, there := d.Resources[name]
	if !there {
		t.Fatalf("%s stage has no %s", d.props.Stage, name)
	}
	if resource.Type != kind {
		t.Fatalf("%s is a %s, want a %s", name, resource.Type, kind)
	}
	return resource.Properties
}

// environment has the variables of a function; none of one that has no environment.
func (d deployment) environment(t *testing.T, function string) object {
	t.Helper()
	environment, there := d.properties(t, function, "AWS::Lambda::Function")["Environment"].(object)
	if !there {
		return object{}
	}
	return environment["Variables"].(object)
}
