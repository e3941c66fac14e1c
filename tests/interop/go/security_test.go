// Package interop runs scenarios with the vendor's Go client against the emulator's command.
package interop

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

const config = `
security {
    enable-quotas true
    user root {
        password secret
        roles user-admin, read-write-udf
    }
}
namespace test {
    nsup-period 1
}
`

// binary is the emulator's command; EMULATOR names another one.
func binary() string {
	if path := os.Getenv("EMULATOR"); path != "" {
		return path
	}
	return "../../../target/debug/aerospike-emulator"
}

// emulator starts a server with security and TLS; its ports, and the directory of its certificates.
func emulator(t *testing.T, options ...string) (port, tlsPort int, directory string) {
	t.Helper()
	directory = t.TempDir()
	if output, err := exec.Command(binary(), "tls-init", directory, "--user", "root").CombinedOutput(); err != nil {
		t.Fatalf("tls-init: %v: %s", err, output)
	}
	file := filepath.Join(directory, "emulator.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	options = append(options, "--port", "0", "--config-file", file, "--tls-dir", directory)
	command := exec.Command(binary(), options...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	ports := regexp.MustCompile(`:(\d+), TLS on port (\d+)`).FindStringSubmatch(line)
	if err != nil || ports == nil {
		t.Fatalf("the emulator said %q: %v", line, err)
	}
	port, _ = strconv.Atoi(ports[1])
	tlsPort, _ = strconv.Atoi(ports[2])
	return port, tlsPort, directory
}

func connect(port int, user, password string) (*as.Client, as.Error) {
	policy := as.NewClientPolicy()
	policy.User, policy.Password = user, password
	policy.Timeout = 5 * time.Second
	return as.NewClientWithPolicy(policy, "127.0.0.1", port)
}

func connected(t *testing.T, port int, user, password string) *as.Client {
	t.Helper()
	client, err := connect(port, user, password)
	if err != nil {
		t.Fatalf("%s: %v", user, err)
	}
	t.Cleanup(client.Close)
	return client
}

func succeeds(t *testing.T, err as.Error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fails(t *testing.T, err as.Error, codes ...types.ResultCode) {
	t.Helper()
	if err == nil {
		t.Fatal("succeeded")
	}
	for _, code := range codes {
		if err.Matches(code) {
			return
		}
	}
	t.Fatalf("%v instead of %v", err, codes)
}

func key(t *testing.T, set, name string) *as.Key {
	t.Helper()
	key, err := as.NewKey("test", set, name)
	succeeds(t, err)
	return key
}

func TestLogin(t *testing.T) {
	covers(t, "login-01 login-02 login-03")
	port, _, _ := emulator(t)
	root := connected(t, port, "root", "secret")
	succeeds(t, root.Put(nil, key(t, "demo", "k"), as.BinMap{"a": 1}))
	if _, err := connect(port, "", ""); err == nil {
		t.Fatal("connected without a user")
	}
	_, err := connect(port, "root", "wrong")
	fails(t, err, types.INVALID_CREDENTIAL, types.INVALID_PASSWORD)
	_, err = connect(port, "nobody", "secret")
	fails(t, err, types.INVALID_USER)
	admin := connected(t, port, "admin", "admin")
	_, err = admin.Get(nil, key(t, "demo", "k"))
	fails(t, err, types.ROLE_VIOLATION)
}

func TestUsers(t *testing.T) {
	covers(t, "login-04 login-05 security-01 security-02 security-07 security-10")
	port, _, _ := emulator(t)
	root := connected(t, port, "root", "secret")
	succeeds(t, root.CreateUser(nil, "ann", "old", []string{"read-write", "read"}))
	fails(t, root.CreateUser(nil, "ann", "old", []string{"read"}), types.USER_ALREADY_EXISTS)
	succeeds(t, root.GrantRoles(nil, "ann", []string{"sindex-admin"}))
	succeeds(t, root.RevokeRoles(nil, "ann", []string{"read"}))
	user, err := root.QueryUser(nil, "ann")
	succeeds(t, err)
	if !slices.Equal(user.Roles, []string{"read-write", "sindex-admin"}) {
		t.Fatal(user.Roles)
	}
	for number := range 100 {
		succeeds(t, root.CreateUser(nil, fmt.Sprintf("user-%d", number), "x", []string{"read", "write"}))
	}
	users, err := root.QueryUsers(nil)
	succeeds(t, err)
	if len(users) != 103 {
		t.Fatal(len(users))
	}

	ann := connected(t, port, "ann", "old")
	fails(t, ann.CreateUser(nil, "ben", "x", []string{"read"}), types.ROLE_VIOLATION)
	succeeds(t, ann.ChangePassword(nil, "ann", "new"))
	_, err = connect(port, "ann", "old")
	fails(t, err, types.INVALID_CREDENTIAL, types.INVALID_PASSWORD)
	connected(t, port, "ann", "new")
	// Its sessions have ended; the client logs in again by itself.
	succeeds(t, ann.Put(nil, key(t, "demo", "k"), as.BinMap{"a": 1}))
	succeeds(t, root.DropUser(nil, "ann"))
	// What the client tells of that depends on the connections that it has.
	policy := as.NewWritePolicy(0, 0)
	policy.MaxRetries, policy.TotalTimeout = 0, 2*time.Second
	if err := ann.Put(policy, key(t, "demo", "k"), as.BinMap{"a": 1}); err == nil {
		t.Fatal("a user that is gone has written")
	}
}

func TestRoles(t *testing.T) {
	covers(t, "security-03 security-04 security-05 security-06 security-08")
	port, _, _ := emulator(t)
	root := connected(t, port, "root", "secret")
	roles, err := root.QueryRoles(nil)
	succeeds(t, err)
	if len(roles) != 10 {
		t.Fatal(len(roles))
	}
	for _, role := range roles {
		if len(role.Privileges) != 1 || len(role.Whitelist) != 0 || role.ReadQuota != 0 || role.WriteQuota != 0 {
			t.Fatal(*role)
		}
	}
	read := as.Privilege{Code: as.Read, Namespace: "test", SetName: "demo"}
	write := as.Privilege{Code: as.ReadWrite, Namespace: "test", SetName: "bar"}
	succeeds(t, root.CreateRole(nil, "r1", []as.Privilege{read}, []string{"127.0.0.1", "10.0.0.0/8"}, 1000, 2000))
	succeeds(t, root.GrantPrivileges(nil, "r1", []as.Privilege{write}))
	succeeds(t, root.SetQuotas(nil, "r1", 10_010, 20_020))
	role, err := root.QueryRole(nil, "r1")
	succeeds(t, err)
	if !slices.Equal(role.Privileges, []as.Privilege{read, write}) || role.ReadQuota != 10_010 ||
		role.WriteQuota != 20_020 || !slices.Equal(role.Whitelist, []string{"127.0.0.1", "10.0.0.0/8"}) {
		t.Fatal(*role)
	}
	succeeds(t, root.CreateUser(nil, "ann", "x", []string{"r1"}))
	ann := connected(t, port, "ann", "x")
	succeeds(t, ann.Put(nil, key(t, "bar", "k"), as.BinMap{"a": 1}))
	fails(t, ann.Put(nil, key(t, "demo", "k"), as.BinMap{"a": 1}), types.ROLE_VIOLATION)
	_, err = ann.Get(nil, key(t, "demo", "k"))
	fails(t, err, types.KEY_NOT_FOUND_ERROR)

	rows := []as.BatchRecordIfc{as.NewBatchRead(nil, key(t, "demo", "k"), nil), as.NewBatchRead(nil, key(t, "else", "k"), nil)}
	_ = ann.BatchOperate(nil, rows)
	same(t, codes(rows), []types.ResultCode{types.KEY_NOT_FOUND_ERROR, types.ROLE_VIOLATION})

	succeeds(t, root.SetWhitelist(nil, "r1", []string{"9.9.9.9"}))
	_, err = connect(port, "ann", "x")
	fails(t, err, types.NOT_WHITELISTED)
	succeeds(t, root.DropRole(nil, "r1"))
	_, err = root.QueryRole(nil, "r1")
	fails(t, err, types.INVALID_ROLE)
}

func TestQuota(t *testing.T) {
	covers(t, "security-09")
	port, _, _ := emulator(t)
	root := connected(t, port, "root", "secret")
	everywhere := []as.Privilege{{Code: as.ReadWrite}}
	succeeds(t, root.CreateRole(nil, "slow", everywhere, nil, 0, 5))
	succeeds(t, root.CreateUser(nil, "ann", "x", []string{"slow"}))
	ann := connected(t, port, "ann", "x")
	policy := as.NewWritePolicy(0, 0)
	policy.MaxRetries = 0
	var failed as.Error
	for n := 0; n < 200 && failed == nil; n++ {
		failed = ann.Put(policy, key(t, "demo", "k"), as.BinMap{"n": n})
	}
	fails(t, failed, types.QUOTA_EXCEEDED)
	// Usage is averaged over two seconds.
	time.Sleep(3100 * time.Millisecond)
	succeeds(t, ann.Put(policy, key(t, "demo", "k"), as.BinMap{"n": 1}))
}

func TestReader(t *testing.T) {
	covers(t, "security-07")
	port, _, _ := emulator(t)
	root := connected(t, port, "root", "secret")
	succeeds(t, root.CreateUser(nil, "ann", "x", []string{"read"}))
	ann := connected(t, port, "ann", "x")
	fails(t, ann.Put(nil, key(t, "demo", "k"), as.BinMap{"a": 1}), types.ROLE_VIOLATION)
	_, err := ann.CreateIndex(nil, "test", "demo", "i", "a", as.NUMERIC)
	fails(t, err, types.ROLE_VIOLATION)
}

// encrypted connects to the TLS port as a user, or by the client's certificate.
func encrypted(t *testing.T, port int, directory string, change func(*as.ClientPolicy)) (*as.Client, as.Error) {
	t.Helper()
	authority, err := os.ReadFile(filepath.Join(directory, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		t.Fatal(errors.New("no certificate in ca.pem"))
	}
	policy := as.NewClientPolicy()
	policy.Timeout = 5 * time.Second
	policy.TlsConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	change(policy)
	host := as.NewHost("127.0.0.1", port)
	host.TLSName = "localhost"
	return as.NewClientWithPolicyAndHost(policy, host)
}

func TestTLS(t *testing.T) {
	covers(t, "tls-01 tls-02 tls-04")
	_, port, directory := emulator(t)
	client, err := encrypted(t, port, directory, func(policy *as.ClientPolicy) {
		policy.User, policy.Password = "root", "secret"
	})
	succeeds(t, err)
	defer client.Close()
	blob := make([]byte, 500_000)
	succeeds(t, client.Put(nil, key(t, "demo", "k"), as.BinMap{"a": blob}))
	record, err := client.Get(nil, key(t, "demo", "k"))
	succeeds(t, err)
	if length := len(record.Bins["a"].([]byte)); length != len(blob) {
		t.Fatal(length)
	}
	for _, err := range must(client.ScanAll(nil, "test", "demo")).Records() {
		succeeds(t, err)
	}

	other := t.TempDir()
	if output, err := exec.Command(binary(), "tls-init", other).CombinedOutput(); err != nil {
		t.Fatalf("tls-init: %v: %s", err, output)
	}
	if _, err := encrypted(t, port, other, func(*as.ClientPolicy) {}); err == nil {
		t.Fatal("connected to a server that another authority vouches for")
	}
}

func TestTLSToSeveralNodes(t *testing.T) {
	covers(t, "tls-01")
	_, port, directory := emulator(t, "--nodes", "3")
	client, err := encrypted(t, port, directory, func(policy *as.ClientPolicy) {
		policy.User, policy.Password = "root", "secret"
	})
	succeeds(t, err)
	defer client.Close()
	waitForNodes(t, client, 3)
	for _, k := range manyKeys(t) {
		succeeds(t, client.PutBins(nil, k, as.NewBin("a", 1)))
		holds(t, client, nil, k, 1)
	}
}

func TestLoginByCertificate(t *testing.T) {
	covers(t, "tls-03")
	_, port, directory := emulator(t)
	own, err := tls.LoadX509KeyPair(filepath.Join(directory, "client.pem"), filepath.Join(directory, "client.key"))
	if err != nil {
		t.Fatal(err)
	}
	client, failed := encrypted(t, port, directory, func(policy *as.ClientPolicy) {
		policy.AuthMode = as.AuthModePKI
		policy.TlsConfig.Certificates = []tls.Certificate{own}
	})
	succeeds(t, failed)
	defer client.Close()
	if _, err := client.QueryUser(nil, "root"); err != nil {
		t.Fatal(err)
	}
}
