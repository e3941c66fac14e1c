// Multi-record transactions. Each scenario has a set of its own, with two records, of n = 1 and n = 10.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Aerospike from 'aerospike'
import { ask, start } from './server.js'

const { Transaction, operations } = Aerospike
const { commitStatus, abortStatus } = Transaction
const [NOT_FOUND, GENERATION, KEY_EXISTS, UNSUPPORTED, FORBIDDEN] = [2, 3, 5, 16, 22]
const [BLOCKED, MISMATCH, EXPIRED, TOO_MANY, ALREADY_LOCKED] = [120, 121, 122, 123, 126]
// The client's own.
const [REFUSED, FAILED, ALREADY_COMMITTED, ALREADY_ABORTED] = [-2, -17, -18, -19]

const server = await start('strong.conf')
const client = await server.connect()

after(async () => {
  client.close()
  await server.stop()
})

const fails = (code, action) => assert.rejects(action, (error) => {
  assert.equal(error.code, code, error.message)
  return true
})

// Some refusals are thrown at once, others by the promise.
const attempt = async (action) => action()

const put = (key, n, txn, policy = {}, meta = null) =>
  client.put(key, { n }, meta, new Aerospike.WritePolicy({ txn, ...policy }))
const remove = (key, txn) => client.remove(key, new Aerospike.RemovePolicy({ txn, durableDelete: true }))

// Generation and n.
async function read (key, txn) {
  const { gen, bins } = await client.get(key, new Aerospike.ReadPolicy({ txn }))
  assert.deepEqual(Object.keys(bins), ['n'])
  return [gen, bins.n]
}

async function commit (txn) {
  assert.equal(await client.commit(txn), commitStatus.OK)
}

async function abort (txn) {
  assert.equal(await client.abort(txn), abortStatus.OK)
}

function transaction (name, scenario) {
  test(name, async () => {
    const set = /^[^:,]+/.exec(name)[0]
    const key = (name) => new Aerospike.Key('test', set, name)
    const [k, l] = [key('k'), key('l')]
    await put(k, 1)
    await put(l, 10)
    await scenario({ k, l, key, set })
  })
}

// Writes n = 5 into new records in one batch.
const batchOf = (key, count) => Array.from({ length: count }, (_, i) => key(`b${i}`))
const writes = (keys, txn) => client.batchWrite(
  keys.map((key) => ({ type: Aerospike.batchType.BATCH_WRITE, key, ops: [operations.write('n', 5)] })),
  new Aerospike.BatchPolicy({ txn }))

