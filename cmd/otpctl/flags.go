package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// durationFlag is a duration in Infobip's notation, kept as it was written.
type durationFlag struct {
	text  string
	value time.Duration
}

// Set implements pflag.Value.
func (f *durationFlag) Set(text string) error {
	value, err := rate.ParseDuration(text)
	if err != nil {
		return err
	}
	f.text, f.value = text, value
	return nil
}

func (f *durationFlag) String() string { return f.text }

// Type returns what the help calls the value.
func (f *durationFlag) Type() string { return "duration" }

// set is Set for a default, which is known to be good.
func (f *durationFlag) set(text string) {
	if err := f.Set(text); err != nil {
		panic(err)
	}
}

// rateFlag is a rate in Infobip's notation, kept as it was written.
type rateFlag struct {
	text  string
	value rate.Rate
}

// Set implements pflag.Value.
func (f *rateFlag) Set(text string) error {
	value, err := rate.Parse(text)
	if err != nil {
		return err
	}
	f.text, f.value = text, value
	return nil
}

func (f *rateFlag) String() string { return f.text }

// Type returns what the help calls the value.
func (f *rateFlag) Type() string { return "rate" }

// set is Set for a default, which is known to be good.
func (f *rateFlag) set(text string) {
	if err := f.Set(text); err != nil {
		panic(err)
	}
}

// noArguments is for commands that take flags only. pflag takes the false of
// "--enabled false" for an argument, which is easily read as a setting.
func noArguments(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case args[0] == "true" || args[0] == "false":
		return fmt.Errorf("unexpected argument %q: write it with an equals sign, such as --enabled=%s", args[0], args[0])
	}
	return fmt.Errorf("unexpected argument %q", args[0])
}
