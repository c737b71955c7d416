// Command synth writes the CloudFormation template of a deployment into cdk.out, or where the
// CDK's command line says (CDK_OUTDIR). The settings come from the environment and deploy.env,
// as docs/deploy.md lists them; it runs in infra/.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// root is the repository's root, seen from infra/.
const root = ".."

func main() {
	err := run(os.Stderr)
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(notes io.Writer) error {
	unknown, err := props.LoadFile(root)
	if err != nil {
		return err
	}
	p, err := props.FromEnvironment(os.Getenv, os.Getenv("ASSETS_DIR"))
	// The region is what the CDK's command line deploys to.
	faults := errors.Join(p.Faults(err), p.CheckRegion(os.Getenv("CDK_DEFAULT_REGION")))
	told := unknown
	if faults == nil {
		told = append(told, p.Notes()...)
	}
	for _, note := range told {
		_, err = fmt.Fprintln(notes, "note: "+note)
		if err != nil {
			return fmt.Errorf("writing a note: %w", err)
		}
	}
	if faults != nil {
		return faults
	}
	_, err = exec.LookPath("node")
	if err != nil {
		return errors.New("no template was written, because node is missing, on which the CDK runs: install Node.js 22 or later")
	}
	app := infra.NewApp(cmp.Or(os.Getenv("CDK_OUTDIR"), "cdk.out"))
	_, _, err = infra.NewStack(app, p)
	if err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}
