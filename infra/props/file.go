package props

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/joho/godotenv"
)

// FileVariable names the file of a deployment's settings, from the repository's root; without it
// deploy.env is read if there is one.
const FileVariable = "DEPLOY_ENV"

const defaultFile = "deploy.env"

// LoadFile puts the settings of the file into the process environment, where they are not set
// already: AWS_PROFILE and AWS_REGION may stand there too. root is the repository's root.
func LoadFile(root string) error {
	path := os.Getenv(FileVariable)
	named := path != ""
	if !named {
		path = defaultFile
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	file, err := godotenv.Read(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if _, closed := errors.AsType[*fs.PathError](err); closed {
		return fmt.Errorf("reading the settings, %s or the file that %s names: %w", defaultFile, FileVariable, err)
	}
	if err != nil {
		// The parser's own text quotes the line, which may hold a key.
		return fmt.Errorf("%s cannot be read: it has one NAME=value a line", path)
	}
	for name, value := range file {
		if os.Getenv(name) != "" {
			continue
		}
		err = os.Setenv(name, value)
		if err != nil {
			return fmt.Errorf("setting %s from %s: %w", name, path, err)
		}
	}
	return nil
}
