package props

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// Variables returns the names of all that [FromEnvironment] reads.
func Variables() []string {
	var names []string
	for _, s := range settings.All() {
		if s.Deployable() {
			names = append(names, s.Name)
		}
	}
	return names
}

// FromEnvironment reads a deployment from environment variables, by the names of the table of
// settings. Empty means unset, and unset means [Default]. Its error reports every form that is
// wrong of what shapes the stack; what all of it means, and what the functions are told, is
// checked by [Props.Validate], and both are told together by [Props.Faults].
func FromEnvironment(getenv func(string) string, assetsDir string) (Props, error) {
	r := settings.NewReader(getenv)
	days, _ := strconv.Atoi(r.Word("LOG_RETENTION_DAYS")) // the table has numbers alone
	p := Props{
		AssetsDir:        assetsDir,
		Architecture:     r.Word("ARCHITECTURE"),
		MemoryMB:         r.Number("MEMORY_MB"),
		Stage:            cmp.Or(r.Text("STAGE"), Development),
		Settings:         Settings{},
		LogLevel:         r.Word("APPLICATION_LOG_LEVEL"),
		LogRetentionDays: days,
		Deployment:       r.Word("DEPLOYMENT"),
		Tracing:          r.Truth("TRACING"),
		LogKeyARN:        r.Text("LOG_KEY_ARN"),
		Alarms: Alarms{
			TopicARN:         r.Text("ALARM_TOPIC_ARN"),
			ProviderDailyCap: r.Number("PROVIDER_DAILY_CAP"),
			Concurrency:      optional(r.Number("ALARM_CONCURRENCY")),
		},
		Authorizer:  r.Word("AUTHORIZER"),
		CORSOrigins: r.List("CORS_ORIGINS"),
		Throttles: Throttles{
			Send:   r.Throttle("THROTTLE_SEND"),
			Resend: r.Throttle("THROTTLE_RESEND"),
			Verify: r.Throttle("THROTTLE_VERIFY"),
			Other:  r.Throttle("THROTTLE_OTHER"),
		},
		ReservedConcurrency: ReservedConcurrency{
			Send:      optional(r.Number("RESERVED_CONCURRENCY_SEND")),
			Verify:    optional(r.Number("RESERVED_CONCURRENCY_VERIFY")),
			Discovery: optional(r.Number("RESERVED_CONCURRENCY_DISCOVERY")),
		},
		ProofStackKeys: r.List("PROOF_STACK_KEYS"),
		ExistingTable:  r.Text("EXISTING_TABLE"),
		TableKeyARN:    r.Text("TABLE_KEY_ARN"),
		SecretKeyARN:   r.Text("SECRET_KEY_ARN"),
	}
	infobip := Infobip{
		BaseURL:       r.Text("INFOBIP_BASE_URL"),
		ApplicationID: r.Text("INFOBIP_2FA_APP_ID"),
		MessageID:     r.Text("INFOBIP_2FA_MSG_ID"),
	}
	if infobip != (Infobip{}) {
		p.Infobip = &infobip
	}
	// Whoever sets one of these wants it, be its form right or wrong.
	if getenv("DOMAIN_NAME")+getenv("CERTIFICATE_ARN")+getenv("HOSTED_ZONE_ID") != "" {
		p.Domain = &Domain{
			Name:           r.Text("DOMAIN_NAME"),
			CertificateARN: r.Text("CERTIFICATE_ARN"),
			HostedZoneID:   r.Text("HOSTED_ZONE_ID"),
		}
	}
	if getenv("VPC_SUBNET_IDS")+getenv("VPC_SECURITY_GROUP_IDS") != "" {
		p.VPC = &VPC{SubnetIDs: r.List("VPC_SUBNET_IDS"), SecurityGroupIDs: r.List("VPC_SECURITY_GROUP_IDS")}
	}
	if id := r.Text("SECRET_ID"); id != "" {
		p.Secret = &ExistingSecret{ID: id}
	}
	for _, s := range settings.All() {
		if value := getenv(s.Name); s.Handed() && value != "" {
			p.Settings[s.Name] = value
		}
	}
	return p, r.Err()
}

// Faults joins what [FromEnvironment] could not read with what [Props.Validate] finds wrong in the
// rest. What was not read is not there, and that it is not there is no second fault.
func (p Props) Faults(unread error) error {
	told := map[string]bool{}
	faults := []error{unread}
	for name := range Sentences(unread) {
		told[name] = true
	}
	for name, sentence := range Sentences(p.Validate()) {
		if !told[name] {
			faults = append(faults, errors.New(sentence))
		}
	}
	return errors.Join(faults...)
}

