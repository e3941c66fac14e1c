import { test } from 'node:test'
import {
  Aerospike, K, assert, client, exp, fails, get, key, operations, put, range, register
} from './scenarios.js'

const { BATCH_READ, BATCH_WRITE, BATCH_APPLY, BATCH_REMOVE } = Aerospike.batchType
const { read, write: set, incr } = operations
const keys = (count) => range(0, count - 1).map(key)
const write = (key, ops, policy) =>
  ({ type: BATCH_WRITE, key, ops, policy: policy && new Aerospike.BatchWritePolicy(policy) })
const readAll = (key) => ({ type: BATCH_READ, key, readAllBins: true })
const codes = (rows) => rows.map((row) => row.status)

test('batch-01: reads', async () => {
  for (const i of range(0, 99)) if (i % 2 === 0) await put(key(i), { v: i })
  for (const [i, row] of (await client.batchRead(keys(100).map(readAll))).entries()) {
    assert.equal(row.status, i % 2 === 0 ? 0 : 2)
    if (i % 2 === 0) assert.deepEqual(row.record.bins, { v: i })
  }
})

test('batch-02: parts of records', async () => {
  await put(key(0), { a: 1, b: 2 })
  assert.deepEqual((await client.batchSelect(keys(2), ['a']))[0].record.bins, { a: 1 })
  assert.deepEqual(codes(await client.batchExists(keys(2))), [0, 2])
  const [header] = await client.batchRead([{ type: BATCH_READ, key: key(0), readAllBins: false }])
  assert.deepEqual([header.record.gen, header.record.bins], [1, {}])
})

test('batch-03: rows of their own', async () => {
  const aging = new Aerospike.Key('aging', 'other', 1)
  await put(K, { a: 1, b: 2 })
  await put(aging, { a: 3, b: 4 })
  const rows = await client.batchRead([
    { type: BATCH_READ, key: K, bins: ['a'] }, { type: BATCH_READ, key: aging, bins: ['b'] }, readAll(K)
  ])
  assert.deepEqual(rows.map((row) => row.record.bins), [{ a: 1 }, { b: 4 }, { a: 1, b: 2 }])
})

test('batch-04: operations', async () => {
  for (const i of [0, 1]) await put(key(i), { l: range(0, i), i })
  const twice = exp.mul(exp.binInt('i'), exp.int(2))
  const ops = [Aerospike.lists.size('l'), exp.operations.read('x', twice, 0)]
  const rows = await client.batchRead(keys(2).map((key) => ({ type: BATCH_READ, key, ops })))
  assert.deepEqual(rows.map((row) => row.record.bins), [{ l: 1, x: 0 }, { l: 2, x: 2 }])
})

test('batch-05: writes', async () => {
  await client.batchWrite(keys(50).map((key) => write(key, [set('v', 7)])))
  for (const row of await client.batchRead(keys(50).map(readAll))) assert.deepEqual(row.record.bins, { v: 7 })
})

test('batch-06: mixed', async () => {
  await register('counter.lua')
  for (const i of range(0, 2)) await put(key(i), { v: i })
  const udf = { module: 'counter', funcname: 'add', args: ['visits', 3] }
  const rows = await client.batchWrite([
    readAll(key(0)), write(key(1), [set('v', 9)]), { type: BATCH_REMOVE, key: key(2) },
    { type: BATCH_APPLY, key: key(3), udf }, readAll(key(9))
  ])
  assert.deepEqual(codes(rows), [0, 0, 0, 0, 2])
  assert.deepEqual(rows[0].record.bins, { v: 0 })
  assert.deepEqual(await get(key(3)), { visits: 3 })
  assert.deepEqual(await get(key(1)), { v: 9 })
  assert.equal(await client.exists(key(2)), false)
})

test('batch-07: deletes', async () => {
  await client.batchWrite(keys(50).map((key) => write(key, [set('v', 1)])))
  assert.deepEqual(codes(await client.batchRemove(keys(51))), [...Array(50).fill(0), 2])
  assert.equal(await client.exists(key(0)), false)
})

test('batch-08: policies of rows', async () => {
  const { exists, gen } = Aerospike.policy
  await put(K, { v: 1 })
  const rows = await client.batchWrite([
    write(K, [set('v', 2)], { exists: exists.CREATE }), write(key('new'), [set('v', 2)], { exists: exists.CREATE }),
    { ...write(K, [set('v', 3)], { gen: gen.EQ }), meta: { gen: 7 } },
    write(key('ttl'), [set('v', 4)], { ttl: 1000 })
  ])
  // The client offers no way to tell a row's generation: the third row expects generation 0.
  assert.deepEqual(codes(rows), [5, 0, 3, 0])
  const { ttl } = await client.get(key('ttl'))
  assert(ttl >= 990 && ttl <= 1000, `time to live ${ttl}`)
  assert.deepEqual(await get(K), { v: 1 })
})

test('batch-09: failures of rows', async () => {
  await put(key(1), { v: 'text' })
  const rows = await client.batchWrite(keys(3).map((key) => write(key, [incr('v', 1)])))
  assert.deepEqual(codes(rows), [0, 12, 0])
})

test('batch-10: functions', async () => {
  await register('counter.lua')
  const add = { module: 'counter', funcname: 'add', args: ['v', 5] }
  for (const row of await client.batchApply(keys(10), add)) assert.equal(row.record.bins.SUCCESS, 5)
  // The rows are lost: the client's error has the code of the whole alone.
  await fails(-16, client.batchApply(keys(2), { module: 'counter', funcname: 'take', args: ['v', 9] }))
})

test('batch-11: many keys', async () => {
  await client.batchWrite(keys(1500).map((key) => write(key, [set('v', 1)])))
  const rows = await client.batchRead(keys(1500).map(readAll))
  assert(rows.length === 1500 && rows.every((row) => row.status === 0))
})

test('batch-12: unknown namespace', async () => {
  const nowhere = new Aerospike.Key('nowhere', 'demo', 1)
  // The client knows no node for it, and says so in the row or for the whole call.
  const outcome = await client.batchRead([readAll(K), readAll(nowhere)]).then(codes, (error) => [error.code])
  assert(outcome.some((code) => code !== 0 && code !== 2), String(outcome))
})

test('batch-13: no keys, and one key thrice', async () => {
  await put(K, { v: 1 })
  const rows = await client.batchRead([K, K, K].map(readAll))
  assert.deepEqual(rows.map((row) => row.record.bins), [{ v: 1 }, { v: 1 }, { v: 1 }])
  const none = await client.batchRead([]).catch((error) => error)
  assert(none instanceof Aerospike.AerospikeError || none.length === 0)
})

test('batch-14: key sent and stored', async () => {
  const policy = { key: Aerospike.policy.key.SEND }
  await client.batchWrite(['one', 'two'].map((name) => write(key(name), [set('v', 1)], policy)))
  const records = await client.scan('test', 'demo').results()
  assert.deepEqual(records.map((record) => record.key.key).sort(), ['one', 'two'])
})

test('batch-15: variants', async () => {
  await put(key(1), { v: 1 })
  for (const i of range(0, 15)) {
    const policy = new Aerospike.BatchPolicy({
      allowInline: !!(i & 1), allowInlineSSD: !!(i & 2), respondAllKeys: !!(i & 4), concurrent: !!(i & 8)
    })
    assert.deepEqual(codes(await client.batchRead(keys(3).map(readAll), policy)), [2, 0, 2])
  }
  await fails(2, client.get(key(0)))
  assert.equal((await client.operate(key(1), [read('v')])).bins.v, 1)
})
