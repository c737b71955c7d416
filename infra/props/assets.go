package props

import (
	"archive/zip"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/seed-a131a524/infobip-otp/internal/build/lambda"
)

// Functions are the zips that AssetsDir holds.
var Functions = lambda.Functions()

// architectures has what each of Lambda's architectures is called by others.
var architectures = map[string]struct {
	goarch  string
	machine elf.Machine
}{
	"arm64":  {"arm64", elf.EM_AARCH64},
	"x86_64": {"amd64", elf.EM_X86_64},
}

// GOARCH is what Go calls the architecture of the functions.
func (p Props) GOARCH() string { return architectures[p.Architecture].goarch }

// assetFaults looks into the zips: a template without them would only fail while it is deployed,
// one with those of another architecture at the first request.
func (p Props) assetFaults() []error {
	if p.AssetsDir == "" {
		return nil
	}
	wanted, known := architectures[p.Architecture]
	for _, name := range Functions {
		machine, err := machineOf(filepath.Join(p.AssetsDir, name+".zip"))
		switch {
		case err != nil:
			return []error{fmt.Errorf("AssetsDir has no %s.zip that Lambda could run (%w): run `make build` first", name, err)}
		case known && machine != wanted.machine:
			return []error{fmt.Errorf("ARCHITECTURE must be what %s.zip in AssetsDir is built for (%v), or `make build GOARCH=%s` has to be run first", name, machine, wanted.goarch)}
		}
	}
	return nil
}

// machineOf reads what the executable in a zip of Lambda's is built for, from the head of its
// ELF file.
func machineOf(path string) (elf.Machine, error) {
	const headSize, machineOffset = 20, 18
	archive, err := zip.OpenReader(path)
	if err != nil {
		return 0, err
	}
	defer archive.Close()
	bootstrap, err := archive.Open("bootstrap")
	if err != nil {
		return 0, err
	}
	defer bootstrap.Close()
	head := make([]byte, headSize)
	_, err = io.ReadFull(bootstrap, head)
	if err != nil || string(head[:len(elf.ELFMAG)]) != elf.ELFMAG {
		return 0, errors.New("its bootstrap is no program for Linux")
	}
	return elf.Machine(binary.LittleEndian.Uint16(head[machineOffset:])), nil
}
