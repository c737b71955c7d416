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
	if err != nil {
		return fmt.Errorf("reading the settings that %s names: %w", FileVariable, err)
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
