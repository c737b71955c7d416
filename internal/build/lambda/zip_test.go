package lambda

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestZipHoldsOneRunnableBootstrap(t *testing.T) {
	binary := bytes.Repeat([]byte("not much of a program\n"), 4096)
	out := zipOf(t, binary, time.Now())

	archive, err := zip.OpenReader(out)
	if err != nil {
		t.Fatalf("opening the zip: %v", err)
	}
	defer archive.Close()
	if len(archive.File) != 1 {
		t.Fatalf("entries = %d, want 1", len(archive.File))
	}
	entry := archive.File[0]
	if entry.Name != "bootstrap" {
		t.Errorf("entry name = %q, want bootstrap", entry.Name)
	}
	if entry.Mode() != 0o755 {
		t.Errorf("entry mode = %v, want -rwxr-xr-x", entry.Mode())
	}
	content, err := entry.Open()
	if err != nil {
		t.Fatalf("opening the entry: %v", err)
	}
	got, err := io.ReadAll(content)
	if err != nil {
		t.Fatalf("reading the entry: %v", err)
	}
	if !bytes.Equal(got, binary) {
		t.Error("the entry is not the executable that was packed")
	}
}

func TestZipDependsOnTheExecutableAlone(t *testing.T) {
	binary := []byte("the same program")
	first := read(t, zipOf(t, binary, time.Now()))
	later := read(t, zipOf(t, binary, time.Date(2001, 2, 3, 4, 5, 6, 0, time.Local)))
	if !bytes.Equal(first, later) {
		t.Error("two zips of one executable, in two folders and of two ages, differ")
	}
	other := read(t, zipOf(t, []byte("another program!"), time.Now()))
	if bytes.Equal(first, other) {
		t.Error("zips of two executables are the same")
	}
}

// zipOf packs a file with the given content and age from a folder of its own.
func zipOf(t *testing.T, binary []byte, modified time.Time) string {
	t.Helper()
	folder := t.TempDir()
	bootstrap := filepath.Join(folder, "built")
	err := os.WriteFile(bootstrap, binary, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	err = os.Chtimes(bootstrap, modified, modified)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "out.zip")
	err = Zip(out, bootstrap)
	if err != nil {
		t.Fatalf("Zip: %v", err)
	}
	return out
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
