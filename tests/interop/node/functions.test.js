// Functions on records and on streams; truncation; info commands; callbacks and streams.

import { test } from 'node:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Aerospike, K, assert, client, createIndex, dropIndexes, eventually, fails, generation, get, info, key, operations,
  put, putQ, q, range, register, sleep, sorted
} from './scenarios.js'
import { EXAMPLES } from './server.js'

const call = (key, module, funcname, ...args) => client.apply(key, { module, funcname, args })

// Registers a module of this text.
async function registerText (module, text) {
  const file = join(mkdtempSync(join(tmpdir(), 'interop-')), module)
  writeFileSync(file, text)
  const job = await client.udfRegister(file)
  await job.waitUntilDone(10)
}

test('udf-01: register', async () => {
  await register('counter.lua')
  await registerText('text.lua', 'function one() return 1 end')
  assert.match(await info('udf-list'), /filename=counter.lua/)
  const [, content] = /content=([^;]*)/.exec(await info('udf-get:filename=text.lua'))
  assert.equal(Buffer.from(content, 'base64').toString(), 'function one() return 1 end')
  assert.equal(await call(K, 'text', 'one'), 1)
})

test('udf-02: apply', async () => {
  await register('counter.lua')
  assert.equal(await call(K, 'counter', 'add', 'visits', 1), 1)
  assert.equal(await call(K, 'counter', 'add', 'visits', 1), 2)
  assert.deepEqual(await get(K), { visits: 2 })
})

test('udf-03: types', async () => {
  await register('document.lua')
  for (const value of [7, 2.5, 'text', true, [1, [2]], { x: { y: 1 } }]) {
    await call(K, 'document', 'set', 'd', ['a', 'b'], value)
    assert.deepEqual(await call(K, 'document', 'get', 'd', ['a', 'b']), value)
  }
})

test('udf-04: errors', async () => {
  await register('counter.lua')
  await call(K, 'counter', 'add', 'stock', 3)
  await assert.rejects(call(K, 'counter', 'take', 'stock', 5), { code: 100, message: /only 3 left/ })
})

test('udf-05: unknown names', async () => {
  await register('counter.lua')
  await fails(100, call(K, 'counter', 'unknown'))
  await fails(100, call(K, 'unknown', 'add'))
})

test('udf-06: does not compile', () =>
  assert.rejects(registerText('broken.lua', 'function f()\n  return +\nend'), /2|compile/))

test('udf-07: remove', async () => {
  await register('counter.lua')
  const job = await client.udfRemove('counter.lua')
  await job.waitUntilDone(10)
  await fails(100, call(K, 'counter', 'add', 'n', 1))
  await client.udfRemove('counter.lua').catch((error) => assert.equal(error.code, 100))
})

test('udf-08: concurrently', async () => {
  await register('counter.lua')
  await Promise.all(range(1, 8).map(async () => {
    for (let i = 0; i < 100; i++) await call(K, 'counter', 'add', 'n', 1)
  }))
  assert.deepEqual(await get(K), { n: 800 })
})

// ---------------------------------------------------------------- aggregation

const games = range(0, 199).map((i) => ({ score: i * 37 % 211, player: `p${i}`, team: i % 3 ? 'red' : 'blue' }))
const best = (most) => games.filter(({ score }) => score <= most).sort((a, b) => b.score - a.score).slice(0, 5)
  .map(({ score, player }) => ({ value: score, name: player }))

async function aggregate (filters, name, ...args) {
  await register('top.lua')
  await Promise.all(games.map((bins, i) => put(new Aerospike.Key('test', 'games', i), bins)))
  return client.query('test', 'games', { filters }).apply('top', name, args)
}

test('aggregation-01: the highest', async () =>
  assert.deepEqual(await aggregate([], 'records', 'score', 'player', 5), best(211)))

test('aggregation-02: groups', async () => {
  const sum = (team) => games.filter((game) => game.team === team).reduce((sum, { score }) => sum + score, 0)
  assert.deepEqual(await aggregate([], 'groups', 'team', 'score'), {
    red: { count: 133, sum: sum('red') }, blue: { count: 67, sum: sum('blue') }
  })
})

test('aggregation-03: over an index', async () => {
  await createIndex('score', 'score', Aerospike.indexDataType.NUMERIC, { set: 'games' })
  const { range } = Aerospike.filter
  assert.deepEqual(await aggregate([range('score', 0, 100)], 'records', 'score', 'player', 5), best(100))
  await dropIndexes()
})

test('aggregation-04: fails', async () => {
  await assert.rejects(aggregate([], 'records', 'score', 'player', 'text'))
  assert.equal((await get(new Aerospike.Key('test', 'games', 1))).player, 'p1')
})

// ---------------------------------------------------------------- truncation

const OTHER = new Aerospike.Key('test', 'other', 'k')
const exist = (...keys) => Promise.all(keys.map((key) => client.exists(key)))

test('truncate-01: a set', async () => {
  for (const key of [K, OTHER]) await put(key, { a: 1 })
  await client.truncate('test', 'demo', 0)
  assert.deepEqual(await exist(K, OTHER), [false, true])
})

test('truncate-02: a namespace', async () => {
  for (const key of [K, OTHER]) await put(key, { a: 1 })
  // The client's truncate asks for a set.
  await client.infoAll('truncate-namespace:namespace=test')
  assert.deepEqual(await exist(K, OTHER), [false, false])
})

