package otpctl

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

func TestDoctorOnAHealthyDeployment(t *testing.T) {
	p := newClinic(t).healthy(t)
	o := p.build(t)
	// As after a rollback: what was deployed last is broken, and is not what runs.
	_, err := lambda.NewFromConfig(motoConfig(p.moto)).UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String(p.stack + "-send"), Timeout: aws.Int32(3),
	})
	if err != nil {
		t.Fatal(err)
	}
	found, got := p.examine(t, o)
	for _, f := range found {
		if f.Status != "ok" {
			t.Errorf("%s: %s: %s → %s", f.Check, f.Status, f.Found, f.Todo)
		}
	}
	if got.code != 0 {
		t.Errorf("exit code %d, want 0\n%s", got.code, got.stderr)
	}
	if len(found) != 25 {
		t.Errorf("%d findings, want one of each of 25 checks", len(found))
	}
	printed := o.run(t, "", "doctor", "--dist", p.dist)
	want(t, strings.Join(strings.Fields(printed.stdout), " "), "ok credentials account 123456789012 in "+harness.Region, "ok trial account no answer of Infobip's")
	want(t, printed.stderr, p.stack+": 25 ok, 0 to look at, 0 failed")
	t.Logf("$ otpctl doctor\n%s%s", printed.stdout, printed.stderr)
}

// Each malady is found by the check that is about it, and by no other that it does not touch.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	c := newClinic(t)
	for _, m := range maladies {
		t.Run(m.name, func(t *testing.T) {
			p := c.healthy(t)
			if m.before != nil {
				m.before(t, p)
			}
			o := p.build(t)
			if m.after != nil {
				m.after(t, p)
			}
			for what, value := range map[string]string{"a wrong key": "canary-wrong-key", "a key of a bad secret": "canary-key"} {
				o.hides(what, value)
			}
			found, got := p.examine(t, o, m.args...)
			named := false
			for _, f := range found {
				if f.Status == "ok" {
					continue
				}
				switch {
				case f.Todo == "":
					t.Errorf("%s: %s, without what to do", f.Check, f.Found)
				case f.Check == m.check && f.Status == m.status && strings.Contains(f.Found, m.found) && strings.Contains(f.Todo, m.todo):
					named = true
				case f.Check != m.check && !slices.Contains(m.also, f.Check):
					t.Errorf("%s: %s: %s, which it has nothing to do with", f.Check, f.Status, f.Found)
				}
			}
			if !named {
				t.Errorf("%s is not found to %s with %q and %q:\n%+v", m.check, m.status, m.found, m.todo, found)
			}
			fails := slices.ContainsFunc(found, func(f diagnosis) bool { return f.Status == "fail" })
			if (got.code == 1) != fails || got.code > 1 {
				t.Errorf("exit code %d, and something fails: %t", got.code, fails)
			}
		})
	}
}

// Ten things at once are ten findings, and no one hides another.
func TestDoctorFindsAllAtOnce(t *testing.T) {
	p := newClinic(t).healthy(t)
	chosen := []string{
		"a new account", "another architecture", "a value that today's table refuses", "lines that Lambda drops", "items that stay for ever",
		"a table without backups", "a route that is gone", "pages of every origin", "a log that is kept for ever", "limits of Infobip's below ours",
	}
	ill := slices.DeleteFunc(slices.Clone(maladies), func(m malady) bool { return !slices.Contains(chosen, m.name) })
	for _, m := range ill {
		if m.before != nil {
			m.before(t, p)
		}
	}
	o := p.build(t)
	for _, m := range ill {
		if m.after != nil {
			m.after(t, p)
		}
	}
	found, got := p.examine(t, o)
	for _, m := range ill {
		if !slices.ContainsFunc(found, func(f diagnosis) bool {
			return f.Check == m.check && f.Status == m.status && strings.Contains(f.Found, m.found) && strings.Contains(f.Todo, m.todo)
		}) {
			t.Errorf("%s is not found", m.name)
		}
	}
	if len(ill) != len(chosen) || got.code != 1 {
		t.Errorf("%d of %d maladies, exit code %d", len(ill), len(chosen), got.code)
	}
	printed := o.run(t, "", "doctor", "--dist", p.dist)
	t.Logf("$ otpctl doctor\n%s%s", printed.stdout, printed.stderr)
}

// What the role may not see is a finding, and no end.
func TestDoctorWithoutPermission(t *testing.T) {
	p := newClinic(t).healthy(t)
	p.cloud.forbids = "DescribeContinuousBackups"
	found, _ := p.examine(t, p.build(t))
	i := slices.IndexFunc(found, func(f diagnosis) bool { return f.Check == "backups" })
	if i < 0 || found[i].Status != "warn" || !strings.Contains(found[i].Todo, "your role needs dynamodb:DescribeContinuousBackups") {
		t.Errorf("the findings are %+v", found)
	}
	if last := found[len(found)-1]; last.Check != "trial account" || last.Status != "ok" {
		t.Errorf("it ended with %+v", last)
	}
}
