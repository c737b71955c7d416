package props_test

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/internal/standin"
	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// built is a folder as `make build` leaves it.
func built(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := standin.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDefaultsAreAccepted(t *testing.T) {
	err := props.Default(built(t)).Validate()
	if err != nil {
		t.Errorf("Default: %v", err)
	}
}

func TestValidate(t *testing.T) {
	dir, noPrograms := built(t), scripts(t)
	for _, test := range []struct {
		name   string
		change func(*props.Props)
		want   string // in the error; empty for accepted
	}{
		{"stage", func(p *props.Props) { p.Stage = "eu-2"; decide(p) }, ""},
		{"no stage", func(p *props.Props) { p.Stage = ""; decide(p) }, "STAGE must be up to 20"},
		{"stage with a capital", func(p *props.Props) { p.Stage = "Prod"; decide(p) }, "STAGE must be"},
		{"stage that starts with a digit", func(p *props.Props) { p.Stage = "1st"; decide(p) }, "STAGE must be"},
		{"stage of 21 characters", func(p *props.Props) { p.Stage = strings.Repeat("a", 21); decide(p) }, "STAGE must be"},

		{"no folder of zips", func(p *props.Props) { p.AssetsDir = "" }, ""},
		{"no zips", func(p *props.Props) { p.AssetsDir = filepath.Join(dir, "none") }, "run `make build` first"},
		{"zips without a program", func(p *props.Props) { p.AssetsDir = noPrograms }, "its bootstrap is no program for Linux"},
		{"zips for another architecture", func(p *props.Props) { p.Architecture = "x86_64" }, "ARCHITECTURE must be what send.zip in AssetsDir is built for (EM_AARCH64), or `make build GOARCH=amd64`"},
		{"no architecture", func(p *props.Props) { p.Architecture = "" }, "ARCHITECTURE must be one of arm64, x86_64"},
		{"architecture as Go calls it", func(p *props.Props) { p.Architecture = "amd64" }, "ARCHITECTURE must be one of arm64, x86_64"},
		{"too little memory", func(p *props.Props) { p.MemoryMB = 127 }, "MEMORY_MB must be a whole number from 128 to 10240"},
		{"too much memory", func(p *props.Props) { p.MemoryMB = 10241 }, "MEMORY_MB must be"},

		{"network", func(p *props.Props) { p.VPC = vpc(16, 5) }, ""},
		{"network without subnets", func(p *props.Props) { p.VPC = vpc(0, 1) }, "VPC_SUBNET_IDS must be the ids of subnets such as subnet-0a1b2c3d, with commas between them: 1 to 16 of them, beside the other list"},
		{"network without security groups", func(p *props.Props) { p.VPC = vpc(1, 0) }, "VPC_SECURITY_GROUP_IDS must be the ids of security groups"},
		{"17 subnets", func(p *props.Props) { p.VPC = vpc(17, 1) }, "VPC_SUBNET_IDS must be"},
		{"6 security groups", func(p *props.Props) { p.VPC = vpc(1, 6) }, "VPC_SECURITY_GROUP_IDS must be"},
		{"subnet that is none", func(p *props.Props) { p.VPC = vpc(2, 1); p.VPC.SubnetIDs[1] = "vpc-0123456789abcdef0" }, "VPC_SUBNET_IDS must be"},
		{"security group that is none", func(p *props.Props) { p.VPC = vpc(1, 1); p.VPC.SecurityGroupIDs[0] = "sg-1" }, "VPC_SECURITY_GROUP_IDS must be"},

		{"key of the table by alias", func(p *props.Props) { p.TableKeyARN = "alias/otp" }, "TABLE_KEY_ARN must be the ARN of a KMS key"},
		{"key of the logs by id", func(p *props.Props) { p.LogKeyARN = "1234abcd-12ab-34cd-56ef-1234567890ab" }, "LOG_KEY_ARN must be the ARN of a KMS key"},
		{"table by name", func(p *props.Props) { p.ExistingTable = "otp-restored" }, ""},
		{"table by ARN", func(p *props.Props) {
			p.ExistingTable = "arn:aws:dynamodb:eu-central-1:111122223333:table/otp-restored"
		}, ""},
		{"index of a table", func(p *props.Props) {
			p.ExistingTable = "arn:aws:dynamodb:eu-central-1:111122223333:table/otp-restored/index/a"
		}, "EXISTING_TABLE must be the name or the ARN"},
		{"table of another service", func(p *props.Props) { p.ExistingTable = "arn:aws:sqs:eu-central-1:111122223333:table/otp" }, "EXISTING_TABLE must be"},
		{"topic by name", func(p *props.Props) { p.Alarms.TopicARN = "on-call" }, "ALARM_TOPIC_ARN must be"},

		{"stage that only the deployment knows", func(p *props.Props) { p.Stage = "${Token[TOKEN.1]}"; decide(p) }, "STAGE must be"},
		{"prices of every region", set("SMS_PRICES", "*=0.01"+strings.Repeat(",AT=0.08", 100)), "SMS_PRICES must be"},

		{"Infobip", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com", "A1", "M-1_x.y") }, ""},
		{"Infobip with https", func(p *props.Props) { p.Infobip = infobip("https://abc123.api.infobip.com/", "A1", "M1") }, ""},
		{"Infobip with http", func(p *props.Props) { p.Infobip = infobip("http://abc123.api.infobip.com", "A1", "M1") }, "INFOBIP_BASE_URL must be"},
		{"Infobip with a path", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com/2fa", "A1", "M1") }, "INFOBIP_BASE_URL must be"},
		{"Infobip with a user", func(p *props.Props) { p.Infobip = infobip("me@abc123.api.infobip.com", "A1", "M1") }, "INFOBIP_BASE_URL must be"},
		{"Infobip without an application", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com", "", "M1") }, "INFOBIP_2FA_APP_ID must be"},
		{"Infobip with a blank message", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com", "A1", " ") }, "INFOBIP_2FA_MSG_ID must be"},

		{"regions", set("ALLOWED_REGIONS", "AT,DE,US,XK"), ""},
		{"region that nobody has", set("ALLOWED_REGIONS", "AT,QQ"), "ALLOWED_REGIONS must be a list of region codes such as AT,DE, or all: QQ is none"},
		{"value out of bounds", set("PIN_ATTEMPTS", "11"), "PIN_ATTEMPTS must be a whole number from 1 to 10"},
		{"value that is none", set("IP_SEND_LIMIT", "five"), "IP_SEND_LIMIT must be a rate"},
		{"empty value", set("PIN_TTL", ""), ""},
		{"name that is none", set("PIN_TTLS", "5m"), "PIN_TTLS is no setting: README has the table"},
		{"setting of the stack", set("STAGE", "production"), "STAGE is no setting that an owner hands to the functions: it is a prop of its own"},
		{"setting with a prop", set("INFOBIP_BASE_URL", "abc123.api.infobip.com"), "it is a prop of its own"},
		{"setting that the stack knows", set("TABLE_NAME", "table"), "TABLE_NAME is no setting that an owner hands to the functions: the stack sets it"},
		{"setting of Lambda", set("AWS_REGION", "eu-central-1"), "Lambda sets it"},
		{"key of a laptop", set("INFOBIP_API_KEY", "canary"), "INFOBIP_API_KEY is no setting that an owner hands to the functions: it is for laptops"},
		{"origin keys of a laptop", set("ORIGIN_KEYS", "canary"), "it is for laptops"},
		{"plain http", set("INFOBIP_ALLOW_HTTP", "true"), "it is for laptops"},
		{"client address", set("CLIENT_ADDRESS_HEADER", "CloudFront-Viewer-Address"), ""},
		{"client address in no header", set("CLIENT_ADDRESS_HEADER", "Host"), "CLIENT_ADDRESS_HEADER must be"},
		{"no limit elsewhere", func(p *props.Props) { p.Stage = "staging"; decide(p); set("SPEND_LIMIT", "")(p) }, "SPEND_LIMIT must be none, or an amount and a window such as 50/1d"},
		{"no limit in development", set("SPEND_LIMIT", ""), ""},
		{"limit elsewhere", func(p *props.Props) { p.Stage = "staging"; decide(p); set("SPEND_LIMIT", "50/1d")(p) }, ""},
		{"limit that pays for nothing", set("SPEND_LIMIT", "0.99/1d"), "SPEND_LIMIT must be none, or at least 1.00: less pays for no message"},
		{"network above its prefix", set("NETWORK_ALLOWANCE", "enforce 21/1d+3"), "NETWORK_ALLOWANCE must be an allowance whose floor"},
		{"e-mail without a message", set("CHANNELS", "sms,email"), "INFOBIP_2FA_MESSAGES must have email/*"},
		{"SMS without a message", func(p *props.Props) { p.Infobip = infobip("abc123.api.infobip.com", "A1", "") }, "INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have sms/*: CHANNELS offers sms"},
		{"calls without a message", func(p *props.Props) {
			p.Infobip = infobip("abc123.api.infobip.com", "A1", "")
			set("CHANNELS", "all")(p)
			set("INFOBIP_2FA_MESSAGES", "sms/*=MSG2,email/*=MSG3")(p)
		}, "INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have voice/*: CHANNELS offers voice"},
		{"every channel in the list", func(p *props.Props) {
			p.Infobip = infobip("abc123.api.infobip.com", "A1", "")
			set("CHANNELS", "all")(p)
			set("INFOBIP_2FA_MESSAGES", "sms/*=MSG2,voice/*=MSG3,email/*=MSG4")(p)
		}, ""},
		{"e-mail alone", func(p *props.Props) {
			p.Infobip = infobip("abc123.api.infobip.com", "A1", "")
			set("CHANNELS", "email")(p)
			set("INFOBIP_2FA_MESSAGES", "email/*=MSG2")(p)
		}, ""},
		{"e-mail with a message", func(p *props.Props) {
			set("CHANNELS", "sms,email")(p)
			set("INFOBIP_2FA_MESSAGES", "email/*=MSG2")(p)
		}, ""},
		{"a message twice", set("INFOBIP_2FA_MESSAGES", "sms/de=A,sms/DE=B"), "INFOBIP_2FA_MESSAGES must be"},
		{"challenge without a site", set("CHALLENGE", "turnstile"), "CHALLENGE_HOSTNAMES must be set"},
		{"challenge of a site", func(p *props.Props) {
			set("CHALLENGE", "turnstile")(p)
			set("CHALLENGE_HOSTNAMES", "app.example.com")(p)
		}, ""},
		{"challenge always, of nobody", set("CHALLENGE_MODE", "always"), "CHALLENGE must be set"},
		{"challenge's secret", set("CHALLENGE_SECRET", "canary"), "it is for laptops"},
		{"no regions elsewhere", func(p *props.Props) { p.Stage = "staging"; decide(p); set("ALLOWED_REGIONS", "")(p) }, "ALLOWED_REGIONS must be a list of region codes such as AT,DE, or all: outside the development stage it has no default"},
		{"all regions elsewhere", func(p *props.Props) { p.Stage = "staging"; decide(p); set("ALLOWED_REGIONS", "all")(p) }, ""},
		{"no audience elsewhere", func(p *props.Props) { p.Stage = "staging"; decide(p); set("PROOF_AUDIENCE", "")(p) }, "PROOF_AUDIENCE must be one word of 1 to 255 printable ASCII characters without a space or a comma, such as accounts.example.com: outside the development stage it has no default"},
		{"no audience and no proofs", func(p *props.Props) {
			p.Stage = "staging"
			decide(p)
			set("PROOF_AUDIENCE", "")(p)
			set("PROOF_ISSUER", "off")(p)
		}, ""},
		{"issuer in plain http", set("PROOF_ISSUER", "http://otp.example.com"), "PROOF_ISSUER must be off, or an https address"},
		{"issuer that ends in a slash", set("PROOF_ISSUER", "https://otp.example.com/"), "PROOF_ISSUER must be off, or an https address"},
		{"audiences", set("PROOF_AUDIENCE", "a.example.com,b.example.com"), "PROOF_AUDIENCE must be one word"},
		{"key of proofs by alias", set("PROOF_KEY", "alias/proofs"), "PROOF_KEY must be the ARN of a KMS key"},
		{"keys of proofs", func(p *props.Props) { p.ProofStackKeys = []string{"2024", "7", "1"} }, ""},
		{"key of proofs with a zero", func(p *props.Props) { p.ProofStackKeys = []string{"01"} }, "PROOF_STACK_KEYS must be numbers such as 1"},
		{"keys of proofs twice", func(p *props.Props) { p.ProofStackKeys = []string{"1", "2", "1"} }, "PROOF_STACK_KEYS must be at most 3 numbers, each once"},
		{"four keys of proofs", func(p *props.Props) { p.ProofStackKeys = []string{"1", "2", "3", "4"} }, "PROOF_STACK_KEYS must be at most 3 numbers, each once"},
		{"eleven published keys", func(p *props.Props) {
			p.ProofStackKeys = []string{"1", "2"}
			set("PROOF_PUBLISHED_KEYS", manyKeys(9))(p)
		}, "PROOF_PUBLISHED_KEYS must be at most 10 keys, with those of PROOF_STACK_KEYS"},
		{"ten published keys", func(p *props.Props) {
			p.ProofStackKeys = []string{"1", "2"}
			set("PROOF_PUBLISHED_KEYS", manyKeys(8))(p)
		}, ""},

		{"retention", func(p *props.Props) { p.LogRetentionDays = 3653 }, ""},
		{"retention of 31 days", func(p *props.Props) { p.LogRetentionDays = 31 }, "LOG_RETENTION_DAYS must be one of 1, 3, 5"},

		{"domain", func(p *props.Props) { p.Domain = domain("otp.example.com", certificate, "Z0123456789ABCDEFGHIJ") }, ""},
		{"domain without a zone", func(p *props.Props) { p.Domain = domain("otp.example.com", certificate, "") }, ""},
		{"domain without a certificate", func(p *props.Props) { p.Domain = domain("otp.example.com", "", "") }, "CERTIFICATE_ARN must be the ARN of a certificate, such as"},
		{"certificate without a domain", func(p *props.Props) { p.Domain = domain("", certificate, "") }, "DOMAIN_NAME must be a host name of yours, such as otp.example.com: a domain has"},
		{"domain in capitals", func(p *props.Props) { p.Domain = domain("Otp.example.com", certificate, "") }, "DOMAIN_NAME must be a host name"},
		{"domain with https", func(p *props.Props) { p.Domain = domain("https://otp.example.com", certificate, "") }, "DOMAIN_NAME must be"},
		{"domain of one label", func(p *props.Props) { p.Domain = domain("otp", certificate, "") }, "DOMAIN_NAME must be"},
		{"domain of API Gateway", func(p *props.Props) {
			p.Domain = domain("a1b2c3.execute-api.eu-central-1.amazonaws.com", certificate, "")
		}, "DOMAIN_NAME must be"},
		{"certificate of IAM", func(p *props.Props) {
			p.Domain = domain("otp.example.com", "arn:aws:iam::111122223333:server-certificate/otp", "")
		}, "CERTIFICATE_ARN must be the ARN of a certificate"},
		{"zone by its name", func(p *props.Props) { p.Domain = domain("otp.example.com", certificate, "example.com") }, "HOSTED_ZONE_ID must be the id of a hosted zone"},

		{"backends alone", func(p *props.Props) {
			p.Authorizer = "iam"
			set("CLIENT_ADDRESS_HEADER", "X-Client-Address")(p)
		}, ""},
		{"backends alone, as one client", func(p *props.Props) { p.Authorizer = "iam" }, "CLIENT_ADDRESS_HEADER must be set with AUTHORIZER=iam"},
		{"authorizer that is none", func(p *props.Props) { p.Authorizer = "jwt" }, "AUTHORIZER must be one of none, iam"},

		{"origin with a port", func(p *props.Props) { p.CORSOrigins = []string{"https://app.example.com:8443"} }, ""},
		{"any origin in development", func(p *props.Props) { p.CORSOrigins = []string{"*"} }, ""},
		{"any origin elsewhere", func(p *props.Props) {
			p.Stage, p.CORSOrigins = "staging", []string{"*"}
			decide(p)
		}, "CORS_ORIGINS must not be *, outside the development stage"},
		{"http origin", func(p *props.Props) { p.CORSOrigins = []string{"http://app.example.com"} }, `"http://app.example.com" is none`},
		{"origin with a slash", func(p *props.Props) { p.CORSOrigins = []string{"https://app.example.com/"} }, "CORS_ORIGINS must be web origins without a path"},
		{"origin with a wildcard", func(p *props.Props) { p.CORSOrigins = []string{"https://*.example.com"} }, "CORS_ORIGINS must be"},
		{"two origins in one", func(p *props.Props) { p.CORSOrigins = []string{"https://a.example,https://b.example"} }, "CORS_ORIGINS must be"},
		{"origin with a user", func(p *props.Props) { p.CORSOrigins = []string{"https://me@example.com"} }, "CORS_ORIGINS must be"},
		{"origin in capitals", func(p *props.Props) { p.CORSOrigins = []string{"https://App.example.com"} }, "CORS_ORIGINS must be"},
		{"no origin", func(p *props.Props) { p.CORSOrigins = []string{"https://"} }, "CORS_ORIGINS must be"},

		{"no throttle", func(p *props.Props) { p.Throttles.Send = props.Throttle{} }, "THROTTLE_SEND must be"},
		{"burst below the rate", func(p *props.Props) { p.Throttles.Verify = props.Throttle{Rate: 50, Burst: 49} }, "THROTTLE_VERIFY must be"},
		{"burst over the account's", func(p *props.Props) { p.Throttles.Other.Burst = 10_001 }, "THROTTLE_OTHER must be"},
		{"sends above verifies", func(p *props.Props) { p.Throttles.Send = props.Throttle{Rate: 51, Burst: 51} }, "must be at or below THROTTLE_VERIFY"},
		{"resends above verifies", func(p *props.Props) { p.Throttles.Resend = props.Throttle{Rate: 51, Burst: 51} }, "must be at or below THROTTLE_VERIFY"},

		{"reserved", func(p *props.Props) { p.ReservedConcurrency.Send = new(1) }, ""},
		{"reserved nothing", func(p *props.Props) { p.ReservedConcurrency.Verify = new(0) }, "RESERVED_CONCURRENCY_VERIFY must be"},
		{"reserved too many", func(p *props.Props) { p.ReservedConcurrency.Discovery = new(1001) }, "RESERVED_CONCURRENCY_DISCOVERY must be"},

		{"secret by name", func(p *props.Props) { p.Secret = &props.ExistingSecret{ID: "otp/infobip"} }, ""},
		{"secret by ARN", func(p *props.Props) {
			p.Secret = &props.ExistingSecret{ID: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:otp-AbCdEf"}
		}, ""},
		{"secret by part of an ARN", func(p *props.Props) {
			p.Secret = &props.ExistingSecret{ID: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:otp"}
		}, "SECRET_ID must be"},
		{"secret without a name", func(p *props.Props) { p.Secret = &props.ExistingSecret{} }, "SECRET_ID must be"},
		{"secret with a wildcard", func(p *props.Props) { p.Secret = &props.ExistingSecret{ID: "otp*"} }, "SECRET_ID must be"},
		{"key", func(p *props.Props) {
			p.SecretKeyARN = keyARN
		}, ""},
		{"key by alias", func(p *props.Props) { p.SecretKeyARN = "alias/otp" }, "SECRET_KEY_ARN must be"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := props.Default(dir)
			test.change(&p)
			err := p.Validate()
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && err == nil:
				t.Errorf("accepted, want an error with %q", test.want)
			case test.want != "" && !strings.Contains(err.Error(), test.want):
				t.Errorf("error %q, want it to have %q", err, test.want)
			case test.want != "" && strings.Count(err.Error(), "\n") > 0:
				t.Errorf("one fault gave several sentences:\n%v", err)
			case test.want != "" && strings.Contains(err.Error(), "canary"):
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

// scripts is a folder of zips whose bootstrap Lambda could start and this service is not.
func scripts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, function := range props.Functions {
		file, err := os.Create(filepath.Join(dir, function+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		archive := zip.NewWriter(file)
		bootstrap, err := archive.Create("bootstrap")
		if err == nil {
			_, err = bootstrap.Write([]byte("#!/bin/sh\necho a script of this and that\n"))
		}
		err = errors.Join(err, archive.Close(), file.Close())
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func vpc(subnets, groups int) *props.VPC {
	v := &props.VPC{}
	for i := range subnets {
		v.SubnetIDs = append(v.SubnetIDs, fmt.Sprintf("subnet-0123456789abcde%02d", i))
	}
	for i := range groups {
		v.SecurityGroupIDs = append(v.SecurityGroupIDs, fmt.Sprintf("sg-0123456789abcdef%d", i))
	}
	return v
}

// set changes a setting of the functions.
func set(name, value string) func(*props.Props) {
	return func(p *props.Props) { p.Settings[name] = value }
}

// decide decides about all that an owner has to, outside the development stage.
func decide(p *props.Props) {
	for _, s := range settings.All() {
		if s.Demanded {
			p.Settings[s.Name] = s.Example
		}
	}
}

const keyARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func manyKeys(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("arn:aws:kms:eu-central-1:111122223333:key/%d", i))
	}
	return strings.Join(list, ",")
}

const certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"

func domain(name, certificate, zone string) *props.Domain {
	return &props.Domain{Name: name, CertificateARN: certificate, HostedZoneID: zone}
}

// A certificate of another region is one that API Gateway does not find, after minutes.
func TestCheckRegion(t *testing.T) {
	p := props.Default("")
	if err := p.CheckRegion("us-east-1"); err != nil {
		t.Errorf("without a domain: %v", err)
	}
	p.Domain = domain("otp.example.com", certificate, "")
	for region, refused := range map[string]bool{"eu-central-1": false, "us-east-1": true, "": false} {
		err := p.CheckRegion(region)
		if (err != nil) != refused || err != nil && !strings.Contains(err.Error(), "CERTIFICATE_ARN must be of a certificate in us-east-1") {
			t.Errorf("a certificate of eu-central-1 in %q: %v", region, err)
		}
	}
	p.Domain.CertificateARN = "no ARN"
	if err := p.CheckRegion("us-east-1"); err != nil {
		t.Errorf("what is no ARN is told twice: %v", err)
	}
}

func infobip(baseURL, application, message string) *props.Infobip {
	return &props.Infobip{BaseURL: baseURL, ApplicationID: application, MessageID: message}
}

func TestAllFaultsAtOnce(t *testing.T) {
	nothing := props.Props{AssetsDir: filepath.Join(t.TempDir(), "none"), VPC: &props.VPC{}, Infobip: &props.Infobip{}, Secret: &props.ExistingSecret{}}
	err := nothing.Validate()
	if err == nil {
		t.Fatal("props with nothing in them were accepted")
	}
	for _, name := range []string{
		"STAGE", "AssetsDir", "ARCHITECTURE", "MEMORY_MB", "VPC_SUBNET_IDS", "VPC_SECURITY_GROUP_IDS", "INFOBIP_BASE_URL", "SECRET_ID", "ALLOWED_REGIONS", "PROOF_AUDIENCE", "LOG_RETENTION_DAYS", "THROTTLE_SEND", "THROTTLE_RESEND", "THROTTLE_VERIFY", "THROTTLE_OTHER",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

// What goes with a value that is refused is told with it, and nothing of it twice.
func TestFaultsAreToldAtOnceAndOnce(t *testing.T) {
	dir := built(t)
	for _, test := range []struct {
		set  map[string]string
		want []string
	}{
		{map[string]string{"DOMAIN_NAME": "otp"}, []string{"DOMAIN_NAME", "CERTIFICATE_ARN"}},
		{map[string]string{"HOSTED_ZONE_ID": "?", "PIN_TTL": "long"}, []string{"HOSTED_ZONE_ID", "PIN_TTL", "DOMAIN_NAME", "CERTIFICATE_ARN"}},
		{map[string]string{"VPC_SUBNET_IDS": "subnet"}, []string{"VPC_SUBNET_IDS", "VPC_SECURITY_GROUP_IDS"}},
		{map[string]string{"CORS_ORIGINS": "app", "STAGE": "?"}, []string{"CORS_ORIGINS", "STAGE"}},
		{map[string]string{"CHALLENGE": "turnstile", "NETWORK_ALLOWANCE": "enforce 21/1d+3", "SPEND_LIMIT": "0.005/1d", "CHANNELS": "sms,email", "PIN_TTL": "long"},
			[]string{"PIN_TTL", "CHALLENGE_HOSTNAMES", "NETWORK_ALLOWANCE", "SPEND_LIMIT", "INFOBIP_2FA_MESSAGES"}},
		// Beside a wrong one nobody knows what the other would be right with.
		{map[string]string{"PREFIX_ALLOWANCE": "much", "NETWORK_ALLOWANCE": "enforce 21/1d+3", "SMS_PRICES": "dear", "SPEND_LIMIT": "0.5/1d"}, []string{"PREFIX_ALLOWANCE", "SMS_PRICES"}},
		{map[string]string{"CHALLENGE": "turnstile", "CHALLENGE_HOSTNAMES": "https://app.example.com/"}, []string{"CHALLENGE_HOSTNAMES"}},
		{map[string]string{"VPC_SUBNET_IDS": "subnet-0123456789abcdef0", "VPC_SECURITY_GROUP_IDS": "sg-0123456789abcdef0"}, nil},
	} {
		p, unread := props.FromEnvironment(environment(test.set), dir)
		var got []string
		if err := p.Faults(unread); err != nil {
			for sentence := range strings.SplitSeq(err.Error(), "\n") {
				name, _, _ := strings.Cut(sentence, " ")
				got = append(got, name)
			}
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.set, diff)
		}
	}
}
