// Command synth writes the example's template into cdk.out, or where the CDK's command
// line says. It takes PROOF_ISSUER and PROOF_AUDIENCE, as the service has them, from the
// environment, and the function from dist/: cdk.json builds that first.
package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/examples/protected-route/stack"
)

func main() {
	issuer := os.Getenv("PROOF_ISSUER")
	if issuer == "" {
		fmt.Fprintln(os.Stderr, "PROOF_ISSUER must be the address of the service, such as https://otp.example.com")
		os.Exit(1)
	}
	defer jsii.Close()
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(cmp.Or(os.Getenv("CDK_OUTDIR"), "cdk.out"))})
	stack.New(app, "protected-route", stack.Props{
		Issuer:   issuer,
		Audience: cmp.Or(os.Getenv("PROOF_AUDIENCE"), issuer),
		Function: "dist",
	})
	app.Synth(nil)
}
