package messages

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// TestFaults: each fault of a file, and no other, in the file's order.
func TestFaults(t *testing.T) {
	for _, s := range specimens {
		t.Run(s.name, func(t *testing.T) {
			_, faults := Parse([]byte(s.text), Options{})
			var got []string
			for _, f := range faults {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(s.faults, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err := faults.Err(); (err != nil) != (len(got) > 0) || err != nil && err.Error() != strings.Join(got, "\n") {
				t.Errorf("as an error they are %v", err)
			}
		})
	}
}

// told checks that the functions take what provision makes of a file, with ids as long as Infobip's.
func told(t *testing.T, file *File) {
	t.Helper()
	list := catalog.List{}
	for i, m := range file.Messages {
		if !m.ForSimulator() {
			entry := file.Entry(m)
			entry.ID = fmt.Sprintf("9C817C6F8AF3D48F9FE553282AFA%04X", i)
			list = append(list, entry)
		}
	}
	if again, err := catalog.Parse(list.String()); len(list) > 0 && (err != nil || again.String() != list.String()) {
		t.Errorf("the list is read as %q, %v, want %q", again, err, list)
	}
	if again, err := catalog.ParseEnding(file.Ending().String()); !file.Ending().IsZero() && (err != nil || again != file.Ending()) {
		t.Errorf("the ending is read as %q, %v, want %q", again, err, file.Ending())
	}
	if again, err := catalog.ParseSenders(file.Senders.String()); len(file.Senders) > 0 && (err != nil || !slices.Equal(again, file.Senders)) {
		t.Errorf("the senders are read as %q, %v, want %q", again, err, file.Senders)
	}
}

// TestFunctionsTakeIt: what lint finds no fault in, a function starts with.
func TestFunctionsTakeIt(t *testing.T) {
	for _, o := range []Options{{}, {PINLength: 4, WebOTP: "localhost"}} {
		good := 0
		for _, s := range specimens {
			file, faults := Parse([]byte(s.text), o)
			if len(faults) > 0 {
				continue
			}
			good++
			t.Run(s.name, func(t *testing.T) { told(t, file) })
		}
		if good < 10 {
			t.Errorf("%d specimens are good", good)
		}
	}
}

// TestWhatIsTooLong is refused before it is read, and what has many faults is told some.
func TestWhatIsTooLong(t *testing.T) {
	padding := strings.Repeat("#\n", (MaxSize-len(good))/2)
	whole := good + padding + strings.Repeat("#", MaxSize-len(good)-len(padding))
	if _, faults := Parse([]byte(whole), Options{}); len(faults) > 0 {
		t.Errorf("%d bytes: %v", len(whole), faults)
	}
	_, faults := Parse([]byte(whole+"#"), Options{})
	if got := fmt.Sprint(faults); got != "[1:1: the file has more than the 262144 bytes that are read]" {
		t.Errorf("%d bytes: %s", len(whole)+1, got)
	}
	_, faults = Parse([]byte(strings.Repeat("\tx\n", 1000)), Options{})
	if len(faults) != mostFaults || faults[0].Line != 1 {
		t.Errorf("%d faults from line %d on, want the first %d", len(faults), faults[0].Line, mostFaults)
	}
}

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "messages.yaml")
	if _, err := ReadFile(name); err == nil || !strings.HasPrefix(err.Error(), "reading the messages: ") {
		t.Errorf("of a file that is not there: %v", err)
	}
	if _, err := ReadFile(filepath.Dir(name)); err == nil {
		t.Error("a folder is read")
	}
	if err := os.WriteFile(name, []byte(strings.Repeat("#", MaxSize+100)), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := ReadFile(name)
	if err != nil || len(data) != MaxSize+1 {
		t.Errorf("%d bytes of a long file, %v, want %d", len(data), err, MaxSize+1)
	}
}

// FuzzParse: whatever a file holds, it is read or refused; each fault has a place and a
// sentence in one line; and what has no fault can be provisioned.
func FuzzParse(f *testing.F) {
	for _, s := range specimens {
		f.Add([]byte(s.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, faults := Parse(data, Options{WebOTP: "localhost"})
		lines := strings.Count(string(data), "\n") + 1
		for _, fault := range faults {
			if fault.Line < 1 || fault.Line > lines || fault.Column < 1 || fault.Sentence == "" || strings.ContainsFunc(fault.Sentence, func(r rune) bool { return r == '\n' || isControl(r) }) {
				t.Errorf("a fault is %+v, of %d lines", fault, lines)
			}
		}
		if len(faults) > 0 {
			return
		}
		told(t, file)
		for _, channel := range []otp.Channel{otp.SMS, otp.Voice, otp.Email} {
			messages := file.Of(channel)
			isDefault := func(m Message) bool { return m.Locale == file.Default }
			if len(messages) > 0 && !slices.ContainsFunc(messages, isDefault) {
				t.Errorf("no message by %s is in the default locale", channel)
			}
		}
		for _, m := range file.Messages {
			if m.Channel == otp.SMS && !file.Ending().IsZero() && m.Size(pin).Segments > 1 {
				t.Errorf("an SMS with a last line takes %+v", m.Size(pin))
			}
			if m.Channel == otp.Voice && m.Template.Language == "" {
				t.Errorf("nobody speaks %s", m.Locale)
			}
			if strings.Contains(m.Delivered(pin), "{{") {
				t.Errorf("a person reads %q", m.Delivered(pin))
			}
		}
	})
}
