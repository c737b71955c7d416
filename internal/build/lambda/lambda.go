// Package lambda says how the functions are built for AWS Lambda, once for `make build` and for
// the construct of infra, so that both make the same bytes of the same source.
package lambda

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is the module of the functions.
const Module = "github.com/seed-a131a524/infobip-otp"

// Functions returns the names of the functions, whose packages are below functions/.
func Functions() []string { return []string{"send", "verify", "discovery"} }

// Settings returns everything that changes the bytes of a function, in the form of an
// environment and of arguments of the go command, so that settings of one machine (go env -w, a
// go.work above, a higher GOAMD64) do not reach them. Go reads an empty variable as unset, so
// each has a value.
func Settings(goarch string) ([]string, []string) {
	environment := []string{
		"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + goarch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFIPS140=off", "GOFLAGS=-mod=readonly", "GOWORK=off",
	}
	return environment, []string{"build", "-trimpath", "-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w -buildid="}
}

// Build writes the executable of a function. root is the folder of [Module], goarch one of
// Lambda's two. The dependencies are those of its go.mod and go.sum, whoever asks for them.
func Build(ctx context.Context, root, goarch, function, out string) error {
	if goarch != "arm64" && goarch != "amd64" {
		return fmt.Errorf("GOARCH is %q: Lambda has arm64 and amd64", goarch)
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("finding the place of the executable: %w", err)
	}
	environment, arguments := Settings(goarch)
	command := exec.CommandContext(ctx, "go", append(arguments, "-o", out, "./functions/"+function)...)
	command.Dir = root
	command.Env = append(os.Environ(), environment...)
	// What the go command has to say is the reason, and may have many lines.
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err = command.Run()
	if err != nil {
		return fmt.Errorf("building the function %s for linux/%s: %w\n%s", function, goarch, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// BuildZip writes the zip of a function to out. Two that do so at once do not meet.
func BuildZip(ctx context.Context, root, goarch, function, out string) error {
	scratch, err := os.MkdirTemp("", "function-")
	if err != nil {
		return fmt.Errorf("making a folder for the executable: %w", err)
	}
	defer os.RemoveAll(scratch)
	bootstrap := filepath.Join(scratch, "bootstrap")
	err = Build(ctx, root, goarch, function, bootstrap)
	if err != nil {
		return err
	}
	err = os.MkdirAll(filepath.Dir(out), 0o750)
	if err != nil {
		return fmt.Errorf("making a folder for the zip: %w", err)
	}
	return Zip(out, bootstrap)
}