// How often each result, or n, comes in a batch read.
async function tally (keys, txn) {
  const rows = await client.batchRead(
    keys.map((key) => ({ type: Aerospike.batchType.BATCH_READ, key, readAllBins: true })),
    new Aerospike.BatchPolicy({ txn }))
  const counts = {}
  for (const { status, record } of rows) {
    const what = status === 0 ? `n = ${record.bins.n}` : `error ${status}`
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

transaction('transaction-01: commit', async ({ k, l }) => {
  const txn = new Transaction()
  await put(k, 2, txn)
  await put(l, 20, txn)
  assert.deepEqual([await read(k), await read(l)], [[1, 1], [1, 10]])
  assert.deepEqual([await read(k, txn), await read(l, txn)], [[2, 2], [2, 20]])
  await commit(txn)
  assert.deepEqual([await read(k), await read(l)], [[3, 2], [3, 20]])
})

transaction('transaction-02: abort', async ({ k, l, key }) => {
  const txn = new Transaction()
  await put(k, 2, txn)
  await put(l, 20, txn)
  await put(key('new'), 1, txn)
  assert.deepEqual(await read(key('new'), txn), [1, 1])
  await abort(txn)
  assert.deepEqual([await read(k), await read(l)], [[3, 1], [3, 10]])
  await fails(NOT_FOUND, read(key('new')))
})

transaction('transaction-03: locks', async ({ k }) => {
  const [txn, other] = [new Transaction(), new Transaction()]
  await put(k, 2, txn)
  await fails(BLOCKED, put(k, 3, other))
  await fails(BLOCKED, read(k, other))
  await fails(BLOCKED, put(k, 3))
  assert.deepEqual(await read(k), [1, 1])
  await commit(txn)
  await put(k, 3)
  assert.deepEqual(await read(k), [4, 3])
  await abort(other)
})

transaction('transaction-04: deletes', async ({ k }) => {
  const txn = new Transaction()
  await remove(k, txn)
  await fails(NOT_FOUND, remove(k, txn))
  assert.deepEqual(await read(k), [1, 1])
  await fails(NOT_FOUND, read(k, txn))
  await commit(txn)
  await fails(NOT_FOUND, read(k))
})

transaction('transaction-05: touch and operate', async ({ k, l }) => {
  const txn = new Transaction()
  const policy = new Aerospike.OperatePolicy({ txn })
  await client.operate(k, [operations.touch()], null, policy)
  const { bins } = await client.operate(l, [operations.incr('n', 5), operations.read('n')], null, policy)
  assert.deepEqual(bins, { n: 15 })
  assert.deepEqual([await read(k, txn), await read(l, txn)], [[2, 1], [2, 15]])
  await abort(txn)
  assert.deepEqual([await read(k), await read(l)], [[3, 1], [3, 10]])
})

transaction('transaction-06: functions', async ({ k, l }) => {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'))
  const module = join(folder, 'transaction.lua')
  writeFileSync(module, 'function seven(r) r.n = 7 aerospike:update(r) end')
  const job = await client.udfRegister(module)
  await job.waitUntilDone(10)
  rmSync(folder, { recursive: true })
  for (const [key, end, left] of [[k, commit, [3, 7]], [l, abort, [3, 10]]]) {
    const txn = new Transaction()
    const udf = { module: 'transaction', funcname: 'seven', args: [] }
    await client.apply(key, udf, new Aerospike.ApplyPolicy({ txn }))
    assert.deepEqual(await read(key, txn), [2, 7])
    await end(txn)
    assert.deepEqual(await read(key), left)
  }
})

transaction('transaction-07: a batch', async ({ key }) => {
  const txn = new Transaction()
  const keys = batchOf(key, 10)
  assert.deepEqual((await writes(keys, txn)).map((row) => row.status), Array(10).fill(0))
  assert.deepEqual(await tally(keys), { 'error 2': 10 })
  assert.deepEqual(await tally(keys, txn), { 'n = 5': 10 })
  await commit(txn)
  assert.deepEqual(await tally(keys), { 'n = 5': 10 })
})

test('transaction-08: too many writes', {
  skip: 'the client announces one and the same key for all rows of a batch, so that the server cannot count them'
})

// What scenario 08 is about, without a batch.
transaction('too many writes, one by one', async ({ key }) => {
  const txn = new Transaction()
  const keys = batchOf(key, 4097)
  const last = keys.pop()
  for (const key of keys) await put(key, 5, txn)
  await fails(TOO_MANY, put(last, 5, txn))
  await fails(NOT_FOUND, read(last, txn))
  assert.deepEqual(await tally(keys), { 'error 2': 4096 })
  assert.deepEqual(await tally(keys, txn), { 'n = 5': 4096 })
  await abort(txn)
  assert.deepEqual(await tally(keys), { 'error 2': 4096 })
})

transaction('transaction-09: a read that changed', async ({ k, l }) => {
  const txn = new Transaction()
  assert.deepEqual(await read(k, txn), [1, 1])
  await put(k, 5)
  await put(l, 20, txn)
  await fails(MISMATCH, put(k, 6, txn))
  await fails(FAILED, client.commit(txn))
  assert.deepEqual([await read(k), await read(l)], [[2, 5], [3, 10]])
})

transaction('transaction-10: two readers', async ({ k }) => {
  const both = [new Transaction(), new Transaction()]
  for (const txn of both) assert.deepEqual(await read(k, txn), [1, 1])
  for (const txn of both) {
    // The client closes a monitor although none was made for want of writes, and tells that it did not find one.
    assert.equal(await client.commit(txn), commitStatus.CLOSE_ABANDONED)
    assert.equal(txn.getState(), Transaction.state.COMMITTED)
  }
  assert.deepEqual(await read(k), [1, 1])
})

transaction('transaction-11: an end is an end', async ({ k }) => {
  const [committed, aborted] = [new Transaction(), new Transaction()]
  await put(k, 2, committed)
  await commit(committed)
  assert.equal(await client.commit(committed), commitStatus.ALREADY_COMMITTED)
  await fails(ALREADY_COMMITTED, attempt(() => client.abort(committed)))
  await put(k, 3, aborted)
  await abort(aborted)
  assert.equal(await client.abort(aborted), abortStatus.ALREADY_ABORTED)
  await fails(ALREADY_ABORTED, attempt(() => client.commit(aborted)))
  for (const txn of [committed, aborted]) await fails(REFUSED, attempt(() => put(k, 4, txn)))
  assert.deepEqual(await read(k), [5, 2])
})

transaction('transaction-12: the deadline', async ({ k, l }) => {
  const txn = new Transaction()
  txn.setTimeout(2)
  await put(k, 2, txn)
  assert.doesNotMatch(await ask(server.port, 'emulator-clock:advance=6'), /ERROR/)
  assert.deepEqual(await read(k), [3, 1])
  for (const key of [k, l]) await fails(EXPIRED, put(key, 3, txn))
  await abort(txn)
  assert.deepEqual(await read(l), [1, 10])
})

transaction('transaction-13: on locking only', async ({ k }) => {
  const txn = new Transaction()
  await put(k, 2, txn, { onLockingOnly: true })
  await fails(ALREADY_LOCKED, put(k, 3, txn, { onLockingOnly: true }))
  assert.deepEqual(await read(k, txn), [2, 2])
  await abort(txn)
})

transaction('transaction-14: policies', async ({ k, l, key }) => {
  const txn = new Transaction()
  const { exists, gen } = Aerospike.policy
  await fails(KEY_EXISTS, put(k, 2, txn, { exists: exists.CREATE }))
  await fails(NOT_FOUND, put(key('missing'), 2, txn, { exists: exists.UPDATE }))
  await fails(GENERATION, put(k, 2, txn, { gen: gen.EQ }, { gen: 7 }))
  await put(l, 20, txn)
  await commit(txn)
  assert.deepEqual([await read(k), await read(l)], [[1, 1], [3, 20]])
})

transaction('transaction-15: a query', async ({ k, set }) => {
  const index = `i-${set}`
  const job = await client.createIndex(
    { ns: 'test', set, index, bin: 'n', datatype: Aerospike.indexDataType.NUMERIC })
  await job.waitUntilDone(10)
  const found = async () => {
    const query = client.query('test', set)
    query.where(Aerospike.filter.equal('n', 2))
    return (await query.results()).map(({ bins }) => bins)
  }
  const txn = new Transaction()
  await put(k, 2, txn)
  assert.deepEqual(await found(), [])
  await commit(txn)
  assert.deepEqual(await found(), [{ n: 2 }])
  await client.indexRemove('test', index)
})

transaction('transaction-16: deletes outside are durable, too', async ({ k }) => {
  await fails(FORBIDDEN, client.remove(k))
  assert.deepEqual(await read(k), [1, 1])
  await remove(k)
  await fails(NOT_FOUND, read(k))
})

test('transaction-17: without strong consistency', async () => {
  const plain = await start('server.conf')
  const other = await plain.connect()
  const k = new Aerospike.Key('test', 'demo', 'k')
  const policy = new Aerospike.WritePolicy({ txn: new Transaction() })
  await fails(UNSUPPORTED, other.put(k, { n: 1 }, null, policy))
  assert.equal(await other.exists(k), false)
  other.close()
  await plain.stop()
})
