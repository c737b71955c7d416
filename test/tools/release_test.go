package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// repository is a checkout as far as a release looks at it.
func repository(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(harness.Root(), "tools", "release"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod": "module github.com/seed-a131a524/infobip-otp\n\ngo 1.26\n",
		"infra/go.mod": "module github.com/seed-a131a524/infobip-otp/infra\n\ngo 1.26\n\n" +
			"replace github.com/seed-a131a524/infobip-otp => ../\n\nrequire github.com/seed-a131a524/infobip-otp v0.1.0\n",
		"tools/release": string(script),
	})
	git(t, dir, "init", "--quiet")
	commit(t, dir)
	return dir
}

func git(t *testing.T, dir string, arguments ...string) string {
	t.Helper()
	command := exec.Command("git", arguments...)
	command.Dir = dir
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return strings.TrimSpace(string(output))
}

func commit(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "add", ".")
	git(t, dir, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message", "x")
}

// release returns what the script says, and whether it went well.
func release(t *testing.T, dir string, arguments ...string) (string, bool) {
	t.Helper()
	command := exec.Command("bash", append([]string{"tools/release"}, arguments...)...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@example.com", "GOWORK=off")
	output, err := command.CombinedOutput()
	return string(output), err == nil
}

func TestReleaseTagsBothModules(t *testing.T) {
	dir := repository(t)
	said, well := release(t, dir, "v0.1.0")
	if !well || said != "git push origin v0.1.0 infra/v0.1.0\n" {
		t.Fatalf("it went well: %t, and said\n%s", well, said)
	}
	head := git(t, dir, "rev-parse", "HEAD")
	for _, tag := range []string{"v0.1.0", "infra/v0.1.0"} {
		if at := git(t, dir, "rev-parse", tag+"^{commit}"); at != head {
			t.Errorf("%s is at %s, want HEAD, %s", tag, at, head)
		}
	}
}

func TestReleaseRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(t *testing.T, dir string)
		version string
		want    string
	}{
		{"no version", nil, "", "say which version"},
		{"half a version", nil, "v0.1", "say which version"},
		{"a version of another path", nil, "v2.0.0", "say which version"},
		{"what is not committed", func(t *testing.T, dir string) { write(t, dir, map[string]string{"new": "x"}) }, "v0.1.0", "not committed"},
		{"a version that is there", func(t *testing.T, dir string) { git(t, dir, "tag", "v0.1.0") }, "v0.1.0", "v0.1.0 is there already"},
		{"a construct that is there", func(t *testing.T, dir string) { git(t, dir, "tag", "infra/v0.1.0") }, "v0.1.0", "infra/v0.1.0 is there already"},
		{"functions of another version", nil, "v0.2.0", "infra/go.mod required v0.1.0 and now requires v0.2.0: commit that"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := repository(t)
			if test.change != nil {
				test.change(t, dir)
			}
			before := git(t, dir, "tag", "--list")
			said, well := release(t, dir, test.version)
			if well || !strings.Contains(said, test.want) {
				t.Errorf("it went well: %t, and said %q; want %q", well, said, test.want)
			}
			if after := git(t, dir, "tag", "--list"); after != before {
				t.Errorf("tags %q became %q", before, after)
			}
		})
	}
}

// What a release of a new version writes is all that it lacked.
func TestReleaseOfTheNextVersion(t *testing.T) {
	dir := repository(t)
	_, well := release(t, dir, "v0.2.0")
	if well {
		t.Fatal("a construct that requires other functions was tagged")
	}
	commit(t, dir)
	said, well := release(t, dir, "v0.2.0")
	if !well {
		t.Errorf("the second time it says\n%s", said)
	}
}
