import { test } from 'node:test'
import {
  Aerospike, K, NEVER_EXPIRES, assert, client, fails, generation, get, key, operate, operations, put,
  server, sleep, status
} from './scenarios.js'

const { exists, gen } = Aerospike.policy
const AGING = new Aerospike.Key('aging', 'demo', 'k')
const { read, write, incr, append, touch } = operations

async function roundTrip (value) {
  await put(K, { v: value }, null, { exists: exists.CREATE_OR_REPLACE })
  return (await get(K)).v
}

test('records-01: put and get', async () => {
  await put(K, { name: 'Ada', born: 1815 })
  const record = await client.get(K)
  assert.deepEqual(record.bins, { name: 'Ada', born: 1815 })
  assert.equal(record.gen, 1)
})

test('records-02: integers', async () => {
  for (const value of [0, -1, 2n ** 63n - 1n, -(2n ** 63n)]) assert.equal(await roundTrip(value), value)
})

test('records-03: floats', async () => {
  for (const value of [-2.5, 1e308, Infinity]) assert.equal(await roundTrip(value), value)
  assert.equal(Number(await roundTrip(new Aerospike.Double(0.0))), 0)
})

test('records-04: strings', async () => {
  for (const value of ['', 'text', 'ünïcödé ☃', 'x'.repeat(100_000)]) assert.equal(await roundTrip(value), value)
})

test('records-05: blobs', async () => {
  for (const value of [Buffer.from([]), Buffer.from([0, 1, 255]), Buffer.alloc(100_000, 7)]) {
    assert.deepEqual(await roundTrip(value), value)
  }
})

test('records-06: booleans', async () => {
  for (const value of [true, false]) assert.equal(await roundTrip(value), value)
})

test('records-07: nested values', async () => {
  const list = [1, 'two', 3.5, [4, [5]], { six: 6 }, Buffer.from([7]), true, null]
  assert.deepEqual(await roundTrip(list), list)
  const map = { a: [1, 2], b: { c: { d: null } } }
  assert.deepEqual(await roundTrip(map), map)
  // Keys that are integers come as the texts that JavaScript's objects have.
  assert.deepEqual(await roundTrip(new Map([[3, 'int key']])), { 3: 'int key' })
})

test('records-08: keys of several types', async () => {
  const keys = [key('a'), key(1), key(Buffer.from([1, 2]))]
  for (const [i, key] of keys.entries()) await put(key, { v: i })
  for (const [i, key] of keys.entries()) assert.deepEqual(await get(key), { v: i })
})

test('records-09: keys that differ', async () => {
  const keys = [key(1), key('1'), new Aerospike.Key('test', 'one', 1), new Aerospike.Key('test', 'two', 1)]
  for (const [i, key] of keys.entries()) await put(key, { v: i })
  for (const [i, key] of keys.entries()) assert.deepEqual(await get(key), { v: i })
})

test('records-10: no record', () => fails(2, client.get(K)))

test('records-11: put keeps other bins', async () => {
  await put(K, { a: 1, b: 2 })
  await put(K, { b: 3, c: 4 })
  assert.deepEqual(await get(K), { a: 1, b: 3, c: 4 })
  assert.equal(await generation(K), 2)
})

test('records-12: selected bins', async () => {
  await put(K, { a: 1, b: 2, c: 3 })
  assert.deepEqual((await client.select(K, ['a', 'c'])).bins, { a: 1, c: 3 })
})

test('records-13: exists and metadata', async () => {
  assert.equal(await client.exists(K), false)
  await put(K, { a: 1 })
  assert.equal(await client.exists(K), true)
  assert.equal((await client.existsWithMetadata(K)).gen, 1)
})

test('records-14: delete', async () => {
  await put(K, { a: 1 })
  await put(K, { a: 2 })
  await client.remove(K)
  await fails(2, client.remove(K))
  await put(K, { a: 1 })
  assert.equal(await generation(K), 1)
})

test('records-15: nil', async () => {
  await put(K, { a: 1, b: 2 })
  await put(K, { a: null })
  assert.deepEqual(await get(K), { b: 2 })
  await put(K, { b: null })
  assert.equal(await client.exists(K), false)
})

test('records-16: append and prepend', async () => {
  await put(K, { s: 'merge', i: 1 })
  await client.append(K, { s: 'nce' })
  await client.prepend(K, { s: 'e' })
  await client.append(key('new'), { s: 'x' })
  await fails(12, client.append(K, { i: 'x' }))
  assert.deepEqual(await get(K), { s: 'emergence', i: 1 })
  assert.deepEqual(await get(key('new')), { s: 'x' })
})

