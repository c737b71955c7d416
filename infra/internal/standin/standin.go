// Package standin writes zips that stand in for the built functions, for tests to which it does
// not matter what a function does. They say that they are programs for arm64, and nothing runs
// them.
package standin

import (
	"archive/zip"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// Write puts a zip for each function into dir, each with another bootstrap.
func Write(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return fmt.Errorf("making a folder for stand-ins: %w", err)
	}
	for _, function := range props.Functions {
		err := write(filepath.Join(dir, function+".zip"), head(elf.EM_AARCH64)+"stand-in for "+function+"\n")
		if err != nil {
			return fmt.Errorf("writing a stand-in for %s: %w", function, err)
		}
	}
	return nil
}

// head begins a program for Linux, as far as anybody looks.
func head(machine elf.Machine) string {
	const machineOffset = 18
	head := append([]byte(elf.ELFMAG), make([]byte, machineOffset-len(elf.ELFMAG))...)
	return string(binary.LittleEndian.AppendUint16(head, uint16(machine)))
}

func write(path, content string) error {
	file, err := os.Create(filepath.Clean(path))
	if err != nil {
		return err
	}
	archive := zip.NewWriter(file)
	bootstrap, err := archive.Create("bootstrap")
	if err == nil {
		_, err = bootstrap.Write([]byte(content))
	}
	return errors.Join(err, archive.Close(), file.Close())
}
