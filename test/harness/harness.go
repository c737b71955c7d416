// Package harness starts the real parts that the tests of this module run against:
// DynamoDB Local, moto's Secrets Manager, the compiled programs of the repository, and
// the Lambda functions under AWS's runtime interface emulator.
//
// A part that a whole test binary shares is started by the first test that asks for it,
// so a package whose tests use one hands its TestMain to Main. What is started here ends
// with the test, or with the test binary, by its own process group. A tool that is
// missing fails the test: run `make tools`.
package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Main runs a package's tests and then ends the parts that they shared.
func Main(m *testing.M) {
	shared.mu.Lock()
	shared.open = true
	shared.mu.Unlock()
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// shared is what the test binary has started for all its tests.
var shared sharedParts

type sharedParts struct {
	mu    sync.Mutex
	open  bool
	parts map[string]*part
	ends  []func() error
}

type part struct {
	once    sync.Once
	address string
	err     error
}

// address returns the address of a shared part, started on the first call.
func (s *sharedParts) address(tb testing.TB, name string, start func() (string, func() error, error)) string {
	tb.Helper()
	s.mu.Lock()
	if !s.open {
		s.mu.Unlock()
		tb.Fatalf("%s is shared by a package's tests: its TestMain must be harness.Main", name)
	}
	p := s.parts[name]
	if p == nil {
		if s.parts == nil {
			s.parts = map[string]*part{}
		}
		p = &part{}
		s.parts[name] = p
	}
	s.mu.Unlock()
	p.once.Do(func() {
		var end func() error
		p.address, end, p.err = start()
		if end != nil {
			s.mu.Lock()
			s.ends = append(s.ends, end)
			s.mu.Unlock()
		}
	})
	if p.err != nil {
		tb.Fatalf("starting %s: %v", name, p.err)
	}
	return p.address
}

// Shared returns the address of a part that all tests of a package share, of a kind that this
// package does not know: start runs on the first call, and what it returns beside the
// address ends it after the tests.
func Shared(tb testing.TB, name string, start func() (string, func() error, error)) string {
	tb.Helper()
	return shared.address(tb, name, start)
}

// close ends what was started, last first.
func (s *sharedParts) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	var first error
	for i := len(s.ends) - 1; i >= 0; i-- {
		if err := s.ends[i](); err != nil && first == nil {
			first = err
		}
	}
	s.ends = nil
	return first
}

// Root is the repository's folder.
func Root() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		panic("harness: a Go program does not know its own source file")
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// tool returns the path of something that `make tools` installs.
func tool(parts ...string) (string, error) {
	path := filepath.Join(append([]string{Root(), ".tools"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is missing: run `make tools`", filepath.Join(parts...))
	}
	return path, nil
}

// Tool returns the path of something that `make tools` installs, such as
// Tool(tb, "python", "bin", "sam").
func Tool(tb testing.TB, parts ...string) string {
	tb.Helper()
	path, err := tool(parts...)
	if err != nil {
		tb.Fatal(err)
	}
	return path
}