test('records-17: add', async () => {
  await put(K, { n: 40, max: 2n ** 63n - 1n, s: 'x' })
  await client.add(K, { n: 5 })
  await client.add(K, { n: -3, max: 1 })
  await client.add(key('new'), { n: 7 })
  await fails(12, client.add(K, { s: 1 }))
  assert.deepEqual(await get(K), { n: 42, max: -(2n ** 63n), s: 'x' })
  assert.deepEqual(await get(key('new')), { n: 7 })
})

test('records-18: names of bins', async () => {
  await put(K, { ['b'.repeat(15)]: 1 })
  assert.deepEqual(await get(K), { ['b'.repeat(15)]: 1 })
  await assert.rejects(async () => put(K, { ['b'.repeat(16)]: 1 }))
})

test('records-19: unknown namespace', async () => {
  const nowhere = new Aerospike.Key('nowhere', 'demo', 'k')
  // 20, or the client's own: it knows no node for the namespace.
  await fails([20, -8, status.ERR_CLUSTER], put(nowhere, { a: 1 }))
})

test('records-20: too big', async () => {
  await fails(13, put(K, { v: Buffer.alloc(1024 * 1024) }))
  assert.equal(await client.exists(K), false)
})

test('records-21: 500 bins', async () => {
  const bins = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`bin${i}`, i]))
  await put(K, bins)
  assert.deepEqual(await get(K), bins)
})

test('records-22: key sent and stored', async () => {
  await put(K, { a: 1 }, null, { key: Aerospike.policy.key.SEND })
  const records = await client.scan('test', 'demo').results()
  assert.deepEqual(records.map((record) => record.key.key), ['k'])
})

test('records-23: touch', async () => {
  await put(K, { a: 1 })
  await operate(K, [touch(0)])
  assert.equal(await generation(K), 2)
  assert.deepEqual(await get(K), { a: 1 })
  await fails(2, operate(key('none'), [touch(0)]))
})

// ---------------------------------------------------------------- policies

async function assertTtl (least, most, key, policy) {
  const { ttl } = await client.get(key, policy)
  assert(least <= ttl && ttl <= most, `time to live ${ttl}`)
}

test('policies-01: generation equal', async () => {
  await put(K, { a: 1 })
  await put(K, { a: 2 }, { gen: 1 }, { gen: gen.EQ })
  await fails(3, put(K, { a: 3 }, { gen: 1 }, { gen: gen.EQ }))
  assert.deepEqual(await get(K), { a: 2 })
})

test('policies-02: generation greater', async () => {
  await put(K, { a: 1 })
  await fails(3, put(K, { a: 2 }, { gen: 1 }, { gen: gen.GT }))
  await put(K, { a: 3 }, { gen: 7 }, { gen: gen.GT })
})

test('policies-03: delete with a generation', async () => {
  await put(K, { a: 1 })
  const remove = (generation) => client.remove(K, new Aerospike.RemovePolicy({ gen: gen.EQ, generation }))
  await fails(3, remove(5))
  await remove(1)
})

test('policies-04: create only', async () => {
  await put(K, { a: 1 }, null, { exists: exists.CREATE })
  await fails(5, put(K, { a: 2 }, null, { exists: exists.CREATE }))
})

test('policies-05: update only', async () => {
  await fails(2, put(K, { a: 1 }, null, { exists: exists.UPDATE }))
  await put(K, { a: 1 })
  await put(K, { b: 2 }, null, { exists: exists.UPDATE })
  assert.deepEqual(await get(K), { a: 1, b: 2 })
})

test('policies-06: replace only', async () => {
  await fails(2, put(K, { a: 1 }, null, { exists: exists.REPLACE }))
  await put(K, { a: 1 })
  await put(K, { b: 2 }, null, { exists: exists.REPLACE })
  assert.deepEqual(await get(K), { b: 2 })
})

test('policies-07: create or replace', async () => {
  await put(K, { a: 1 }, null, { exists: exists.CREATE_OR_REPLACE })
  await put(K, { b: 2 }, null, { exists: exists.CREATE_OR_REPLACE })
  assert.deepEqual(await get(K), { b: 2 })
  assert.equal(await generation(K), 2)
})

test('policies-08: time to live', async () => {
  await put(K, { a: 1 }, { ttl: 1000 })
  await assertTtl(990, 1000, K)
})

test('policies-09: default time to live', async () => {
  await put(AGING, { a: 1 }, { ttl: Aerospike.ttl.NAMESPACE_DEFAULT })
  await assertTtl(90, 100, AGING)
  await put(AGING, { a: 1 }, { ttl: Aerospike.ttl.NEVER_EXPIRE })
  await assertTtl(NEVER_EXPIRES, NEVER_EXPIRES, AGING)
  await put(AGING, { a: 1 }, { ttl: 5000 })
  await put(AGING, { a: 2 }, { ttl: Aerospike.ttl.DONT_UPDATE })
  await assertTtl(4990, 5000, AGING)
})

