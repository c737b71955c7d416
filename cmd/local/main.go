// Command local is `make run`: the very handlers of the Lambda functions behind a
// gateway on this machine, with an Infobip simulator beside it. It needs no account.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv, ".env", os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "local: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}
