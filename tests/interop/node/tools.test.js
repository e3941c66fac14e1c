// What the vendor's tools ask: the info commands that asadm sends for each of its commands, here through the client.

import { test } from 'node:test'
import { assert, client, fails, info, key, put, range } from './scenarios.js'

const ERROR = /^(ERROR|FAIL)/i

const pairs = (answer, separator = ';') =>
  Object.fromEntries(answer.split(separator).filter((pair) => pair.includes('=')).map((pair) => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)]
  }))

const includesAll = (answer, names) => {
  for (const name of names) assert(name in answer, `${name} is missing`)
}

const putSeven = () => Promise.all(range(0, 6).map((n) => put(key(n), { n })))

test('tools-01: handshake', async () => {
  assert.match(await info('node'), /^[0-9A-F]+$/)
  assert.match(await info('connection'), /=|:/)
  assert.match(await info('build'), /^8\.1\./)
  assert.match(await info('service-clear-std'), /^127\.0\.0\.1:\d+$/)
  // Generation of the peers, their default port, and the peers.
  assert.match(await info('peers-clear-std'), /^\d+,\d+,\[\]$/)
  const agent = Buffer.from('1,asadm-5.0,tester').toString('base64')
  assert.equal(await info(`user-agent-set:value=${agent}`), 'ok')
})

test('tools-02: info', async () => {
  await putSeven()
  const statistics = pairs(await info('statistics'))
  assert.equal(statistics.objects, '7')
  includesAll(statistics, ['cluster_size', 'uptime', 'client_connections', 'cluster_integrity'])
  assert.equal(await info('cluster-name'), 'docker')
  assert.doesNotMatch(await info('release'), ERROR)
  assert.equal(await info('namespaces'), 'test;aging')
  const namespace = pairs(await info('namespace/test'))
  assert.equal(namespace.objects, '7')
  includesAll(namespace, ['master_objects', 'data_used_bytes', 'stop_writes', 'ns_cluster_size'])
  const [set] = (await info('sets')).split(';').filter((line) => line.includes('ns=test:set=demo:'))
  assert.equal(pairs(set, ':').objects, '7')
})

test('tools-03: summary and configuration', async () => {
  for (const context of ['service', 'network', 'security', 'namespace;namespace=test']) {
    assert.doesNotMatch(await info(`get-config:context=${context}`), ERROR)
  }
  includesAll(pairs(await info('get-config:context=service')), ['proto-fd-max', 'batch-index-threads'])
  assert.match(pairs(await info('get-config:context=network'))['service.port'], /^\d+$/)
  const namespace = pairs(await info('get-config:context=namespace;namespace=test'))
  assert.deepEqual([namespace['default-ttl'], namespace['nsup-period']], ['0', '1'])
})

test('tools-04: secondary indexes', async () => {
  await putSeven()
  assert.equal(await info('sindex-create:indexname=ib;namespace=test;set=demo;bin=n;type=numeric'), 'ok')
  const [line] = (await info('sindex-list:')).split(';').filter((line) => line.includes('indexname=ib'))
  const { ns, set, bin, type } = pairs(line, ':')
  assert.deepEqual([ns, set, bin, type], ['test', 'demo', 'n', 'numeric'])
  const statistics = pairs(await info('sindex-stat:namespace=test;indexname=ib'))
  assert.deepEqual([statistics.entries, statistics.load_pct], ['7', '100'])
  assert.equal(await info('sindex-delete:indexname=ib;namespace=test;set=demo'), 'ok')
  assert.doesNotMatch(await info('sindex-list:'), /indexname=ib/)
})

test('tools-05: modules', async () => {
  // The client sends info requests of up to 256 bytes: a module of one function.
  const source = Buffer.from('function one(record)\n  return 1\nend\n')
  const content = source.toString('base64')
  const put = `udf-put:filename=tool.lua;udf-type=LUA;content-len=${content.length};content=${content}`
  assert.equal(await info(put), 'ok')
  const [line] = (await info('udf-list')).split(';').filter((line) => line.includes('filename=tool.lua'))
  assert.match(line, /type=LUA$/)
  const got = pairs(await info('udf-get:filename=tool.lua'))
  assert.deepEqual(Buffer.from(got.content, 'base64'), source)
  assert.equal(await info('udf-remove:filename=tool.lua'), 'ok')
  assert.doesNotMatch(await info('udf-list'), /tool\.lua/)
})

test('tools-06: truncation', async () => {
  await putSeven()
  assert.match(await info('sets/test/demo'), /objects=7:/)
  assert.equal(await info('truncate:namespace=test;set=demo'), 'ok')
  assert.equal(await client.exists(key(1)), false)
  assert.match(await info('sets/test/demo'), /objects=0:/)
})

test('tools-07: everything else is known', async () => {
  // Some are answered with an error that the tools know: there are no racks, there is no licence.
  for (const command of [
    'latencies:', 'best-practices', 'racks:', 'roster:', 'rack-ids', 'feature-key', 'user-agents', 'query-show',
    'histogram:namespace=test;type=ttl', 'histogram:namespace=test;type=object-size-linear', 'partition-info', 'logs',
    'node:'
  ]) assert.doesNotMatch(await info(command), /unrecognized command/, command)
  assert.match(await info('node'), /^[0-9A-F]+$/)
})

test('tools-08: dynamic configuration', async () => {
  const command = 'set-config:context=namespace;namespace=test;default-ttl='
  const ttl = async () => pairs(await info('get-config:context=namespace;namespace=test'))['default-ttl']
  assert.equal(await info(`${command}100`), 'ok')
  assert.equal(await ttl(), '100')
  assert.equal(await info(`${command}0`), 'ok')
  assert.equal(await ttl(), '0')
  // The client makes an error of an answer that is one.
  await fails(4, info('set-config:context=service;no-such-thing=1'))
})

for (const id of ['backup-01', 'backup-02', 'backup-03', 'backup-04']) {
  test(`${id}: the vendor's backup library`, { skip: "the vendor's backup library is for Go alone" })
}