test('policies-10: expiry', async () => {
  await put(K, { a: 1 }, { ttl: 1 })
  await sleep(2200)
  await fails(2, client.get(K))
  await put(K, { a: 2 }, null, { exists: exists.CREATE })
})

test('policies-11: touch sets the time to live', async () => {
  await put(K, { a: 1 })
  await operate(K, [touch(300)])
  await assertTtl(290, 300, K)
})

test('policies-12: durable delete', async () => {
  await put(K, { a: 1 })
  await client.remove(K, new Aerospike.RemovePolicy({ durableDelete: true }))
  assert.equal(await client.exists(K), false)
})

test('policies-13: optimistic concurrency', async () => {
  await put(K, { a: 1 })
  const other = await server.connect()
  const [mine, theirs] = [(await client.get(K)).gen, (await other.get(K)).gen]
  await put(K, { a: 2 }, { gen: mine }, { gen: gen.EQ })
  await fails(3, other.put(K, { a: 3 }, { gen: theirs }, new Aerospike.WritePolicy({ gen: gen.EQ })))
  other.close(false)
})

test('policies-14: reads that touch', async () => {
  await put(AGING, { a: 1 }, { ttl: 100 })
  await sleep(2100)
  await assertTtl(0, 98, AGING, new Aerospike.ReadPolicy({ readTouchTtlPercent: -1 }))
  await client.get(AGING, new Aerospike.ReadPolicy({ readTouchTtlPercent: 100 }))
  await assertTtl(99, 100, AGING)
})

test('policies-15: consistency levels', async () => {
  for (const commitLevel of Object.values(Aerospike.policy.commitLevel)) await put(K, { a: 1 }, null, { commitLevel })
  for (const name of ['readModeAP', 'readModeSC', 'replica']) {
    for (const value of Object.values(Aerospike.policy[name])) {
      assert.deepEqual((await client.get(K, new Aerospike.ReadPolicy({ [name]: value }))).bins, { a: 1 })
    }
  }
})

test('policies-16: compression', async () => {
  await put(K, { v: 'x'.repeat(50_000) }, null, { compress: true, compressionThreshold: 128 })
  const { bins } = await client.get(K, new Aerospike.ReadPolicy({ compress: true }))
  assert.equal(bins.v, 'x'.repeat(50_000))
})

// ---------------------------------------------------------------- operate

test('operate-01: reads', async () => {
  await put(K, { a: 1, b: 'x', c: 2.5 })
  assert.deepEqual((await operate(K, [read('a'), read('c')])).bins, { a: 1, c: 2.5 })
  assert.equal(await generation(K), 1)
})

test('operate-02: write, then read', async () => {
  const record = await operate(K, [write('a', 7), read('a')])
  assert.equal(record.bins.a, 7)
  assert.equal(record.gen, 1)
})

test('operate-03: in order', async () => {
  await put(K, { n: 1 })
  // The client keeps one result for each bin.
  const record = await operate(K, [read('n'), incr('n', 10), read('n'), incr('n', 5), read('n')])
  assert.equal(record.bins.n, 16)
})

test('operate-04: one generation', async () => {
  await operate(K, [write('a', 1), incr('b', 2), append('c', 'x')])
  assert.deepEqual(await get(K), { a: 1, b: 2, c: 'x' })
  assert.equal(await generation(K), 1)
})

test('operate-05: a failure changes nothing', async () => {
  await put(K, { n: 1, text: 'x' })
  await fails(12, operate(K, [incr('n', 1), incr('text', 1)]))
  assert.deepEqual(await get(K), { n: 1, text: 'x' })
})

test('operate-06: touch', async () => {
  await put(K, { a: 1 })
  const record = await operate(K, [touch(0), read('a')])
  assert.deepEqual([record.bins.a, record.gen], [1, 2])
})

test('operate-07: read and delete', async () => {
  await put(K, { a: 1 })
  assert.equal((await operate(K, [read('a'), operations.delete()])).bins.a, 1)
  assert.equal(await client.exists(K), false)
})

test('operate-08: delete and write', async () => {
  await put(K, { old: 1 })
  await operate(K, [operations.delete(), write('new', 2)])
  assert.deepEqual(await get(K), { new: 2 })
})

test('operate-09: missing record', () => fails(2, operate(K, [read('a')])))

test('operate-10: time to live', async () => {
  await operate(K, [write('a', 1)], { ttl: 500 })
  await assertTtl(490, 500, K)
})

test('operate-11: all bins', { skip: 'the client has no operation that reads all bins' })
