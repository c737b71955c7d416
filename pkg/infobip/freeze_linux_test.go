package infobip

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// frozenChild makes this test program a client that another process stops and
// continues.
const frozenChild = "INFOBIP_TEST_FROZEN_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(frozenChild) != "" {
		err := serveCalls(os.Stdin, os.Stdout)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveCalls makes the call that each line of in names, and writes what came of it.
// The first line is the provider's address.
func serveCalls(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Scan()
	client, err := New(testConfig(lines.Text()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for lines.Scan() {
		result := "done"
		err = nil
		switch lines.Text() {
		case "warm":
			err = client.Warm(ctx)
		case "send":
			_, err = client.Send(ctx, testRecipient, otp.SMS, otp.Message{})
		case "resend":
			_, err = client.Resend(ctx, testPinID, otp.SMS)
		case "verify":
			var verdict otp.Verdict
			verdict, err = client.Verify(ctx, testPinID, testRecipient, testPIN)
			result = verdict.String()
		}
		if err != nil {
			result = err.Error()
		}
		fmt.Fprintln(out, result)
	}
	return lines.Err()
}

// frozen is a client in a process of its own.
type frozen struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func newFrozen(t *testing.T, url string) *frozen {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), frozenChild+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &frozen{t: t, cmd: cmd, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT) // or it does not see the end of its input
		in.Close()
		_ = cmd.Wait()
	})
	f.ask(url)
	return f
}

// ask has the process make a call, now or as soon as it goes on.
func (f *frozen) ask(call string) {
	f.t.Helper()
	if _, err := io.WriteString(f.in, call+"\n"); err != nil {
		f.t.Fatal(err)
	}
}

func (f *frozen) answer() string {
	f.t.Helper()
	line, err := f.out.ReadString('\n')
	if err != nil {
		f.t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// stop stops the process and waits until it stands.
func (f *frozen) stop() {
	f.t.Helper()
	if err := f.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		f.t.Fatal(err)
	}
	for range 30_000 {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(f.cmd.Process.Pid) + "/stat")
		if err != nil {
			f.t.Fatal(err)
		}
		_, state, _ := strings.Cut(string(stat), ") ")
		if strings.HasPrefix(state, "T") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	f.t.Fatal("the process does not stop")
}

func (f *frozen) goOn() {
	f.t.Helper()
	if err := f.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		f.t.Fatal(err)
	}
}

// A process that was stopped while the provider closed its connections, as Lambda's
// are, sends what it sends: no send is lost on a connection that nobody listens to.
func TestFrozenProcessLosesNoSend(t *testing.T) {
	for _, call := range []string{"send", "resend"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			var sends atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := `{"pinId":"A"}`
				switch {
				case strings.HasSuffix(r.URL.Path, "/verify"):
					body = verified
				case r.Method == http.MethodPost:
					sends.Add(1)
				}
				says(http.StatusOK, body)(w, r)
			}))
			t.Cleanup(s.Close)
			f := newFrozen(t, s.URL)
			f.ask("warm")
			if got := f.answer(); got != "done" {
				t.Fatalf("warm-up: %s", got)
			}
			lost, calls := 0, 0
			for _, pause := range []time.Duration{time.Second, 0, 20 * time.Millisecond, 0, 50 * time.Millisecond, 0, 0, 20 * time.Millisecond, 0, 0, 0} {
				// Both leave a connection, if any call does.
				f.ask("verify")
				if got := f.answer(); got != "verified" {
					t.Fatalf("verify: %s", got)
				}
				f.ask(call)
				f.answer()
				f.stop()
				s.CloseClientConnections()
				f.ask(call)
				time.Sleep(pause)
				f.goOn()
				if got := f.answer(); got != "done" {
					lost++
					t.Logf("after a stop of %v: %s", pause, got)
				}
				calls += 2
			}
			if lost != 0 || int(sends.Load()) != calls {
				t.Errorf("%d of %d calls after a stop were lost; the provider saw %d calls, want %d", lost, calls/2, sends.Load(), calls)
			}
		})
	}
}
