// Package build tests what `make build` makes: the zips that are deployed.
package build

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// maxZip is the figure for a function's zip: a larger one takes longer to start cold.
const maxZip = 5_000_000

var functions = []string{"send", "verify", "discovery"}

// sources is all that a build may depend on.
var sources = []string{"Makefile", "go.mod", "openapi.go", "openapi.yaml", "go.sum", "functions", "internal", "pkg"}

// copyOf returns a copy of the sources in a folder of its own.
func copyOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a copy")
	for _, name := range sources {
		from, to := filepath.Join(harness.Root(), name), filepath.Join(dir, name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(to, os.DirFS(from))
		} else {
			err = copyFile(from, to)
		}
		if err != nil {
			t.Fatalf("copying %s: %v", name, err)
		}
	}
	return dir
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	err = os.MkdirAll(filepath.Dir(to), 0o755)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

func run(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	_, err := harness.Run(t.Context(), 5*time.Minute, harness.Command{Name: name, Path: name, Args: args, Dir: dir, Env: env})
	if err != nil {
		t.Fatal(err)
	}
}

// The second machine has all settings that have changed somebody's build before: its
// sources are a git checkout below a go.work, and its go env is not ours.
func TestZipsDependOnTheSourcesAlone(t *testing.T) {
	plain, other := copyOf(t), copyOf(t)
	run(t, other, nil, "git", "init", "--quiet")
	run(t, other, nil, "git", "add", ".")
	run(t, other, nil, "git", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message", "x")
	err := os.WriteFile(filepath.Join(filepath.Dir(other), "go.work"), []byte("go 1.26\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	hostile := []string{
		"GOFLAGS=-buildvcs=true -tags=netgo -ldflags=-X=main.x=y", "GOAMD64=v3", "GOARM64=v9.0", "CGO_ENABLED=1",
		"GOFIPS140=v1.0.0", "GOOS=windows", "SOURCE_DATE_EPOCH=1", "TZ=Asia/Tokyo", "USER=somebody",
	}
	for _, arch := range []string{"arm64", "amd64"} {
		run(t, plain, nil, "make", "build", "GOARCH="+arch)
		run(t, other, hostile, "make", "build", "GOARCH="+arch)
		for _, function := range functions {
			t.Run(function+" "+arch, func(t *testing.T) {
				name := filepath.Join("dist", arch, function+".zip")
				first, second := read(t, filepath.Join(plain, name)), read(t, filepath.Join(other, name))
				if !bytes.Equal(first, second) {
					t.Errorf("two builds differ: sha256 %x and %x", sha256.Sum256(first), sha256.Sum256(second))
				}
				if len(first) > maxZip {
					t.Errorf("the zip has %d bytes, more than %d", len(first), maxZip)
				}
				t.Logf("%s: %d bytes", name, len(first))
				program := checkBootstrap(t, first, arch)
				// Beside the zip, for who runs or packs it otherwise.
				executable := filepath.Join(plain, "dist", arch, function, "bootstrap")
				if !bytes.Equal(read(t, executable), program) {
					t.Errorf("%s is not what the zip holds", executable)
				}
				if info, err := os.Stat(executable); err != nil || info.Mode().Perm()&0o100 == 0 {
					t.Errorf("%s cannot be run (%v)", executable, err)
				}
			})
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// checkBootstrap wants the zip to hold a program built as the Makefile says, and returns it.
func checkBootstrap(t *testing.T, packed []byte, arch string) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatalf("opening the zip: %v", err)
	}
	if len(archive.File) != 1 || archive.File[0].Name != "bootstrap" || archive.File[0].Mode() != 0o755 {
		t.Fatalf("the zip holds %v, want one bootstrap that anybody may run", archive.File)
	}
	entry, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	program, err := io.ReadAll(entry)
	if err != nil {
		t.Fatalf("reading the bootstrap: %v", err)
	}
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Fatalf("the bootstrap is no Go program: %v", err)
	}
	level := map[string]string{"arm64": "GOARM64=v8.0", "amd64": "GOAMD64=v1"}[arch]
	want := map[string]bool{
		"-buildmode=exe": true, "-compiler=gc": true, "-trimpath=true": true, "-tags=lambda.norpc": true,
		"CGO_ENABLED=0": true, "GOOS=linux": true, "GOARCH=" + arch: true, level: true,
	}
	for _, setting := range info.Settings {
		got := fmt.Sprintf("%s=%s", setting.Key, setting.Value)
		if setting.Key != "DefaultGODEBUG" && !want[got] {
			t.Errorf("built with %s, which the Makefile does not ask for", got)
		}
		delete(want, got)
	}
	for setting := range want {
		t.Errorf("not built with %s", setting)
	}
	return program
}
