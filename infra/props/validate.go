package props

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/app/guards"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

var (
	hostForm       = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
	infobipIDForm  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	secretARNForm  = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
	secretNameForm = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
)

// Validate reports every fault at once, a sentence a line; each begins with the variable that
// sets the prop (FromEnvironment has the list) and says the accepted form.
func (p Props) Validate() error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	for name, value := range inOrder(p.own()) {
		s, _ := settings.Lookup(name)
		faults = append(faults, s.Check(value))
	}
	faults = append(faults, p.assetFaults()...)
	faults = append(faults, p.Infobip.faults()...)
	faults = append(faults, p.messageFaults())
	faults = append(faults, p.settingFaults()...)
	faults = append(faults, p.VPC.faults()...)
	faults = append(faults, p.sizeFaults()...)
	cors, _ := settings.Lookup("CORS_ORIGINS")
	for _, origin := range p.CORSOrigins {
		err := cors.Check(origin)
		switch {
		case isToken(origin):
		case err != nil:
			faults = append(faults, err)
		case origin == "*":
			refuse(p.Keeps(), "CORS_ORIGINS must not be *, outside the development stage: name the origins, such as https://app.example.com")
		default:
			// The table is for laptops too, and for lists.
			refuse(!strings.HasPrefix(origin, "https://") || strings.ContainsAny(origin, ", "),
				"CORS_ORIGINS must be https origins, such as https://app.example.com: %q is none", origin)
		}
	}
	// A send costs money, and an honest client verifies at least as often as it sends.
	t := p.Throttles
	refuse(t.Send.Rate > t.Verify.Rate || t.Resend.Rate > t.Verify.Rate,
		"THROTTLE_SEND and THROTTLE_RESEND must be at or below THROTTLE_VERIFY: they are %d and %d requests a second, and that is %d",
		t.Send.Rate, t.Resend.Rate, t.Verify.Rate)
	faults = append(faults, p.proofFaults()...)
	if d := p.Domain; d != nil {
		for _, needed := range []struct{ name, value string }{{"DOMAIN_NAME", d.Name}, {"CERTIFICATE_ARN", d.CertificateARN}} {
			s, _ := settings.Lookup(needed.name)
			if needed.value == "" {
				faults = append(faults, fmt.Errorf("%w: a domain has a name and a certificate", s.Check("")))
			}
		}
	}
	refuse(p.Authorizer == IAMCallers && p.Settings["CLIENT_ADDRESS_HEADER"] == "",
		"CLIENT_ADDRESS_HEADER must be set with AUTHORIZER=%s, such as X-Client-Address: a backend calls for its users, who would all share the limits of its address", IAMCallers)
	if p.Secret != nil && !isToken(p.Secret.ID) {
		refuse(!secretARNForm.MatchString(p.Secret.ID) && !secretNameForm.MatchString(p.Secret.ID), "SECRET_ID must be the full ARN of a secret, or its name")
	}
	return errors.Join(faults...)
}

// CheckRegion reports what cannot be deployed to a region; nothing of one that is not known.
func (p Props) CheckRegion(region string) error {
	if p.Domain == nil || isToken(p.Domain.CertificateARN) || region == "" {
		return nil
	}
	const regionOfARN = 3
	parts := strings.Split(p.Domain.CertificateARN, ":")
	if len(parts) <= regionOfARN || parts[regionOfARN] == region {
		return nil // what is no ARN is Validate's
	}
	return fmt.Errorf("CERTIFICATE_ARN must be of a certificate in %s, where this is deployed to: %s is another region", region, parts[regionOfARN])
}

// inOrder yields a map by its names, so that the same faults read the same.
func inOrder(values map[string]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if !yield(name, values[name]) {
				return
			}
		}
	}
}

// settingFaults is what the functions, or the owner's own good, would not take.
func (p Props) settingFaults() []error {
	var faults []error
	wrong := map[string]bool{}
	for name, value := range inOrder(p.Settings) {
		s, declared := settings.Lookup(name)
		switch {
		case !declared:
			faults = append(faults, fmt.Errorf("%s is no setting: README has the table", name))
		case !s.Handed():
			faults = append(faults, fmt.Errorf("%s is no setting that an owner hands to the functions: %s", name, whose(s)))
		case value != "" && !isToken(value):
			err := s.Check(value)
			faults, wrong[name] = append(faults, err), err != nil
		}
	}
	faults = append(faults, p.disagreements(wrong)...)
	for _, name := range p.Undecided() {
		s, _ := settings.Lookup(name)
		faults = append(faults, fmt.Errorf("%w: outside the development stage it has no default", s.Check("")))
	}
	return faults
}

