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
	switch refused, unreadable := errors.AsType[*fs.PathError](err); {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return nil, nil
	case unreadable:
		return nil, fmt.Errorf("reading the settings of a deployment (%s names the file): %w", FileVariable, refused)
	case err != nil:
		// The parser's own text quotes the rest of the file, which may hold a key.
		return nil, fmt.Errorf("%s cannot be read: write one NAME=value a line (%s names another file)", shown, FileVariable)
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
			return nil, fmt.Errorf("setting %s from %s: %w", name, shown, err)
		}
	}
	return notes, nil
}