// Sentences yields those of an error of this package, each after the variable that it begins with;
// none of nil.
func Sentences(err error) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if err == nil {
			return
		}
		for sentence := range strings.SplitSeq(err.Error(), "\n") {
			name, _, _ := strings.Cut(sentence, " ")
			if !yield(name, sentence) {
				return
			}
		}
	}
}

// optional is nil for zero, which no bound allows.
func optional(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// own has what shapes the stack, by the names and in the form of the table. What is unset and
// may be is left out.
func (p Props) own() map[string]string {
	values := map[string]string{
		"ARCHITECTURE":          p.Architecture,
		"MEMORY_MB":             strconv.Itoa(p.MemoryMB),
		"STAGE":                 p.Stage,
		"APPLICATION_LOG_LEVEL": p.LogLevel,
		"DEPLOYMENT":            p.Deployment,
		"LOG_RETENTION_DAYS":    strconv.Itoa(p.LogRetentionDays),
		"AUTHORIZER":            p.Authorizer,
		"THROTTLE_SEND":         p.Throttles.Send.String(),
		"THROTTLE_RESEND":       p.Throttles.Resend.String(),
		"THROTTLE_VERIFY":       p.Throttles.Verify.String(),
		"THROTTLE_OTHER":        p.Throttles.Other.String(),
	}
	values["TRACING"] = strconv.FormatBool(p.Tracing)
	if len(p.ProofStackKeys) > 0 {
		values["PROOF_STACK_KEYS"] = strings.Join(p.ProofStackKeys, ",")
	}
	values["PROVIDER_DAILY_CAP"] = strconv.Itoa(p.Alarms.ProviderDailyCap)
	domain := Domain{}
	if p.Domain != nil {
		domain = *p.Domain
	}
	for name, text := range map[string]string{
		"DOMAIN_NAME":     domain.Name,
		"CERTIFICATE_ARN": domain.CertificateARN,
		"HOSTED_ZONE_ID":  domain.HostedZoneID,
		"ALARM_TOPIC_ARN": p.Alarms.TopicARN,
		"EXISTING_TABLE":  p.ExistingTable,
		"TABLE_KEY_ARN":   p.TableKeyARN,
		"SECRET_KEY_ARN":  p.SecretKeyARN,
		"LOG_KEY_ARN":     p.LogKeyARN,
	} {
		if text != "" && !isToken(text) {
			values[name] = text
		}
	}
	for name, given := range map[string]*int{
		"ALARM_CONCURRENCY":              p.Alarms.Concurrency,
		"RESERVED_CONCURRENCY_SEND":      p.ReservedConcurrency.Send,
		"RESERVED_CONCURRENCY_VERIFY":    p.ReservedConcurrency.Verify,
		"RESERVED_CONCURRENCY_DISCOVERY": p.ReservedConcurrency.Discovery,
	} {
		if given != nil {
			values[name] = strconv.Itoa(*given)
		}
	}
	return values
}

// Environment returns what a function is told of the settings: each that it reads, with the
// default where the owner set nothing, so that the function's configuration shows what it works
// with. What only the stack knows, such as the table's name, is not in it.
func (p Props) Environment(function settings.Program) map[string]string {
	variables := map[string]string{}
	for _, s := range settings.All() {
		if !s.Handed() || !s.ReadBy(function) {
			continue
		}
		value := p.Settings[s.Name]
		if value == "" {
			value = s.Default
		}
		if value != "" {
			variables[s.Name] = value
		}
	}
	return variables
}

// Notes are what an operator should know of settings that are accepted.
func (p Props) Notes() []string {
	var notes []string
	if p.Infobip == nil {
		names := p.MissingForDeployment()
		last := len(names) - 1
		notes = append(notes, strings.Join(names[:last], ", ")+" and "+names[last]+" are not set, so the template asks for them as parameters")
	}
	return notes
}

// MissingForDeployment names the variables without which a deployment would send nothing.
func (p Props) MissingForDeployment() []string {
	infobip := p.Infobip
	if infobip == nil {
		infobip = &Infobip{}
	}
	required := []string{"INFOBIP_BASE_URL", "INFOBIP_2FA_APP_ID"}
	if len(p.OnMessageID()) > 0 {
		required = append(required, "INFOBIP_2FA_MSG_ID")
	}
	given := infobip.Variables()
	return slices.DeleteFunc(required, func(name string) bool { return given[name] != "" })
}
