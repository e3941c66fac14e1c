package interop

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v8"
	backup "github.com/aerospike/backup-go"
	"github.com/aerospike/backup-go/io/encoding/asb"
	"github.com/aerospike/backup-go/io/storage/local"
	"github.com/aerospike/backup-go/io/storage/options"
)

// contents is all that a backup holds, in a form to compare: records by digest, indexes, modules.
type contents map[string]string

// read takes a server's contents. A restored record begins at generation 1, so generations count only where files
// have been loaded by the server itself.
func read(t *testing.T, client *as.Client, withGenerations bool) contents {
	t.Helper()
	found := contents{}
	scan, err := client.ScanAll(nil, "test", "")
	succeeds(t, err)
	for result := range scan.Results() {
		succeeds(t, result.Err)
		record := result.Record
		// Maps are printed in the order of their keys. Lives differ by what the second has turned meanwhile.
		life := "for ever"
		if record.Expiration != as.TTLDontExpire {
			life = fmt.Sprint((record.Expiration + 50) / 100)
		}
		text := fmt.Sprintf("%v %v %#v lives %s", record.Key.SetName(), record.Key.Value(), record.Bins, life)
		if withGenerations {
			text += fmt.Sprint(" generation ", record.Generation)
		}
		found[fmt.Sprintf("%x", record.Key.Digest())] = text
	}
	answers, err := client.GetNodes()[0].RequestInfo(as.NewInfoPolicy(), "sindex-list:namespace=test;b64=true", "udf-list")
	succeeds(t, err)
	for _, answer := range answers {
		for _, definition := range strings.Split(answer, ";") {
			found[definition] = "is there"
		}
	}
	return found
}

// alike expects the same contents.
func alike(t *testing.T, got, want contents) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %q instead of %q", name, got[name], want[name])
		}
	}
	same(t, len(got), len(want))
}

// filled starts a server with a bit of everything, and says its port and how to stop it so that it saves to a file.
func filled(t *testing.T, file string) (*as.Client, func()) {
	t.Helper()
	command, port := start(t.TempDir(), "../server.conf", 0, "--save-on-exit", file)
	t.Cleanup(func() { _ = command.Process.Kill() })
	client := connected(t, port, "", "")
	policy := as.NewWritePolicy(0, 0)
	policy.SendKey = true
	put := func(set string, k any, life uint32, bins as.BinMap) {
		t.Helper()
		policy.Expiration = life
		succeeds(t, client.Put(policy, must(as.NewKey("test", set, k)), bins))
	}
	point := as.GeoJSONValue(`{"type":"Point","coordinates":[12.5,-3.25]}`)
	for number, value := range []any{
		7, -1 << 63, 0.1, 1e300, "text", "", "a\nb c\\d\x00é", []byte("\n\x00 \\"), []byte{}, true, false, point,
		[]any{1, "x", []byte{2}, nil, []any{true}, map[any]any{1: "one"}}, []any{},
		map[any]any{"a": 1, 2: []any{"b"}, "m": map[any]any{"x": 2.5}},
	} {
		put("values", number, 0, as.BinMap{"v": value, "n": number, "geo": point})
	}
	// The library garbles names that need an escape and are not ASCII besides.
	for _, name := range []string{"a b", "x\\y", "n\nl", "é", `"q"`, ""} {
		put(name, "key "+name, 100_000, as.BinMap{"in" + name: name})
	}
	for _, k := range []any{-5, 1 << 62, []byte{0, 10, 32}, "\n "} {
		put("keys", k, 5_000, as.BinMap{"v": 1})
		put("keys", k, as.TTLDontExpire, as.BinMap{"again": true})
	}
	succeeds(t, client.Put(nil, key(t, "keys", "is not stored"), as.BinMap{"v": 1}))
	_, err := client.Operate(policy, key(t, "values", "operated"),
		as.HLLAddOp(as.DefaultHLLPolicy(), "hll", []as.Value{as.NewValue("a"), as.NewValue("b")}, 8, 12),
		as.ListAppendWithPolicyOp(as.NewListPolicy(as.ListOrderOrdered, 0), "list", 3, 1, 2),
		as.MapPutItemsOp(as.NewMapPolicy(as.MapOrder.KEY_ORDERED, as.MapWriteMode.UPDATE), "map", map[any]any{"b": 1, "a": 2}))
	succeeds(t, err)
	for bin, kind := range map[string]as.IndexType{"n": as.NUMERIC, "v": as.STRING, "geo": as.GEO2DSPHERE} {
		done(t, must(client.CreateIndex(nil, "test", "values", "of "+bin, bin, kind)).OnComplete())
	}
	context := as.CtxMapKey(as.NewValue("m"))
	done(t, must(client.CreateComplexIndex(nil, "test", "", "keys", "v", as.STRING, as.ICT_MAPKEYS, context)).OnComplete())
	twice := as.ExpNumMul(as.ExpIntBin("n"), as.ExpIntVal(2))
	done(t, must(client.CreateIndexWithExpression(nil, "test", "values", "twice", as.NUMERIC, as.ICT_DEFAULT, twice)).OnComplete())
	done(t, must(client.RegisterUDF(nil, []byte("-- é\nfunction one(record)\n  return 1\nend"), "one.lua", as.LUA)).OnComplete())
	return client, func() {
		client.Close()
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	}
}

// restored restores a file, or a directory of files, with the vendor's library into an empty server.
func restored(t *testing.T, source options.Opt) contents {
	t.Helper()
	client, _ := controlled(t)
	ctx := context.Background()
	reader, err := local.NewReader(ctx, source, options.WithValidator(asb.NewValidator()))
	works(t, err)
	tool, err := backup.NewClient(client)
	works(t, err)
	config := backup.NewDefaultRestoreConfig()
	config.WritePolicy = as.NewWritePolicy(0, 0)
	config.WritePolicy.SendKey = true
	job, err := tool.Restore(ctx, config, reader)
	works(t, err)
	works(t, job.Wait(ctx))
	return read(t, client, false)
}

func works(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBackup(t *testing.T) {
	directory, single := filepath.Join(t.TempDir(), "all"), filepath.Join(t.TempDir(), "all.asb")
	saved := filepath.Join(t.TempDir(), "saved.asb")
	client, stop := filled(t, saved)
	whole, exact := read(t, client, false), read(t, client, true)
	same(t, len(whole), 27+5+2)
	ctx := context.Background()
	tool, err := backup.NewClient(client)
	works(t, err)
	for compact, target := range map[bool]options.Opt{false: options.WithDir(directory), true: options.WithFile(single)} {
		writer, err := local.NewWriter(ctx, target)
		works(t, err)
		config := backup.NewDefaultBackupConfig()
		config.Compact = compact
		job, err := tool.Backup(ctx, config, writer, nil)
		works(t, err)
		works(t, job.Wait(ctx))
	}
	stop()
	for id, source := range map[string]options.Opt{
		"backup-01": options.WithDir(directory), "backup-02": options.WithFile(single), "backup-04": options.WithFile(saved),
	} {
		scenario(t, id, func(t *testing.T, _ *as.Key) { alike(t, restored(t, source), whole) })
	}
	scenario(t, "backup-03", func(t *testing.T, _ *as.Key) {
		loaded, ask := controlled(t)
		text, err := os.ReadFile(single)
		works(t, err)
		if answer := ask("emulator-data:load=" + base64.StdEncoding.EncodeToString(text)); strings.HasPrefix(answer, "ERROR") {
			t.Fatal(answer)
		}
		alike(t, read(t, loaded, true), exact)
	})
}
