package deploytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// Where moto believes to be.
const (
	region    = "eu-central-1"
	accountID = "123456789012"
)

// emulator is a running moto server.
type emulator struct {
	endpoint string
	process  *exec.Cmd
	output   *bytes.Buffer
	ended    chan struct{} // closed when the process is gone
	exit     error         // of the process, once ended
}

// startEmulator starts moto on a free port of loopback and waits until it answers.
func startEmulator(ctx context.Context, root string) (*emulator, error) {
	path := filepath.Join(root, ".tools", "python", "bin", "moto_server")
	_, err := os.Stat(path)
	if err != nil {
		return nil, errors.New("moto_server is missing: run `make tools`")
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for a free port: %w", err)
	}
	e := &emulator{
		endpoint: "http://127.0.0.1:" + strconv.Itoa(port),
		process: exec.Command(path, //nolint:noctx // a tool of ours; stop ends it
			"--host", "127.0.0.1", "--port", strconv.Itoa(port)),
		output: &bytes.Buffer{},
		ended:  make(chan struct{}),
	}
	e.process.Stdout, e.process.Stderr = e.output, e.output
	err = e.process.Start()
	if err != nil {
		return nil, fmt.Errorf("starting moto: %w", err)
	}
	go func() {
		e.exit = e.process.Wait()
		close(e.ended)
	}()
	err = e.ready(ctx)
	if err != nil {
		return nil, errors.Join(err, e.stop())
	}
	return e, nil
}

func freePort(ctx context.Context) (int, error) {
	var configuration net.ListenConfig
	listener, err := configuration.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

func (e *emulator) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.endpoint+"/moto-api/", nil)
		if err != nil {
			return fmt.Errorf("asking moto whether it is there: %w", err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			return answer.Body.Close()
		}
		select {
		case <-e.ended:
			return fmt.Errorf("moto ended at once: %w\n%s", e.exit, e.output)
		case <-ctx.Done():
			return errors.New("moto does not answer")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the process that startEmulator started.
func (e *emulator) stop() error {
	err := e.process.Process.Kill()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping moto: %w", err)
	}
	<-e.ended
	return nil
}

// clients are the APIs that a deployment is made and read through.
type clients struct {
	cloudformation *cloudformation.Client
	s3             *s3.Client
	ssm            *ssm.Client
	lambda         *lambda.Client
	iam            *iam.Client
	kms            *kms.Client
	dynamodb       *dynamodb.Client
	logs           *cloudwatchlogs.Client
	secrets        *secretsmanager.Client
	api            *apigatewayv2.Client
	codedeploy     *codedeploy.Client
}

func newClients(endpoint string) clients {
	config := aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "nothing", ""),
		// A fault of the emulator is a fault of the test: nothing is tried twice.
		RetryMaxAttempts: 1,
	}
	return clients{
		cloudformation: cloudformation.NewFromConfig(config),
		s3:             s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }),
		ssm:            ssm.NewFromConfig(config),
		lambda:         lambda.NewFromConfig(config),
		iam:            iam.NewFromConfig(config),
		kms:            kms.NewFromConfig(config),
		dynamodb:       dynamodb.NewFromConfig(config),
		logs:           cloudwatchlogs.NewFromConfig(config),
		secrets:        secretsmanager.NewFromConfig(config),
		api:            apigatewayv2.NewFromConfig(config),
		codedeploy:     codedeploy.NewFromConfig(config),
	}
}
