package lambda

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// stamp is the modification time of the entry: the earliest one a zip can hold,
// which nobody takes for a real one.
var stamp = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Zip packs one executable as the only file, bootstrap, of a zip. The same executable gives
// the same bytes on every machine and day: the entry has a fixed time and mode and no field
// that depends on the host. The zip is a new file beside out that is renamed, so that a
// reader never meets half of one.
func Zip(out, bootstrap string) error {
	binary, err := os.ReadFile(bootstrap)
	if err != nil {
		return fmt.Errorf("reading the executable: %w", err)
	}
	var packed bytes.Buffer
	err = pack(&packed, binary)
	if err != nil {
		return fmt.Errorf("packing %s: %w", bootstrap, err)
	}
	part, err := os.CreateTemp(filepath.Dir(out), filepath.Base(out)+".part-*")
	if err != nil {
		return fmt.Errorf("creating the zip: %w", err)
	}
	defer os.Remove(part.Name())
	_, err = part.Write(packed.Bytes())
	if err != nil {
		return fmt.Errorf("writing the zip: %w", err)
	}
	err = part.Close()
	if err != nil {
		return fmt.Errorf("writing the zip: %w", err)
	}
	err = os.Chmod(part.Name(), 0o644)
	if err != nil {
		return fmt.Errorf("setting the mode of the zip: %w", err)
	}
	err = os.Rename(part.Name(), out)
	if err != nil {
		return fmt.Errorf("naming the zip: %w", err)
	}
	return nil
}

// pack writes the zip of one executable.
func pack(w io.Writer, binary []byte) error {
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: stamp}
	// Lambda runs the file as another user than its owner.
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return fmt.Errorf("adding the entry: %w", err)
	}
	_, err = entry.Write(binary)
	if err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	err = archive.Close()
	if err != nil {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}
