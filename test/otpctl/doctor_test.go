package otpctl

import (
	"testing"
)

func TestDoctorOnAHealthyDeployment(t *testing.T) {
	p := newClinic(t).healthy(t)
	o := p.build(t)
	found, got := p.examine(t, o)
	for _, f := range found {
		if f.Status != "ok" {
			t.Errorf("%s: %s: %s → %s", f.Check, f.Status, f.Found, f.Todo)
		}
	}
	if got.code != 0 {
		t.Errorf("exit code %d, want 0\n%s", got.code, got.stderr)
	}
	printed := o.run(t, "", "doctor", "--dist", p.dist)
	t.Log(printed.stdout, printed.stderr)
}
