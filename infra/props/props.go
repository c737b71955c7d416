// Package props says what a deployment can be told: what shapes the stack, as typed fields, and
// what the functions are told, by the names of their variables. Names, defaults and bounds of
// both are those of the table of settings (pkg/settings).
//
// It imports no CDK, so that a wrong setting is found (and tested) without starting one.
package props

import "github.com/seed-a131a524/infobip-otp/pkg/settings"

// Development is the one stage whose table, secret and logs go away with the stack, and where
// CORS may name any origin. Every other stage keeps them.
const Development = "development"

// Props are the settings of one deployment. Start from [Default].
//
// A text that names something of the app's own may be a token of the CDK, which only the
// deployment knows: *table.TableName(), *key.KeyArn(). It is accepted as it is.
type Props struct {
	// Stage names the deployment and its stack: development, staging, production, …
	Stage string

	// AssetsDir is the folder with send.zip, verify.zip and discovery.zip, as `make build`
	// writes them. Empty: they are built while the app is synthesized, of the source that the
	// app's go.mod names.
	AssetsDir string

	// Architecture is what the functions are built for: arm64 or x86_64.
	Architecture string

	// MemoryMB is the memory of each function, and with it its share of a CPU: 128 to 10240.
	MemoryMB int

	// VPC is the network that the functions stand in. Nil: none of yours.
	VPC *VPC

	// Infobip is the account the PINs are sent through. Nil leaves its three values to
	// parameters of the template, which then cannot be deployed without them.
	Infobip *Infobip

	// Settings are what the functions are told. Outside the development stage those that
	// the table demands have to be there.
	Settings Settings

	// LogLevel is the functions' application log level: TRACE, DEBUG or INFO. Lambda drops
	// what is below it, so a higher one would drop the lines that metrics are made of.
	LogLevel string

	// LogRetentionDays is how long the log groups keep an event: a period CloudWatch Logs knows.
	LogRetentionDays int

	// Deployment is how requests come to a new version of a function: all-at-once, or
	// gradually as canary-10-5m, canary-10-15m or linear-10-1m, with alarms as the brake.
	Deployment string

	// Tracing has Lambda send the functions' traces to X-Ray.
	Tracing bool

	// LogKeyARN is the customer managed KMS key of the log groups, whose policy has to let
	// CloudWatch Logs use it. Empty: CloudWatch's own.
	LogKeyARN string

	// Alarms say when on call is told, and where.
	Alarms Alarms

	// Domain is the owner's domain in the place of the API's own address; nil for none.
	Domain *Domain

	// Authorizer says who may send and verify: none (everybody), or iam (the roles that are
	// let call it). GET / and unknown paths are everybody's.
	Authorizer string

	// CORSOrigins are the web origins whose pages may call the API. Empty: no CORS at all,
	// for callers that are servers or apps.
	CORSOrigins []string

	// Throttles bound the requests of all clients together, before a function starts.
	Throttles Throttles

	// ReservedConcurrency bounds the parallel executions of each function.
	ReservedConcurrency ReservedConcurrency

	// ProofStackKeys are the numbers of the keys that the stack makes for proofs, the one
	// that signs first. Nil: the first one alone, or none where PROOF_KEY names another.
	ProofStackKeys []string

	// ExistingTable is the name or the ARN of a table in the place of the one the stack would
	// create: one that was restored. Its key is pk, its time to live ttl.
	ExistingTable string

	// TableKeyARN is the customer managed KMS key of the table, created or existing. Empty:
	// DynamoDB's own, which needs no grant.
	TableKeyARN string

	// Secret names an existing secret instead of the one the stack would create.
	Secret *ExistingSecret

	// SecretKeyARN is the customer managed KMS key of the secret, created or existing. Empty:
	// the account's aws/secretsmanager key, which needs no grant.
	SecretKeyARN string
}

// VPC has the functions in subnets of the owner's, from where they have to reach DynamoDB, Secrets
// Manager, KMS and the internet (docs/construct.md).
type VPC struct {
	SubnetIDs        []string // up to 16
	SecurityGroupIDs []string // up to 5
}

// Infobip is what identifies the provider account; its API key is in the secret.
type Infobip struct {
	BaseURL       string // personal address, with or without https://
	ApplicationID string
	// MessageID may be empty where the list of messages serves every channel that is offered.
	MessageID string
}

// Domain is a domain of the owner's, with which the API's own address is closed.
type Domain struct {
	Name           string
	CertificateARN string // in ACM, in the region of the deployment
	// HostedZoneID is the zone of Route 53 that gets the records. Empty: somebody else makes
	// them, for the target that the stack's outputs say.
	HostedZoneID string
}

// The words of Authorizer.
const (
	AnyCaller  = "none"
	IAMCallers = "iam"
)

// Settings are the functions' own, by the names and in the notation of README's table, such as
//
//	props.Settings{"ALLOWED_REGIONS": "AT,DE", "SPEND_LIMIT": "50/1d", "PIN_TTL": "5m"}
//
// What is not there, or empty, has its default. A name that is none, one that a deployment
// cannot set and a value out of bounds are refused, all of them at once.
type Settings map[string]string

// Throttle is a token bucket of API Gateway.
type Throttle = settings.Bucket

// Throttles are the buckets of the routes, which all clients share: what they have to stop is a
// flood, not a client. Too small a one lets a single host starve everybody; what is sent is
// bounded by the functions' limits. Sends stand at or below verifies.
type Throttles struct {
	Send   Throttle
	Resend Throttle
	Verify Throttle
	Other  Throttle // the banner, a browser's preflights, and everything that is no route
}

// Alarms are what the stage's alarms need to know beside the functions' own metrics.
type Alarms struct {
	// TopicARN is the SNS topic that they tell. Empty: they show in the console alone.
	TopicARN string
	// ProviderDailyCap is how many sends a day Infobip makes for the application at most.
	ProviderDailyCap int
	// Concurrency of the whole account that an alarm is given at; nil for none, since it is
	// not this stage's alone.
	Concurrency *int
}

// ReservedConcurrency is nil where the account's common pool serves: an account that still has
// the initial quota of ten cannot reserve any.
type ReservedConcurrency struct {
	Send      *int
	Verify    *int
	Discovery *int
}

// ExistingSecret is a secret that somebody else created.
type ExistingSecret struct {
	ID string // full ARN, or name; a token is taken for an ARN
}

// Default is a development deployment with the default of every setting, of the zips in assetsDir;
// of none, "", the construct builds them.
func Default(assetsDir string) Props {
	p, err := FromEnvironment(func(string) string { return "" }, assetsDir)
	if err != nil {
		panic("props: a default of the table of settings is refused: " + err.Error())
	}
	return p
}

// Keeps reports whether what the stack created outlives it.
func (p Props) Keeps() bool { return p.Stage != Development }

// Proofs reports whether a success carries a proof.
func (p Props) Proofs() bool { return p.Settings["PROOF_ISSUER"] != settings.Off }

// StackKeys returns the numbers of the keys that the stack makes for proofs, the one that
// signs first (a PROOF_KEY goes before all of them).
func (p Props) StackKeys() []string {
	switch {
	case !p.Proofs():
		return nil
	case len(p.ProofStackKeys) > 0 || p.Settings["PROOF_KEY"] != "":
		return p.ProofStackKeys
	}
	return []string{"1"}
}
