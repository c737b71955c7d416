package props

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// Lambda measures the variables of a function together, as a JSON object, and takes 4 KB.
const mostEnvironment = 4096

// unknownSize is what a value counts that only the deployment knows: as long as the ARN of a
// secret, which is the longest of them in practice.
const unknownSize = 120

// sizeFaults are the functions whose environment Lambda would refuse, with what is largest there.
func (p Props) sizeFaults() []error {
	var faults []error
	for _, function := range []struct {
		name    string
		program settings.Program
	}{{"send", settings.Send}, {"verify", settings.Verify}, {"discovery", settings.Discovery}} {
		variables := p.Estimate(function.program)
		size := sizeOf(variables)
		if size <= mostEnvironment {
			continue
		}
		const shown = 3
		largest := slices.SortedFunc(maps.Keys(variables), func(a, b string) int {
			return cmp.Or(cmp.Compare(len(variables[b]), len(variables[a])), cmp.Compare(a, b))
		})[:shown]
		for i, name := range largest {
			largest[i] = fmt.Sprintf("%s (%d)", name, len(variables[name]))
		}
		faults = append(faults, fmt.Errorf("the environment of %s must be at most %d bytes: it has %d, most of them in %s",
			function.name, mostEnvironment, size, strings.Join(largest, ", ")))
	}
	return faults
}

func sizeOf(variables map[string]string) int {
	text, err := json.Marshal(variables)
	if err != nil {
		panic("props: texts are no JSON: " + err.Error()) // there is no such text
	}
	return len(text)
}

// Estimate returns the whole environment of a function: what is known of it, and question marks in
// the place of what only the deployment knows.
func (p Props) Estimate(function settings.Program) map[string]string {
	variables := p.Environment(function)
	if p.Proofs() {
		for _, name := range []string{"PROOF_KEY", "PROOF_ISSUER"} {
			if s, _ := settings.Lookup(name); s.ReadBy(function) && variables[name] == "" {
				variables[name] = strings.Repeat("?", unknownSize)
			}
		}
		further := len(p.StackKeys())
		if p.Settings["PROOF_KEY"] == "" {
			further-- // the first of them signs
		}
		if s, _ := settings.Lookup("PROOF_PUBLISHED_KEYS"); s.ReadBy(function) && further > 0 {
			variables[s.Name] += strings.Repeat("?", unknownSize*further)
		}
	}
	for _, s := range settings.All() {
		if s.Setter == settings.Deployment && s.ReadBy(function) {
			variables[s.Name] = p.deploymentsOwn(s.Name)
		}
	}
	if p.Infobip != nil && p.Infobip.MessageID == "" {
		delete(variables, "INFOBIP_2FA_MSG_ID")
	}
	for name, value := range variables {
		if isToken(value) {
			variables[name] = strings.Repeat("?", unknownSize)
		}
	}
	return variables
}

// deploymentsOwn is a variable that the stack sets, as far as the props say it.
func (p Props) deploymentsOwn(name string) string {
	var value string
	switch name {
	case "STAGE":
		value = p.Stage
	case "INFOBIP_BASE_URL", "INFOBIP_2FA_APP_ID", "INFOBIP_2FA_MSG_ID":
		if p.Infobip != nil {
			value = p.Infobip.Variables()[name]
		}
	case "TABLE_NAME":
		value = p.ExistingTable
	case "SECRET_ID":
		if p.Secret != nil {
			value = p.Secret.ID
		}
	}
	return cmp.Or(value, strings.Repeat("?", unknownSize))
}
