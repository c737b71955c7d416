package harness

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Engine is a container engine that speaks Docker's API: Docker where one answers, else
// a podman of the tests' own.
type Engine struct {
	// Name says which it is.
	Name string
	// Env makes a client, such as sam, use it.
	Env []string
	// Host is this machine's name or address in a container.
	Host string
	// InvokeImage is the base image for sam's --invoke-image: a stand-in. It is empty
	// where sam's own can be pulled.
	InvokeImage string
}

// enginePatience bounds each command to an engine but a pull.
const enginePatience = 2 * time.Minute

// engine is the one that the tests of this binary share, once it is found.
var engine Engine

// ContainerEngine returns an engine with a base image for Lambda functions. The tests of a
// package share it.
func ContainerEngine(tb testing.TB) Engine {
	tb.Helper()
	shared.address(tb, "the container engine", func() (string, func() error, error) {
		found, end, err := findEngine()
		engine = found
		return "", end, err
	})
	return engine
}

func findEngine() (Engine, func() error, error) {
	var end func() error
	e, err := docker()
	if err != nil {
		e, end, err = podman(err)
	}
	if err != nil {
		return Engine{}, end, err
	}
	fmt.Println("container engine:", e.Name)
	e.InvokeImage, err = baseImage(e)
	return e, end, err
}

// docker takes the engine that the docker command talks to.
func docker() (Engine, error) {
	e := Engine{Name: "docker"}
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"} {
		if value, ok := os.LookupEnv(name); ok {
			e.Env = append(e.Env, name+"="+value)
		}
	}
	system, err := e.run(enginePatience, "info", "--format", "{{.OperatingSystem}}")
	if err != nil {
		return Engine{}, err
	}
	if strings.Contains(system, "Docker Desktop") {
		e.Host = "host.docker.internal"
		return e, nil
	}
	gateway, err := e.run(enginePatience, "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
	e.Host = strings.TrimSpace(gateway)
	if err == nil && net.ParseIP(e.Host) == nil {
		err = fmt.Errorf("docker's bridge network has no gateway: %q", e.Host)
	}
	return e, err
}

// podman starts a service with Docker's API on a socket of its own.
func podman(noDocker error) (Engine, func() error, error) {
	path, err := exec.LookPath("podman")
	if err != nil {
		return Engine{}, nil, fmt.Errorf("no container engine: run `make tools`, which installs podman where no Docker answers (%w)",
			errors.Join(noDocker, err))
	}
	dir, err := os.MkdirTemp("", "otp-podman-") // short: a socket's path must be
	if err != nil {
		return Engine{}, nil, fmt.Errorf("making a folder for the socket: %w", err)
	}
	socket := filepath.Join(dir, "podman.sock")
	e := Engine{
		Name: "podman",
		Env: []string{
			"DOCKER_HOST=unix://" + socket,
			"CONTAINERS_CONF=" + filepath.Join(Root(), "tools", "podman", "containers.conf"),
		},
		Host: "host.containers.internal",
	}
	p, err := start(Command{Name: "podman's service", Path: path, Args: []string{"system", "service", "--time=0", "unix://" + socket}, Env: e.Env})
	if err != nil {
		return Engine{}, nil, errors.Join(err, os.RemoveAll(dir))
	}
	end := func() error { return errors.Join(p.stop(), os.RemoveAll(dir)) }
	err = p.ready(2*time.Minute, func() error {
		c, err := net.DialTimeout("unix", socket, time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
	return e, end, err
}

// run runs a command of the engine and returns what it printed.
func (e Engine) run(within time.Duration, args ...string) (string, error) {
	path, err := exec.LookPath(e.Name)
	if err != nil {
		return "", err
	}
	return Run(context.Background(), within, Command{Name: e.Name + " " + args[0], Path: path, Args: args, Env: e.Env})
}

// SAMArchitecture is Lambda's word for this machine's architecture.
func SAMArchitecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

const (
	// lambdaImage is what sam runs functions of provided.al2023 in.
	lambdaImage = "public.ecr.aws/lambda/provided:al2023"
	standIn     = "localhost/infobip-otp-lambda-base:stand-in"
	pullTime    = 3 * time.Minute
)

// baseImage returns the image to name to sam: none where the real one is here or can be
// pulled, else a stand-in.
func baseImage(e Engine) (string, error) {
	real := lambdaImage + "-" + SAMArchitecture()
	_, err := e.run(enginePatience, "image", "inspect", real)
	if err == nil {
		return "", nil
	}
	_, err = e.run(pullTime, "pull", "--quiet", real)
	if err == nil {
		return "", nil
	}
	fmt.Printf("AWS's base image cannot be pulled here, so a STAND-IN is built: busybox with the entry point that sam expects (the pull: %s)\n",
		lastLine(err.Error()))
	err = buildStandIn(e)
	return standIn, err
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// dockerfile is of an image that has what sam's own build on top of it uses (a shell, mv,
// chmod) and the entry point of AWS's base image.
const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY lambda-entrypoint.sh /lambda-entrypoint.sh
WORKDIR /var/task
ENV PATH=/bin LAMBDA_TASK_ROOT=/var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
`

const entrypoint = `#!/bin/sh
exec /var/rapid/aws-lambda-rie "$@"
`

func buildStandIn(e Engine) error {
	busybox, err := staticBusybox()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "otp-base-image-")
	if err != nil {
		return fmt.Errorf("making a folder for the image: %w", err)
	}
	defer os.RemoveAll(dir)
	for name, file := range map[string]struct {
		content []byte
		mode    os.FileMode
	}{
		"Dockerfile":           {[]byte(dockerfile), 0o644},
		"busybox":              {busybox, 0o755},
		"lambda-entrypoint.sh": {[]byte(entrypoint), 0o755},
	} {
		err := os.WriteFile(filepath.Join(dir, name), file.content, file.mode)
		if err != nil {
			return fmt.Errorf("writing %s for the image: %w", name, err)
		}
	}
	_, err = e.run(enginePatience, "build", "--tag", standIn, dir)
	return err
}

// staticBusybox reads a busybox that needs no libraries.
func staticBusybox() ([]byte, error) {
	const path = "/bin/busybox"
	missing := errors.New("AWS's base image cannot be pulled and " + path + " is no static busybox to stand in: install Debian's busybox-static")
	binary, err := elf.Open(path)
	if err != nil {
		return nil, missing
	}
	defer binary.Close()
	libraries, err := binary.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		return nil, missing
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading busybox: %w", err)
	}
	return content, nil
}