test('truncate-03: with a time', async () => {
  await put(K, { a: 1 })
  await sleep(50)
  const time = Date.now() * 1e6
  await sleep(50)
  await put(key('later'), { a: 1 })
  await client.truncate('test', 'demo', time)
  assert.deepEqual(await exist(K, key('later')), [false, true])
})

test('truncate-04: generations', async () => {
  await put(K, { a: 1 })
  await put(K, { a: 2 })
  await client.truncate('test', 'demo', 0)
  await put(K, { a: 3 })
  assert.equal(await generation(K), 1)
})

test('truncate-05: in the future', () =>
  assert.rejects(async () => client.truncate('test', 'demo', (Date.now() + 3_600_000) * 1e6)))

// ---------------------------------------------------------------- info

const pairs = (text, separator) => Object.fromEntries(text.split(separator).map((pair) => pair.split('=')))

test('info-01: names', async () => {
  assert.match(await info('build'), /^8\.1\.\d+\.\d+/)
  assert.match(await info('edition'), /Edition/)
  assert.equal(await info('node'), client.getNodes()[0].name)
  assert.equal(await info('namespaces'), 'test;aging')
})

test('info-02: several commands', async () => {
  const answer = await client.infoAny('build\nnode')
  assert.match(answer, /build\t8\.1.*\nnode\t[0-9A-F]+/)
})

test('info-03: objects', async () => {
  for (const i of range(1, 7)) await put(key(i), { a: 1 })
  assert.equal(pairs(await info('namespace/test'), ';').objects, '7')
  assert.equal(pairs(await info('statistics'), ';').objects, '7')
})

test('info-04: objects of a set', async () => {
  await put(K, { a: 1 })
  assert.equal(pairs((await info('sets/test/demo')).replace(';', ''), ':').objects, '1')
})

test('info-05: unknown command', async () => {
  const answer = await info('unknown-command').catch((error) => error.message)
  assert.match(answer, /ERROR|unrecognized|fail/i)
  assert.match(await info('build'), /^8/)
})

test('info-06: indexes', async () => {
  await createIndex('listed', 'n', Aerospike.indexDataType.NUMERIC)
  assert.match(await info('sindex-list:ns=test'), /indexname=listed/)
  await dropIndexes()
})

// ---------------------------------------------------------------- callbacks and streams

// Calls with a callback, the client's other form.
const called = (call) => new Promise((resolve, reject) =>
  call((error, result) => error ? reject(error) : resolve(result)))

test('async-01: records', async () => {
  await called((done) => client.put(K, { a: 1 }, done))
  assert.deepEqual((await called((done) => client.get(K, done))).bins, { a: 1 })
  await called((done) => client.remove(K, done))
  assert.equal(await called((done) => client.exists(K, done)), false)
})

test('async-02: operate and batches', async () => {
  const { bins } = await called((done) => client.operate(K, [operations.incr('a', 1), operations.read('a')], done))
  assert.equal(bins.a, 1)
  const { BATCH_READ, BATCH_WRITE } = Aerospike.batchType
  const writes = [1, 2, 3].map((i) => ({ type: BATCH_WRITE, key: key(i), ops: [operations.write('v', i)] }))
  await called((done) => client.batchWrite(writes, done))
  const reads = [1, 2, 3].map((i) => ({ type: BATCH_READ, key: key(i), readAllBins: true }))
  assert.deepEqual((await called((done) => client.batchRead(reads, done))).map((row) => row.record.bins.v), [1, 2, 3])
})

test('async-03: streams', async () => {
  await putQ()
  await createIndex('n', 'n', Aerospike.indexDataType.NUMERIC)
  const filters = [Aerospike.filter.range('n', 10, 19)]
  const queries = [[client.scan('test', 'q'), range(0, 59)], [client.query('test', 'q', { filters }), range(10, 19)]]
  for (const [query, expected] of queries) {
    const found = await new Promise((resolve, reject) => {
      const numbers = []
      query.foreach().on('data', ({ bins }) => numbers.push(bins.n)).on('error', reject).on('end', () => resolve(numbers))
    })
    assert.deepEqual(sorted(found), expected)
  }
  await dropIndexes()
})

test('async-04: many in flight', async () => {
  await Promise.all(range(0, 999).map((i) => put(key(i), { v: i })))
  const records = await Promise.all(range(0, 999).map((i) => client.get(key(i))))
  assert.deepEqual(records.map((record) => record.bins.v), range(0, 999))
})

test('async-05: errors', async () => {
  await fails(2, called((done) => client.get(K, done)))
  await put(K, { a: 1 })
  const create = new Aerospike.WritePolicy({ exists: Aerospike.policy.exists.CREATE })
  await fails(5, called((done) => client.put(K, { a: 2 }, {}, create, done)))
})

test('async-06: indexes, functions, jobs', async () => {
  await putQ()
  const options = { ns: 'test', set: 'q', bin: 'n', index: 'made', datatype: Aerospike.indexDataType.NUMERIC }
  await called((done) => client.createIndex(options, done))
  const filters = [Aerospike.filter.equal('n', 7)]
  await eventually(() => client.query('test', 'q', { filters }).results().then((found) => found.length === 1, () => false))
  await dropIndexes()
  await called((done) => client.udfRegister(EXAMPLES + 'counter.lua', done))
  const udf = { module: 'counter', funcname: 'add', args: ['n', 1] }
  await eventually(() => called((done) => client.apply(K, udf, done)).then(() => true, () => false))
  const job = await called((done) => client.query('test', 'q').operate([operations.incr('n', 100)], null, null, done))
  await job.waitUntilDone(10)
  assert.equal((await get(q(59))).n, 159)
})
