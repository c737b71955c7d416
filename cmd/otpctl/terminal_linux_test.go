package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a pseudo-terminal: what a person's window
// holds, and what a program has as its standard input.
func openTerminal(t *testing.T) (*os.File, *os.File) {
	t.Helper()
	window, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { window.Close() })
	err = unix.IoctlSetPointerInt(int(window.Fd()), unix.TIOCSPTLCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(window.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return window, terminal
}

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return settings.Lflag&unix.ECHO != 0
}

// What is typed at the prompt does not show, and what is typed after it does.
func TestPromptDoesNotEcho(t *testing.T) {
	window, terminal := openTerminal(t)
	var stderr bytes.Buffer
	ui := &tui{in: terminal, out: io.Discard, err: &stderr}
	type answer struct {
		key string
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		key, err := ui.readSecret("Infobip API key")
		answered <- answer{key, err}
	}()
	for start := time.Now(); echoes(t, terminal); time.Sleep(time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			t.Fatal("the echo stays on")
		}
	}
	_, err := io.WriteString(window, "right-key\n")
	if err != nil {
		t.Fatal(err)
	}
	got := <-answered
	if got.err != nil || got.key != "right-key" {
		t.Fatalf("got %q, %v, want right-key", got.key, got.err)
	}
	if !echoes(t, terminal) {
		t.Error("the echo stays off")
	}
	_, err = io.WriteString(window, "seen\n")
	if err != nil {
		t.Fatal(err)
	}
	shown := make([]byte, 1024)
	n, err := window.Read(shown)
	for err == nil && !bytes.Contains(shown[:n], []byte("seen")) {
		var more int
		more, err = window.Read(shown[n:])
		n += more
	}
	if err != nil || strings.Contains(string(shown[:n])+stderr.String(), "right-key") {
		t.Errorf("the terminal shows %q and standard error %q, %v", shown[:n], stderr.String(), err)
	}
}

// asked answers in a terminal, once the program has asked, and returns what it said.
func asked(t *testing.T, answer string, ask func(*tui) error) (string, error) {
	t.Helper()
	window, terminal := openTerminal(t)
	defer time.AfterFunc(time.Minute, func() { window.Close() }).Stop() // which ends the read
	reading, writing := io.Pipe()
	ui := &tui{in: terminal, out: io.Discard, err: writing}
	result := make(chan error, 1)
	go func() {
		result <- ask(ui)
		writing.Close()
	}()
	var said bytes.Buffer
	for buffer, answered := make([]byte, 1024), false; ; {
		n, err := reading.Read(buffer)
		said.Write(buffer[:n])
		if !answered && strings.HasSuffix(said.String(), ": ") {
			answered = true
			if _, err := io.WriteString(window, answer+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			return said.String(), <-result
		}
	}
}

func TestResetAsksInATerminal(t *testing.T) {
	for answer, forgets := range map[string]bool{"yes": true, "y": true, "no": false, "": false, "YES!": false} {
		s, busy := opened(t, attacked())
		said, err := asked(t, answer, func(ui *tui) error { return (&number{ui: ui}).reset(t.Context(), s) })
		if !strings.Contains(said, "otpctl: table otp: disabled since 2026-11-24T11:59:00Z, 2 sends, 50 failures in a row, 3 verifications (") ||
			!strings.Contains(said, "otpctl: forget all this? (yes or no): ") {
			t.Errorf("%q: it asked %q", answer, said)
		}
		if got := busy.saves == 1; got != forgets || got != (err == nil) || got != strings.Contains(said, "otpctl: forgotten: ") {
			t.Errorf("%q: %d saves, %v, %q", answer, busy.saves, err, said)
		}
	}
}

func TestNumberIsAskedForInATerminal(t *testing.T) {
	for _, args := range [][]string{nil, {"-"}} {
		var got string
		said, err := asked(t, " +447400123456 ", func(ui *tui) error {
			who, err := (&number{ui: ui}).whose(args)
			got = who.Canonical()
			return err
		})
		if err != nil || got != "+447400123456" || said != "otpctl: phone number or e-mail address: " {
			t.Errorf("%q: got %q, %v, it said %q", args, got, err, said)
		}
	}
}
