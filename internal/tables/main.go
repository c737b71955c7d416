// Command tables writes the tables of settings (pkg/settings), metrics (pkg/telemetry),
// refusals (pkg/httpapi), languages (messages.yaml) and cost (internal/cost) into the documents
// and into template.yaml, between the lines that mark their places.
// Call it with the repository's root, or by go generate ./pkg/settings.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: tables ROOT")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "tables: %v\n", err)
		os.Exit(1)
	}
}

// write brings every file up to date.
func write(root string) error {
	all, err := files(root)
	if err != nil {
		return err
	}
	for _, f := range all {
		path := filepath.Join(root, f.name)
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading a file that has tables: %w", err)
		}
		filled, err := f.fill(string(text))
		if err != nil {
			return err
		}
		if filled == string(text) {
			continue
		}
		err = os.WriteFile(path, []byte(filled), 0o644)
		if err != nil {
			return fmt.Errorf("writing a file that has tables: %w", err)
		}
	}
	return nil
}
