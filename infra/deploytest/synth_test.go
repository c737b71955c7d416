package deploytest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// synth is the very program that `make synth` and `cdk deploy` run, with these settings and
// without those of whoever runs the test.
func synth(t *testing.T, environment map[string]string) *exec.Cmd {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none.env")
	err := os.WriteFile(none, nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "run", "./cmd/synth")
	command.Dir = ".."
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains(props.Variables(), name) {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, props.FileVariable+"="+none)
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		command.Env = append(command.Env, name+"="+environment[name])
	}
	return command
}

// synthesize returns the folder that synth wrote.
func synthesize(t *testing.T, stage, assets string, environment map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	settings := map[string]string{"CDK_OUTDIR": dir, "ASSETS_DIR": assets, "STAGE": stage}
	maps.Copy(settings, environment)
	output, err := synth(t, settings).CombinedOutput()
	if err != nil {
		t.Fatalf("synthesising the %s stage: %v\n%s", stage, err, output)
	}
	return dir
}

func TestWrongSettingsStopSynth(t *testing.T) {
	assets := standIns(t)
	for _, test := range []struct {
		name        string
		environment map[string]string
		want        []string // one sentence each
	}{
		{"all faults at once", map[string]string{
			"ASSETS_DIR": assets, "STAGE": "Production", "IP_SEND_LIMIT": "five", "CORS_ORIGINS": "http://app.example.com",
		}, []string{"STAGE", "IP_SEND_LIMIT", "CORS_ORIGINS"}},
		{"nothing built", map[string]string{"ASSETS_DIR": t.TempDir()}, []string{"run `make build` first"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cdk.out")
			test.environment["CDK_OUTDIR"] = dir
			output, err := synth(t, test.environment).CombinedOutput()
			if err == nil {
				t.Fatalf("synth took it:\n%s", output)
			}
			text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(output)), "exit status 1"))
			if lines := strings.Split(text, "\n"); len(lines) != len(test.want) {
				t.Errorf("%d lines, want %d sentences:\n%s", len(lines), len(test.want), text)
			}
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("no sentence has %q:\n%s", want, text)
				}
			}
			_, err = os.Stat(dir)
			if err == nil {
				t.Error("a template was written")
			}
		})
	}
}
