package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a program that was started in a process group of its own.
type Process struct {
	// Name says which program it is in failures.
	Name   string
	stdout *output
	output *output // stdout and stderr
	cmd    *exec.Cmd
	ended  chan struct{}
	err    error
}

// Command says what to start.
type Command struct {
	Name string   // for failures
	Path string   // the program
	Args []string // its arguments
	// Env is added to BaseEnv.
	Env []string
	Dir string
}

// BaseEnv is the environment that programs under test get: what a program needs to run
// at all, and none of the settings or credentials of whoever runs the tests.
func BaseEnv() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY",
		"GOFLAGS", "GOROOT", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_RUNTIME_DIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Start starts a program that ends with the test at the latest. What it printed is
// logged if the test fails.
func Start(tb testing.TB, c Command) *Process {
	tb.Helper()
	p, err := start(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.stop(); err != nil {
			tb.Errorf("%v", err)
		}
		if tb.Failed() {
			tb.Logf("what %s printed:\n%s", p.Name, p.Printed())
		}
	})
	return p
}

func start(c Command) (*Process, error) {
	p := &Process{Name: c.Name, stdout: &output{}, output: &output{}, ended: make(chan struct{})}
	p.cmd = exec.Command(c.Path, c.Args...)
	p.cmd.Env = append(BaseEnv(), c.Env...)
	p.cmd.Dir = c.Dir
	p.cmd.Stdout, p.cmd.Stderr = io.MultiWriter(p.stdout, p.output), p.output
	p.cmd.SysProcAttr = ownGroup()
	// A grandchild that holds the pipe must not keep Wait waiting.
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s (if it is missing, run `make tools`): %w", c.Name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// PID is the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal to the program's process group, as a terminal's Ctrl-C does.
func (p *Process) Signal(signal syscall.Signal) error {
	err := syscall.Kill(-p.PID(), signal)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %v to %s: %w", signal, p.Name, err)
	}
	return nil
}

// Wait waits for the program to end by itself and returns its exit code, which is -1 if
// a signal ended it.
func (p *Process) Wait(tb testing.TB, within time.Duration) int {
	tb.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		tb.Fatalf("%s is still running after %v", p.Name, within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// howEnded says how a program that has ended did so.
func (p *Process) howEnded() error {
	if p.err == nil {
		return errors.New("without an error")
	}
	return p.err
}

// Ended is closed once the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

const (
	politely = 10 * time.Second // to end after SIGTERM
	forced   = 30 * time.Second // to be gone after SIGKILL
)

// stop ends the program and its children.
func (p *Process) stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(politely):
	}
	// The program's children may have outlived it.
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(forced):
		return fmt.Errorf("%s (process %d) cannot be ended", p.Name, p.PID())
	}
}

// shownLines is how much of a program's output a failure shows.
const shownLines = 60

// Printed is the end of what the program printed so far, for a failure: with long
// numbers and bearer values masked, because a test's output is kept by whoever runs it.
func (p *Process) Printed() string {
	lines := strings.SplitAfter(p.output.String(), "\n")
	if len(lines) > shownLines {
		lines = append([]string{"…\n"}, lines[len(lines)-shownLines:]...)
	}
	return mask(strings.Join(lines, ""))
}

// Raw is what the program printed so far, for tests that look for leaks in it.
func (p *Process) Raw() string { return p.output.String() }

var (
	longNumber = regexp.MustCompile(`[0-9]{6,}`)
	bearer     = regexp.MustCompile(`(?i)\b(App|Basic|Bearer|IBSSO) [^\s"']+`)
)

func mask(s string) string {
	s = bearer.ReplaceAllString(s, "$1 ***")
	return longNumber.ReplaceAllStringFunc(s, func(digits string) string { return strings.Repeat("*", len(digits)) })
}

// Run runs a program to its end within the given time and returns what it printed to
// stdout. Its error holds what it printed at all.
func Run(ctx context.Context, within time.Duration, c Command) (string, error) {
	p, err := start(c)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		return "", errors.Join(fmt.Errorf("%s took longer than %v; it printed:\n%s", c.Name, within, p.Printed()), p.stop())
	}
	if p.err != nil {
		return p.stdout.String(), fmt.Errorf("running %s: %w; it printed:\n%s", c.Name, p.err, p.Printed())
	}
	return p.stdout.String(), nil
}

// maxOutput bounds what is kept of a program's output: more than any test makes.
const maxOutput = 32 << 20

// output collects what a program prints.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

var _ io.Writer = (*output)(nil)

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buffer.Len()+len(p) > maxOutput {
		return 0, errors.New("harness: a program printed too much")
	}
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
