package props

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// FileVariable names the file of a deployment's settings, from the repository's root; without it
// deploy.env is read if there is one.
const FileVariable = "DEPLOY_ENV"

const defaultFile = "deploy.env"

// AccountVariable pins the account of a deployment. It shapes no template, so that it is no setting
// of the table.
const AccountVariable = "DEPLOY_ACCOUNT"

// LoadFile puts the settings of the file into the process environment, where they are not set
// already: AWS_PROFILE and AWS_REGION may stand there too. root is the repository's root. It returns
// what an operator should know of names in the file that are no settings, such as misspelt ones.
func LoadFile(root string) ([]string, error) {
	shown := os.Getenv(FileVariable)
	named := shown != ""
	if !named {
		shown = defaultFile
	}
	path := shown
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	file, err := godotenv.Read(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if _, closed := errors.AsType[*fs.PathError](err); closed {
		return nil, fmt.Errorf("reading the settings, %s or the file that %s names: %w", defaultFile, FileVariable, err)
	}
	if err != nil {
		// The parser's own text quotes the line, which may hold a key.
		return nil, fmt.Errorf("%s cannot be read: it has one NAME=value a line", path)
	}
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if s, _ := settings.Lookup(name); !s.Deployable() && name != AccountVariable && !strings.HasPrefix(name, "AWS_") {
			notes = append(notes, fmt.Sprintf("%s sets %s, which is no setting of a deployment (README has the table)", shown, name))
		}
		if os.Getenv(name) != "" {
			continue
		}
		err = os.Setenv(name, file[name])
		if err != nil {
			return nil, fmt.Errorf("setting %s from %s: %w", name, path, err)
		}
	}
	return notes, nil
}
