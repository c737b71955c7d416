package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

// target is a stage in an account.
type target struct {
	account
	stage string
}

func (t target) stack() string { return props.StackName(t.stage) }

// place is where a stage was deployed to.
type place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// memory returns the file that remembers a stage's place on this machine. Git ignores it.
func memory(stage string) string { return filepath.Join(root, ".deploy", stage+".json") }

// remember notes where a stage is.
func remember(stage string, at place) error {
	text, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("writing down where the stage is: %w", err)
	}
	const mine, minesToRead = 0o700, 0o600
	err = os.MkdirAll(filepath.Dir(memory(stage)), mine)
	if err == nil {
		err = os.WriteFile(memory(stage), append(text, '\n'), minesToRead)
	}
	if err != nil {
		return fmt.Errorf("deployed, but where to could not be noted for the next time: %w", err)
	}
	return nil
}

// recall returns where a stage was deployed to from this machine, and whether it was.
func recall(stage string) (place, bool, error) {
	text, err := os.ReadFile(memory(stage))
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, false, nil
	}
	var last place
	if err == nil {
		err = json.Unmarshal(text, &last)
	}
	if err != nil {
		return place{}, false, fmt.Errorf("reading where the stage was deployed to: %w", err)
	}
	return last, true, nil
}

// forget is for a stage that is no more.
func forget(stage string) error {
	err := os.Remove(memory(stage))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting where the stage was: %w", err)
	}
	return nil
}

// pinForm looks at the form of the pin, which needs no credentials.
func (f *findings) pinForm(pinned string) {
	if pinned != "" && !accountForm.MatchString(pinned) {
		f.stop(props.AccountVariable + " must be the twelve digits of an AWS account")
	}
}

// rightAccount checks that this is the account that is pinned, and the place where the stage
// was the last time. A pin that fits answers the second question for the account.
func (f *findings) rightAccount(t target, pinned string) {
	switch {
	case pinned == "", !accountForm.MatchString(pinned): // of which pinForm has spoken
	case pinned != t.id:
		f.stop(fmt.Sprintf("these credentials are of the account %s, and %s says %s: sign in there", t.id, props.AccountVariable, pinned))
		return
	}
	last, known, err := recall(t.stage)
	here := place{Account: t.id, Region: t.region()}
	there := last == here || pinned == t.id && last.Region == here.Region
	switch {
	case err != nil:
		f.stop(err.Error(), "rm "+shownMemory(t.stage))
	case known && !there:
		f.stop(fmt.Sprintf("the %s stage was deployed to account %s in %s the last time, and this would be account %s in %s; if it is meant:",
			t.stage, last.Account, last.Region, here.Account, here.Region), "rm "+shownMemory(t.stage))
	}
}

// shownMemory returns the file as an operator in the repository's root names it.
func shownMemory(stage string) string { return filepath.Join(".deploy", stage+".json") }
