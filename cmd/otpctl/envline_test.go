package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joho/godotenv"
)

// Whatever a sender may hold reads the same from a .env file and in a shell, wherever it stands.
func TestLinesReadAlike(t *testing.T) {
	const special = "!#$%&'()*+-./:;<>?@_ "
	var values []string
	for _, a := range special {
		for _, b := range special {
			values = append(values, strings.TrimSpace("US="+string(a)+"n"+string(b)))
		}
	}
	var file, script strings.Builder
	for i, value := range values {
		fmt.Fprintf(&file, "%s\n", line{fmt.Sprintf("V%d", i), value})
		fmt.Fprintf(&script, "printf '%%s\\n' \"$V%d\"\n", i)
	}
	fromFile, err := godotenv.Unmarshal(file.String())
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(name, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `. "$1"`+"\n"+script.String(), "sh", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	inShell := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(inShell) != len(values) {
		t.Fatalf("a shell reads %d lines of %d", len(inShell), len(values))
	}
	for i, want := range values {
		if got := fromFile[fmt.Sprintf("V%d", i)]; got != want || inShell[i] != want {
			t.Errorf("%q reads %q from a .env file, and %q in a shell", want, got, inShell[i])
		}
	}
}
