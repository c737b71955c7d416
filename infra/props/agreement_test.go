package props_test

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// edges are the least and the most that a setting of the functions may be.
func edges(t *testing.T, s settings.Setting) (string, string) {
	t.Helper()
	switch k := s.Kind.(type) {
	case settings.Rate:
		return "1/1s", rate.Rate{Attempts: k.Most, Window: 365 * rate.Day}.String()
	case settings.Duration:
		return rate.FormatDuration(k.Least), rate.FormatDuration(k.Most)
	case settings.Number:
		return strconv.Itoa(k.Least), strconv.Itoa(k.Most)
	case settings.Truth:
		return "false", "true"
	case settings.Word:
		return k.Words[0], k.Words[len(k.Words)-1]
	case settings.List:
		return s.Example, "all"
	case settings.Text:
		return s.Example, s.Example
	case settings.Notation[guard.Limit], settings.Notation[guard.RegionLimits]:
		return s.Example, "none"
	case settings.Notation[guard.Allowance]:
		return "off", s.Example
	case settings.Notation[guard.Prices]:
		return "*=0.000001", s.Example
	case settings.Notation[catalog.List]: // a channel that is offered has a message
		return s.Example, "sms/*=A,voice/*=B,email/*=C"
	case settings.Notation[catalog.Ending], settings.Notation[catalog.Senders]:
		return s.Example, s.Example
	case settings.Notation[float64]:
		return "0", "1"
	}
	t.Fatalf("%s is of a kind that this test does not know: %T", s.Name, s.Kind)
	return "", ""
}

// What is accepted here must be accepted by the functions, or a deployment would end in
// functions that do not start. The edges of every bound stand for what is between them.
func TestTheFunctionsTakeWhatIsAccepted(t *testing.T) {
	least, most := props.Default(built(t)), props.Default(built(t))
	for _, s := range settings.All() {
		if s.Handed() {
			least.Settings[s.Name], most.Settings[s.Name] = edges(t, s)
		}
	}
	for name, p := range map[string]props.Props{"least": least, "most": most} {
		t.Run(name, func(t *testing.T) {
			err := p.Validate()
			if err != nil {
				t.Errorf("not accepted here: %v", err)
			}
			environment := p.Environment(settings.Send)
			maps.Copy(environment, p.Environment(settings.Verify))
			c, err := app.ReadConfig(func(name string) string { return environment[name] })
			if err != nil {
				t.Errorf("not accepted by the functions: %v", err)
			}
			if name == "least" && (c.Policy.SendLimit != rate.Rate{Attempts: 1, Window: time.Second} || c.Form.PINLength != 4) {
				t.Errorf("the functions understand %v and %d digits", c.Policy.SendLimit, c.Form.PINLength)
			}
			again, err := props.FromEnvironment(func(name string) string { return environment[name] }, p.AssetsDir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p, again); diff != "" {
				t.Errorf("read again from the functions' environment (-want +got):\n%s", diff)
			}
		})
	}
}
