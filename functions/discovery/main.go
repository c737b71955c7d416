// Command discovery is the Lambda function behind GET /, the published documents and every
// unknown route.
package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-a131a524/infobip-otp/pkg/app/metrics"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

type clock struct{}

func (clock) Now() time.Time { return time.Now() }

func main() {
	logger := telemetry.NewLogger(os.Stdout, os.Getenv("AWS_LAMBDA_LOG_LEVEL"))
	keys, err := proofs.Discovery(os.Getenv, clock{}, logger)
	emitter, fault := metrics.Emitter(os.Getenv)
	if err := errors.Join(err, fault); err != nil {
		logger.Error("configuration", slog.String("cause", strings.ReplaceAll(err.Error(), "\n", "; ")))
		os.Exit(1)
	}
	lambda.Start(httpapi.NewDiscovery(logger, keys).Emitting(emitter).Handle)
}
