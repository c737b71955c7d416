// Package functions has the zips of the functions for an app that has no clone of the repository:
// it builds them from the source of the module that the app requires.
//
// They are built as that module's own programs, with the dependencies of its go.mod, and not of
// the app's: what an app uses beside the construct (or the construct itself, to be tested) would
// raise the versions that the functions are tested and measured with. So they are, byte by byte,
// what `make build` makes of that version.
package functions

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/seed-a131a524/infobip-otp/internal/build/lambda"
)

// Built returns the folder with the zips for goarch. What a version of the module was built into
// is kept in the user's cache folder and found there again; the working files of somebody who
// develops the module (a replace directive, a go.work) are built each time. The app has to run
// inside its own module, with Go at hand, as `go run` and the CDK's command line have it.
func Built(ctx context.Context, goarch string) (string, error) {
	once.Lock()
	defer once.Unlock()
	if dir, done := built[goarch]; done {
		return dir, nil
	}
	m, err := source(ctx)
	if err != nil {
		return "", fmt.Errorf("finding the source of the functions: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a place for the functions: %w", err)
	}
	dir, err := build(ctx, m, filepath.Join(cache, "infobip-otp"), goarch)
	if err != nil {
		return "", err
	}
	built[goarch] = dir
	return dir, nil
}

// An app with several services builds once.
var (
	once  sync.Mutex
	built = map[string]string{}
)

// build returns the folder below cache with what is built of the module for goarch.
func build(ctx context.Context, m module, cache, goarch string) (string, error) {
	version, err := run(ctx, m.Dir, "env", "GOVERSION")
	if err != nil {
		return "", fmt.Errorf("asking for the version of Go: %w", err)
	}
	environment, arguments := lambda.Settings(goarch)
	key := sha256.Sum256(fmt.Append(nil, m, string(version), environment, arguments))
	const distinct = 16 // bytes
	dir := filepath.Join(cache, hex.EncodeToString(key[:distinct])+"-"+goarch)
	for _, function := range lambda.Functions() {
		out := filepath.Join(dir, function+".zip")
		_, err := os.Stat(out)
		if err == nil && m.fixed() {
			continue
		}
		err = lambda.BuildZip(ctx, m.Dir, goarch, function, out)
		if err != nil {
			return "", err
		}
	}
	return dir, nil
}

// module is what the go command says of a module.
type module struct {
	Path, Version, Sum, Dir string
	Main                    bool
	Replace                 *module
}

// fixed reports whether what stands in the module's folder never changes.
func (m module) fixed() bool {
	if m.Replace != nil {
		return m.Replace.Version != ""
	}
	return !m.Main && m.Version != ""
}

func (m module) String() string {
	if m.Replace != nil {
		return m.Path + " => " + m.Replace.String()
	}
	return strings.Join([]string{m.Path, m.Version, m.Sum, m.Dir}, " ")
}

// source finds the module as the app requires it: this package is the construct's, so both
// are one version unless somebody replaced one.
func source(ctx context.Context) (module, error) {
	var m module
	answer, err := run(ctx, ".", "list", "-m", "-json", lambda.Module)
	if err != nil {
		return m, fmt.Errorf("%w\n(run the app inside its own module, or name a folder with the zips: AssetsDir)", err)
	}
	err = json.Unmarshal(answer, &m)
	if err != nil {
		return m, fmt.Errorf("reading the answer of the go command: %w", err)
	}
	if m.Dir != "" {
		return m, nil
	}
	// An app with a vendor folder has its packages there, and not the module.
	answer, err = run(ctx, ".", "mod", "download", "-json", m.Path+"@"+m.Version)
	if err != nil {
		return m, err
	}
	err = json.Unmarshal(answer, &m)
	if err != nil {
		return m, fmt.Errorf("reading the answer of the go command: %w", err)
	}
	return m, nil
}

// run asks the go command; its error is what the command says.
func run(ctx context.Context, dir string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = dir
	var answer, said bytes.Buffer
	command.Stdout, command.Stderr = &answer, &said
	err := command.Run()
	if text := strings.TrimSpace(said.String()); err != nil && text != "" {
		err = errors.New(text)
	}
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(arguments, " "), err)
	}
	return answer.Bytes(), nil
}
