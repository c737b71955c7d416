package props_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

func TestLoadFile(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DEPLOY_ENV", "")
	t.Setenv("STAGE", "")
	t.Setenv("PIN_ATTEMPTS", "3")
	for _, name := range []string{"AWS_PROFILE", "DEPLOY_ACCOUNT"} {
		t.Setenv(name, "") // so that it is put back
	}

	notes, err := props.LoadFile(root)
	if err != nil || notes != nil {
		t.Errorf("without a file: %v, %v", notes, err)
	}
	write("deploy.env", "STAGE=staging\nPIN_ATTEMPTS=4\nAWS_PROFILE=mine\nDEPLOY_ACCOUNT=111122223333\n")
	notes, err = props.LoadFile(root)
	if err != nil || notes != nil {
		t.Fatal(notes, err)
	}
	if stage, attempts := os.Getenv("STAGE"), os.Getenv("PIN_ATTEMPTS"); stage != "staging" || attempts != "3" {
		t.Errorf("STAGE=%s PIN_ATTEMPTS=%s, want staging from the file and 3 from the environment", stage, attempts)
	}

	t.Setenv("STAGE", "")
	t.Setenv("DEPLOY_ENV", "other.env")
	_, err = props.LoadFile(root)
	if err == nil || !strings.Contains(err.Error(), "DEPLOY_ENV") {
		t.Errorf("a file that was named and is not there: %v, want an error that names DEPLOY_ENV", err)
	}
	for _, wrong := range []string{"STAGE=other\nINFOBIP_API_KEY canary-key\nALLOWED_REGIONS=AT\n", "X='canary-key\n", "canary-key"} {
		write("other.env", wrong)
		_, err = props.LoadFile(root)
		if want := filepath.Join(root, "other.env") + " cannot be read: it has one NAME=value a line"; err == nil || err.Error() != want {
			t.Errorf("a file with a line that is none: %v, want %s", err, want)
		}
	}
	write("other.env", "STAGE=other\n")
	_, err = props.LoadFile(root)
	if err != nil || os.Getenv("STAGE") != "other" {
		t.Errorf("STAGE=%s (%v), want other", os.Getenv("STAGE"), err)
	}
}

// A misspelt setting has no effect, and nobody would know why; a key stands in the secret.
func TestLoadFileNotesWhatIsNoSetting(t *testing.T) {
	root := t.TempDir()
	t.Setenv("DEPLOY_ENV", "")
	for _, name := range []string{"CHALENGE", "INFOBIP_API_KEY"} {
		t.Setenv(name, "") // so that it is put back
	}
	err := os.WriteFile(filepath.Join(root, "deploy.env"), []byte("INFOBIP_API_KEY=canary\nCHALENGE=turnstile\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	got, err := props.LoadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"deploy.env sets CHALENGE, which is no setting of a deployment (README has the table)",
		"deploy.env sets INFOBIP_API_KEY, which is no setting of a deployment (README has the table)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}
