// Command coldstart measures what packages do before main: the time from the start of
// each function's process to its first contact with anything outside (the runtime API,
// DynamoDB, Secrets Manager or Infobip, all stood in for by listeners on loopback),
// beside a hello-world Lambda's to its first runtime call.
//
// One run compares; its absolute figures are this machine's. The order is shuffled,
// because whoever follows a function with a warm-up looks faster.
//
//	go run ./bench/coldstart [-rounds 30]
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 30, "starts of each program")
	flag.Parse()
	if err := run(*rounds); err != nil {
		fmt.Fprintln(os.Stderr, "coldstart:", err)
		os.Exit(1)
	}
}

var programs = []string{"bench/hello", "functions/discovery", "functions/verify", "functions/send"}

func run(rounds int) error {
	folder, err := os.MkdirTemp("", "coldstart")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	for _, program := range programs {
		if err := build(folder, program); err != nil {
			return err
		}
	}
	took := map[string][]time.Duration{}
	for range rounds {
		for _, i := range rand.Perm(len(programs)) {
			d, err := measure(filepath.Join(folder, filepath.Base(programs[i])))
			if err != nil {
				return fmt.Errorf("measuring %s: %w", programs[i], err)
			}
			took[programs[i]] = append(took[programs[i]], d)
		}
	}
	hello := median(took[programs[0]])
	fmt.Printf("%-22s %10s %8s\n", "exec to first contact", "median", "ratio")
	for _, program := range programs {
		m := median(took[program])
		fmt.Printf("%-22s %10s %7.2fx\n", program, m.Round(10*time.Microsecond), float64(m)/float64(hello))
	}
	return nil
}

func build(folder, program string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w",
		"-o", filepath.Join(folder, filepath.Base(program)), "./"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", program, err, out)
	}
	return nil
}

// patience is far more than any start takes.
const patience = 10 * time.Second

// measure starts a program whose every address is one listener, and stops it at its
// first connection.
func measure(program string) (time.Duration, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listening: %w", err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	cmd := exec.Command(program)
	cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + address,
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"AWS_ENDPOINT_URL=http://" + address,
		"INFOBIP_BASE_URL=http://" + address, "INFOBIP_2FA_APP_ID=app", "INFOBIP_2FA_MSG_ID=msg",
		"TABLE_NAME=table", "SECRET_ID=secret",
		// As the stack deploys it: proofs are on, and signed in KMS.
		"PROOF_ISSUER=https://otp.example.com", "PROOF_AUDIENCE=accounts.example.com",
		"PROOF_KEY=arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	}
	type arrival struct {
		at  time.Time
		err error
	}
	first := make(chan arrival, 1)
	go func() {
		conn, err := listener.Accept()
		first <- arrival{time.Now(), err}
		if err == nil {
			_ = conn.Close()
		}
	}()
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting: %w", err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}()
	select {
	case a := <-first:
		return a.at.Sub(started), a.err
	case <-time.After(patience):
		return 0, fmt.Errorf("no contact within %s", patience)
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
