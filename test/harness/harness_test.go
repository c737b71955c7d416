package harness

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

func TestMain(m *testing.M) { Main(m) }

func TestTablesAreApartOnASharedDynamoDBLocal(t *testing.T) {
	endpoint := DynamoDBLocal(t)
	if again := DynamoDBLocal(t); again != endpoint {
		t.Errorf("second endpoint = %s, want the shared %s", again, endpoint)
	}
	first, second := Table(t, endpoint), Table(t, endpoint)
	got, err := DynamoDB(endpoint).ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if err != nil {
		t.Fatalf("listing the tables: %v", err)
	}
	names := strings.Join(got.TableNames, " ")
	if first == second || !strings.Contains(names, first) || !strings.Contains(names, second) {
		t.Errorf("tables = %s, want %s and %s among them", names, first, second)
	}
}

func TestSecretIsReadBackFromMoto(t *testing.T) {
	const value = `{"some":"value"}`
	endpoint := Moto(t)
	id := Secret(t, endpoint, value)
	got, err := SecretsManager(endpoint).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		t.Fatalf("reading the secret: %v", err)
	}
	if *got.SecretString != value {
		t.Errorf("secret = %q, want %q", *got.SecretString, value)
	}
}

func TestStopEndsAStubbornProgramAndItsChildren(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	p, err := start(Command{Name: "a shell", Path: shell, Args: []string{"-c", `trap "" TERM; sleep 60 & echo child $!; wait; wait`}})
	if err != nil {
		t.Fatal(err)
	}
	Eventually(t, 30*time.Second, func() error {
		if !strings.Contains(p.Raw(), "child") {
			return syscall.EAGAIN
		}
		return nil
	})
	err = p.stop()
	if err != nil {
		t.Fatalf("stop: %v", err)
	}
	Eventually(t, 30*time.Second, func() error {
		if err := syscall.Kill(-p.PID(), 0); err != syscall.ESRCH {
			return syscall.EBUSY
		}
		return nil
	})
}

func TestFailuresShowNoLongNumberAndNoKey(t *testing.T) {
	got := mask(`to=14155552671 port=40001 Authorization: App 0123abcd-ef`)
	if strings.Contains(got, "14155552671") || strings.Contains(got, "0123abcd-ef") || !strings.Contains(got, "40001") {
		t.Errorf("mask gave %q", got)
	}
}

// TestTakenPort: a program that ends before it is ready has another port, and so many of them.
func TestTakenPort(t *testing.T) {
	other := errors.New("no port's fault")
	for name, c := range map[string]struct {
		fails []error
		want  error
		tries int
	}{
		"free":           {nil, nil, 1},
		"taken":          {[]error{errEnded}, nil, 2},
		"always taken":   {[]error{errEnded, errEnded, errEnded}, errEnded, portTries},
		"another reason": {[]error{other}, other, 1},
	} {
		ports := map[int]bool{}
		tries := 0
		address, _, err := onFreePort(func(port int) (string, func() error, error) {
			ports[port] = true
			tries++
			if len(c.fails) < tries {
				return "there", nil, nil
			}
			return "", nil, fmt.Errorf("starting: %w", c.fails[tries-1])
		})
		if tries != c.tries || !errors.Is(err, c.want) || (address == "there") != (c.want == nil) || ports[0] {
			t.Errorf("%s: %q, %v after %d tries on %v, want %v after %d", name, address, err, tries, ports, c.want, c.tries)
		}
	}
}