// judgedWith has the settings that each is judged beside.
var judgedWith = map[string][]string{
	"NETWORK_ALLOWANCE":   {"PREFIX_ALLOWANCE"},
	"SPEND_LIMIT":         {"SMS_PRICES", "VOICE_PRICES", "EMAIL_PRICES", "CHANNELS", "ALLOWED_REGIONS"},
	"CHALLENGE":           {"CHALLENGE_MODE"},
	"CHALLENGE_HOSTNAMES": {"CHALLENGE", "CHALLENGE_MODE"},
}

// disagreements are what is right by itself and does not go together. Beside a value that is wrong
// nothing is judged, since nobody knows what will stand in its place.
func (p Props) disagreements(wrong map[string]bool) []error {
	r := settings.NewReader(func(name string) string {
		if wrong[name] {
			return ""
		}
		return known(p.Settings[name])
	})
	c := guards.Read(r)
	var judged []error
	for name, sentence := range Sentences(errors.Join(r.Err(), c.CheckDeployed())) {
		if !slices.ContainsFunc(append([]string{name}, judgedWith[name]...), func(name string) bool { return wrong[name] }) {
			judged = append(judged, errors.New(sentence))
		}
	}
	return judged
}

// proofFaults are what the lists of keys say together.
func (p Props) proofFaults() []error {
	// Discovery takes ten keys beside the one that signs, and reads each when it starts.
	const mostPublished, mostStackKeys = 10, 3
	keys := p.ProofStackKeys
	if distinct := slices.Compact(slices.Sorted(slices.Values(keys))); len(distinct) < len(keys) || len(keys) > mostStackKeys {
		return []error{fmt.Errorf("PROOF_STACK_KEYS must be at most %d numbers, each once", mostStackKeys)}
	}
	further := len(keys)
	if list := p.Settings["PROOF_PUBLISHED_KEYS"]; list != "" {
		further += strings.Count(list, ",") + 1 // a token is one key
	}
	if further > mostPublished {
		return []error{fmt.Errorf("PROOF_PUBLISHED_KEYS must be at most %d keys, with those of PROOF_STACK_KEYS", mostPublished)}
	}
	return nil
}

// Undecided names the settings that the owner has to decide about, and did not.
func (p Props) Undecided() []string {
	var names []string
	for _, s := range settings.All() {
		moot := s.Name == "PROOF_AUDIENCE" && !p.Proofs()
		if s.Demanded && p.Keeps() && p.Settings[s.Name] == "" && !moot {
			names = append(names, s.Name)
		}
	}
	return names
}

// whose says where a setting that is not handed to the functions has its place.
func whose(s settings.Setting) string {
	switch {
	case s.ReadBy(settings.Stack):
		return "it is a prop of its own"
	case s.Setter == settings.Deployment:
		return "the stack sets it"
	case s.Setter == settings.Platform:
		return "Lambda sets it"
	}
	return "it is for laptops"
}

// faults of a network: Lambda takes both lists or none, and so many of each.
func (v *VPC) faults() []error {
	const mostSubnets, mostGroups = 16, 5
	if v == nil {
		return nil
	}
	var faults []error
	for _, list := range []struct {
		name string
		ids  []string
		most int
	}{
		{"VPC_SUBNET_IDS", v.SubnetIDs, mostSubnets},
		{"VPC_SECURITY_GROUP_IDS", v.SecurityGroupIDs, mostGroups},
	} {
		s, _ := settings.Lookup(list.name)
		if len(list.ids) == 0 || len(list.ids) > list.most {
			faults = append(faults, fmt.Errorf("%w: 1 to %d of them, beside the other list", s.Check(""), list.most))
			continue
		}
		for _, id := range list.ids {
			if err := s.Check(id); err != nil && !isToken(id) {
				faults = append(faults, err)
				break
			}
		}
	}
	return faults
}

func (i *Infobip) faults() []error {
	if i == nil {
		return nil
	}
	var faults []error
	if !isToken(i.BaseURL) && !hostForm.MatchString(strings.TrimSuffix(strings.TrimPrefix(i.BaseURL, "https://"), "/")) {
		faults = append(faults, errors.New("INFOBIP_BASE_URL must be your personal address, such as abc123.api.infobip.com"))
	}
	if !isToken(i.ApplicationID) && !infobipIDForm.MatchString(i.ApplicationID) {
		faults = append(faults, errors.New("INFOBIP_2FA_APP_ID must be the id of the 2FA application, as `otpctl provision` prints it"))
	}
	if i.MessageID != "" && !isToken(i.MessageID) && !infobipIDForm.MatchString(i.MessageID) {
		faults = append(faults, errors.New("INFOBIP_2FA_MSG_ID must be the id of the 2FA message template, as `otpctl provision` prints it"))
	}
	return faults
}
