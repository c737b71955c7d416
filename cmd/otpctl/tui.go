package main

// This file is otpctl's user interface. The rules are:
//
//   - Standard output has only the result that was asked for, such as environment
//     lines or a report. A command that fails writes nothing there; that
//     something is wrong with a deployment is what doctor was asked for.
//   - Everything else goes to standard error behind "otpctl:", without a capital
//     at its beginning or a full stop at its end.
//   - An error says what is wrong, and a hint says what to do next.
//   - What takes longer than a second is said on the way.
//   - What a terminal obeys is not written, in whatever words it stands: providers, AWS and
//     files are strangers to it.
//   - A secret is read without echo and is never printed, but for one that was made
//     here and is the result. A phone number may show while it is typed, so that a slip
//     is seen, and is never printed either.

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"
	"unicode"

	"golang.org/x/term"
)

type tui struct {
	in  io.Reader
	out io.Writer
	err io.Writer

	waiting atomic.Bool // somebody says what is being waited for
}

// say writes a line for a person.
func (t *tui) say(format string, args ...any) {
	fmt.Fprintf(t.err, "otpctl: %s\n", harmless(fmt.Sprintf(format, args...)))
}

// warn writes a line for a person who is about to regret something.
func (t *tui) warn(format string, args ...any) { t.say("warning: "+format, args...) }

// emit writes a line for a program.
func (t *tui) emit(format string, args ...any) {
	fmt.Fprintln(t.out, harmless(fmt.Sprintf(format, args...)))
}

// harmless has no character that a terminal obeys.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return '·'
		}
		return r
	}, text)
}

// slow is what a person waits for without a word.
const slow = time.Second

// during says what is being done once it takes longer than a second, and again from time to
// time. The caller calls what it returns when that is over, before anything else is written.
// Of what is done within something else nothing is said.
func (t *tui) during(what string) func() {
	const again = 10 * time.Second
	if !t.waiting.CompareAndSwap(false, true) {
		return func() {}
	}
	over := make(chan struct{})
	var writer sync.WaitGroup
	began := time.Now()
	writer.Go(func() {
		timer := time.NewTimer(slow)
		defer timer.Stop()
		for {
			select {
			case <-over:
				return
			case <-timer.C:
			}
			if waited := time.Since(began).Truncate(time.Second); waited > slow {
				t.say("still %s (%s)", what, span(waited))
			} else {
				t.say("%s …", what)
			}
			timer.Reset(again)
		}
	})
	return func() {
		close(over)
		writer.Wait()
		t.waiting.Store(false)
	}
}

// emitJSON writes a report for a program.
func (t *tui) emitJSON(report any) error {
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fails(fmt.Errorf("writing the report: %w", err))
	}
	t.emit("%s", text)
	return nil
}

// table writes a table of names and what stands behind them.
func (t *tui) table(lines func(line func(name, format string, args ...any))) error {
	out := &strings.Builder{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	lines(func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t"+format+"\n", append([]any{name}, args...)...)
	})
	_ = table.Flush() // into memory
	for l := range strings.Lines(out.String()) {
		if _, err := io.WriteString(t.out, harmless(strings.TrimRight(l, " \n"))+"\n"); err != nil {
			return fails(fmt.Errorf("writing the report: %w", err))
		}
	}
	return nil
}

// fail writes an error, line by line, and its hints.
func (t *tui) fail(err error) {
	for line := range strings.Lines(err.Error()) {
		t.say("error: %s", strings.TrimSpace(line))
	}
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		t.say("hint: otpctl help, or --help behind a command, shows what there is")
		return
	}
	for _, hint := range failed.hints {
		t.say("hint: %s", hint)
	}
}

// failure is an error of a command, with what to do about it.
type failure struct {
	err   error
	hints []string
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// fails makes a failure of an error and its hints.
func fails(err error, hints ...string) error { return &failure{err, hints} }

// maxSecret is far above any key, and any other answer.
const maxSecret = 4096

// readSecret reads one line without showing it: from a prompt if standard input is
// a terminal, else from standard input as it is.
func (t *tui) readSecret(what string) (string, error) {
	if terminal, ok := t.terminal(); ok {
		return t.promptSecret(what, terminal)
	}
	line, err := bufio.NewReader(io.LimitReader(t.in, maxSecret)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading %s from standard input: %w", what, err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (t *tui) promptSecret(what string, terminal int) (string, error) {
	asked, err := t.ask(terminal)
	if err != nil {
		return "", fmt.Errorf("asking for %s: %w", what, err)
	}
	defer asked()
	fmt.Fprintf(t.err, "otpctl: %s (not shown): ", what)
	secret, err := term.ReadPassword(terminal)
	fmt.Fprintln(t.err)
	if err != nil {
		return "", fmt.Errorf("asking for %s: %w", what, err)
	}
	return string(secret), nil
}

// ask prepares for a question, and returns what to call after it. A read from a terminal
// cannot be called off, so a signal has to end the process here, with the echo on again.
func (t *tui) ask(terminal int) (func(), error) {
	shown, err := term.GetState(terminal)
	if err != nil {
		return nil, err
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-interrupts:
			_ = term.Restore(terminal, shown)
			fmt.Fprintln(t.err)
			os.Exit(exitFailed)
		case <-done:
		}
	}()
	return func() {
		signal.Stop(interrupts)
		close(done)
	}, nil
}

// readLine reads one line that may show: from a prompt if standard input is a
// terminal, else from standard input as it is. What follows the line stays there for
// the next question.
func (t *tui) readLine(what string) (string, error) {
	if terminal, ok := t.terminal(); ok {
		asked, err := t.ask(terminal)
		if err != nil {
			return "", fmt.Errorf("asking for %s: %w", what, err)
		}
		defer asked()
		fmt.Fprintf(t.err, "otpctl: %s: ", what)
	}
	var line []byte
	for one := make([]byte, 1); len(line) < maxSecret; {
		n, err := t.in.Read(one)
		if n == 1 && one[0] == '\n' {
			break
		}
		line = append(line, one[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", fmt.Errorf("reading %s from standard input: %w", what, err)
		}
	}
	return strings.TrimSpace(string(line)), nil
}

// terminal returns standard input's descriptor if a person can be asked there.
func (t *tui) terminal() (int, bool) {
	file, isFile := t.in.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	return int(file.Fd()), true
}
