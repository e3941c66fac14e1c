// Scans, pages, indexes, queries, geospatial queries, background jobs.

import { afterEach, beforeEach, test } from 'node:test'
import {
  Aerospike, K, assert, client, createIndex, dropIndexes, exp, fails, get, info, key, operations, point, put, putQ, q,
  range, register, sleep, sorted
} from './scenarios.js'

const { filter } = Aerospike
const { NUMERIC, STRING, BLOB, GEO2DSPHERE } = Aerospike.indexDataType
const { LIST, MAPKEYS, MAPVALUES } = Aerospike.indexType
const ALL = range(0, 59)
const RANK = new Aerospike.cdt.Context().addMapKey('inner').addMapKey('rank')

beforeEach(putQ)
afterEach(dropIndexes)

const numbers = (records) => sorted(records.map((record) => record.bins.n))
const scan = async (options, policy) =>
  numbers(await client.scan('test', 'q', options).results(policy && new Aerospike.ScanPolicy(policy)))
const where = (predicate, options) => client.query('test', 'q', { filters: [predicate], ...options })
const find = async (predicate, options, policy) =>
  numbers(await where(predicate, options).results(policy && new Aerospike.QueryPolicy(policy)))

// All records of a stream.
function collect (stream, each = () => {}) {
  return new Promise((resolve, reject) => {
    const records = []
    stream.on('data', (record) => records.push(each(record) ?? record))
    stream.on('error', reject)
    stream.on('end', () => resolve(records))
  })
}

test('scan-01: a set', async () => assert.deepEqual(await scan(), ALL))

test('scan-02: a namespace', async () => {
  await put(K, { n: 100 })
  await put(new Aerospike.Key('test', null, 'k'), { n: 101 })
  const records = await client.scan('test').results()
  assert.deepEqual(numbers(records), [...ALL, 100, 101])
})

test('scan-03: selected bins', async () => {
  for (const { bins } of await client.scan('test', 'q', { select: ['n', 's'] }).results()) {
    assert.deepEqual(Object.keys(bins).sort(), ['n', 's'])
  }
  for (const { bins } of await client.scan('test', 'q', { nobins: true }).results()) assert.deepEqual(bins, {})
})

test('scan-04: unknown names', async () => {
  assert.deepEqual(await client.scan('test', 'unknown').results(), [])
  await assert.rejects(client.scan('nowhere', 'q').results())
})

test('scan-05: filter', async () => {
  const filterExpression = exp.ge(exp.binInt('n'), exp.int(50))
  assert.deepEqual(await scan({}, { filterExpression }), range(50, 59))
})

test('scan-06: most records', async () => assert.equal((await scan({}, { maxRecords: 10 })).length, 10))

test('scan-07: partitions', async () => {
  const part = async (begin, count) => {
    const scan = client.scan('test', 'q')
    scan.partitions(begin, count)
    return numbers(await scan.results())
  }
  const [first, second] = [await part(0, 2048), await part(2048, 2048)]
  assert(first.length > 0 && second.length > 0)
  assert.deepEqual(sorted([...first, ...second]), ALL)
  assert((await part(17, 1)).length <= 5)
})

test('scan-08: stop in the middle', async () => {
  let count = 0
  const stream = client.scan('test', 'q').foreach()
  await collect(stream, () => { if (++count === 5) stream.abort() })
  assert.deepEqual(await scan(), ALL)
})

test('scan-09: records per second', async () => {
  const begin = performance.now()
  assert.deepEqual(await scan({}, { recordsPerSecond: 100 }), ALL)
  assert(performance.now() - begin > 300)
})

test('scan-10: read slowly', async () => {
  const v = Buffer.alloc(2000)
  for (let at = 0; at < 5000; at += 100) {
    await Promise.all(range(at, at + 99).map((n) => put(new Aerospike.Key('test', 'big', n), { n, v })))
  }
  const found = await collect(client.scan('test', 'big').foreach(), ({ bins: { n } }) => {
    const until = performance.now() + (n % 100 === 0 ? 5 : 0)
    while (performance.now() < until);
  })
  assert.deepEqual(numbers(found), range(0, 4999))
})

test('scan-11: metadata', async () => {
  for (const { gen, ttl } of await client.scan('test', 'q').results()) assert.deepEqual([gen, ttl], [1, -1])
})

// One page of a scan or query, which then stands at the next: `results` of a scan in pages ends the process.
function page (query, policy) {
  return new Promise((resolve, reject) => {
    const numbers = []
    query.foreach(policy).on('data', ({ bins }) => numbers.push(bins.n)).on('error', reject).on('end', (state) => {
      query.nextPage(state)
      resolve(numbers)
    })
  })
}

// All pages; `between` runs after each.
async function pages (query, policy, between = () => {}) {
  const all = []
  do {
    all.push(await page(query, policy))
    await between(all.length)
  } while (query.hasNextPage() && all.at(-1).length > 0)
  return all
}

const paged = (maxRecords, options) => client.query('test', 'q', { paginate: true, maxRecords, ...options })

test('page-01: pages of a scan', async () => {
  const found = await pages(client.scan('test', 'q', { paginate: true }), { maxRecords: 7 })
  assert.deepEqual(sorted(found.flat()), ALL)
  assert(found.every((page) => page.length <= 7))
})

test('page-02: pages of a query', async () => {
  await createIndex('n', 'n', NUMERIC)
  const found = await pages(paged(7, { filters: [filter.range('n', 10, 49)] }))
  assert.deepEqual(sorted(found.flat()), range(10, 49))
  assert(found.every((page) => page.length <= 7))
})

test('page-03: sizes of pages', async () => {
  for (const size of [1, 1000]) assert.deepEqual(sorted((await pages(paged(size))).flat()), ALL)
})

test('page-04: writes between pages', async () => {
  const found = await pages(paged(7), undefined, async (page) => {
    await put(q(1000 + page), { n: 1000 + page })
    await client.remove(q(50 + page)).catch(() => {})
  })
  assert.deepEqual(sorted(found.flat().filter((n) => n < 50)), range(0, 49))
  assert.equal(new Set(found.flat()).size, found.flat().length)
})

test('page-05: cursor of another query', async () => {
  const first = paged(20)
  const found = await page(first)
  const second = paged(1000)
  second.nextPage(first.queryState)
  assert.deepEqual(sorted([...found, ...await page(second)]), ALL)
})

// ---------------------------------------------------------------- indexes

test('index-01: create', async () => {
  await createIndex('n', 'n', NUMERIC)
  await createIndex('n', 'n', NUMERIC).catch((error) => assert.equal(error.code, 200))
  assert.deepEqual(await find(filter.equal('n', 7)), [7])
})

test('index-02: types', async () => {
  await createIndex('s', 's', STRING)
  await createIndex('b', 'b', BLOB)
  await createIndex('g', 'g', GEO2DSPHERE)
  assert.equal((await find(filter.equal('s', 's1'))).length, 12)
  assert.equal((await find(filter.equal('b', Buffer.from([1])))).length, 20)
  assert.deepEqual(await find(filter.geoWithinGeoJSONRegion('g', box(-0.05, -1, 1.05, 1))), range(0, 10))
})

test('index-03: collections', async () => {
  await createIndex('l', 'l', NUMERIC, { type: LIST })
  await createIndex('k', 'm', STRING, { type: MAPKEYS })
  await createIndex('v', 'm', NUMERIC, { type: MAPVALUES })
  assert.deepEqual(await find(filter.contains('l', 5, LIST)), [4, 5])
  assert.deepEqual(await find(filter.contains('m', 'k3', MAPKEYS)), ALL.filter((n) => n % 7 === 3))
  assert.deepEqual(await find(filter.contains('m', 33, MAPVALUES)), [33])
})

test('index-04 query-07: context', async () => {
  await createIndex('d', 'd', NUMERIC, { type: LIST, context: RANK })
  assert.deepEqual(await find(filter.range('d', 100, 103, LIST, RANK)), range(0, 3))
})

test('index-05 query-08: expression', async () => {
  const plus = exp.add(exp.binInt('n'), exp.int(1000))
  const job = await client.createExpIndex({ ns: 'test', set: 'q', index: 'plus', datatype: NUMERIC, exp: plus })
  await job.waitUntilDone(10)
  const query = client.query('test', 'q')
  query.whereWithExp(filter.range(null, 1010, 1012), plus)
  assert.deepEqual(numbers(await query.results()), [10, 11, 12])
})

test('index-06: same name', async () => {
  await createIndex('n', 'n', NUMERIC)
  await fails(200, createIndex('n', 'other', NUMERIC))
})

test('index-07: drop', async () => {
  await createIndex('n', 'n', NUMERIC)
  await client.indexRemove('test', 'n')
  await fails(201, find(filter.equal('n', 7)))
  await client.indexRemove('test', 'n').catch((error) => assert.equal(error.code, 201))
})

test('index-08: before and after', async () => {
  await createIndex('n', 'n', NUMERIC)
  await client.truncate('test', 'q', 0)
  await putQ()
  assert.deepEqual(await find(filter.range('n', 10, 20)), range(10, 20))
})

test('index-09: follows changes', async () => {
  await createIndex('n', 'n', NUMERIC)
  await put(q(0), { n: 500 })
  await put(q(1), { n: 'text' })
  await put(q(2), { n: null })
  await client.remove(q(3))
  await put(q(4), { n: 4 }, { ttl: 1 })
  await sleep(2200)
  assert.deepEqual(await find(filter.range('n', 0, 9)), range(5, 9))
  assert.deepEqual(await find(filter.equal('n', 500)), [500])
  await client.truncate('test', 'q', 0)
  assert.deepEqual(await find(filter.range('n', 0, 1000)), [])
})

// ---------------------------------------------------------------- queries

test('query-01 query-02: numbers', async () => {
  await createIndex('n', 'n', NUMERIC)
  assert.deepEqual(await find(filter.equal('n', 33)), [33])
  assert.deepEqual(await find(filter.range('n', 55, 1000)), range(55, 59))
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number
  assert.deepEqual(await find(filter.range('n', MIN_SAFE_INTEGER, MAX_SAFE_INTEGER)), ALL)
})

test('query-03: strings', async () => {
  await createIndex('s', 's', STRING)
  assert.deepEqual(await find(filter.equal('s', 's3')), ALL.filter((n) => n % 5 === 3))
})

test('query-04: blobs', async () => {
  await createIndex('b', 'b', BLOB)
  assert.deepEqual(await find(filter.equal('b', Buffer.from([2]))), ALL.filter((n) => n % 3 === 2))
})

test('query-05: lists', async () => {
  await createIndex('li', 'l', NUMERIC, { type: LIST })
  await createIndex('ls', 'l', STRING, { type: LIST })
  assert.deepEqual(await find(filter.contains('l', 10, LIST)), [9, 10])
  assert.deepEqual(await find(filter.contains('l', 'e44', LIST)), [44])
  assert.deepEqual([...new Set(await find(filter.range('l', 3, 6, LIST)))], range(2, 6))
})

test('query-06: maps', async () => {
  await createIndex('k', 'm', STRING, { type: MAPKEYS })
  await createIndex('v', 'm', NUMERIC, { type: MAPVALUES })
  assert.deepEqual(await find(filter.contains('m', 'k6', MAPKEYS)), ALL.filter((n) => n % 7 === 6))
  assert.deepEqual(await find(filter.range('m', 57, 70, MAPVALUES)), [57, 58, 59])
})

test('query-09: by the name of the index', async () => {
  await createIndex('named', 'n', NUMERIC)
  const query = client.query('test', 'q')
  query.whereWithIndexName(filter.range(null, 10, 12), 'named')
  assert.deepEqual(numbers(await query.results()), [10, 11, 12])
})

test('query-10: filter', async () => {
  await createIndex('n', 'n', NUMERIC)
  const filterExpression = exp.lt(exp.binInt('n'), exp.int(15))
  assert.deepEqual(await find(filter.range('n', 10, 20), {}, { filterExpression }), range(10, 14))
})

test('query-11: bins', async () => {
  await createIndex('n', 'n', NUMERIC)
  const [selected] = await where(filter.equal('n', 7), { select: ['n', 's'] }).results()
  assert.deepEqual(selected.bins, { n: 7, s: 's2' })
  const [none] = await where(filter.equal('n', 7), { nobins: true }).results()
  assert.deepEqual(none.bins, {})
})

test('query-12: partitions', async () => {
  await createIndex('n', 'n', NUMERIC)
  const part = async (begin, count) => {
    const query = where(filter.range('n', 10, 49))
    query.partitions(begin, count)
    return numbers(await query.results())
  }
  assert.deepEqual(sorted([...await part(0, 2048), ...await part(2048, 2048)]), range(10, 49))
})

test('query-13: durations', async () => {
  await createIndex('n', 'n', NUMERIC)
  for (const expectedDuration of Object.values(Aerospike.policy.queryDuration)) {
    assert.deepEqual(await find(filter.range('n', 10, 49), {}, { expectedDuration }), range(10, 49))
  }
})

test('query-14: errors', async () => {
  await fails(201, find(filter.equal('n', 7)))
  await createIndex('n', 'n', NUMERIC)
  const outcome = await find(filter.range('n', 9, 3)).catch((error) => error.code)
  assert(outcome === 4 || outcome.length === 0)
})

test('query-15: most records', async () => {
  await createIndex('n', 'n', NUMERIC)
  assert.equal((await find(filter.range('n', 10, 49), { maxRecords: 5 })).length, 5)
})

test('query-16: while others write', async () => {
  await createIndex('n', 'n', NUMERIC)
  const writes = Promise.all(range(0, 999).map((i) => put(q(40 + i % 20), { n: 1000 + i })))
  for (let i = 0; i < 10; i++) assert.deepEqual(await find(filter.range('n', 0, 39)), range(0, 39))
  await writes
})

// ---------------------------------------------------------------- geospatial

const ring = (w, s, e, n) => [[w, s], [e, s], [e, n], [w, n], [w, s]]
const polygon = (...rings) => new Aerospike.GeoJSON({ type: 'Polygon', coordinates: rings })
const box = (...sides) => polygon(ring(...sides))
const putGeo = (n, value) => put(q(n), { n, g: new Aerospike.GeoJSON(value) })

async function putPoints () {
  await client.truncate('test', 'q', 0)
  await createIndex('g', 'g', GEO2DSPHERE)
  for (const n of range(-5, 5)) await putGeo(n, point(n, 0))
}

test('geo-01: within a polygon', async () => {
  await putPoints()
  assert.deepEqual(await find(filter.geoWithinGeoJSONRegion('g', box(-2.5, -1, 2.5, 1))), range(-2, 2))
})

test('geo-02: within a circle', async () => {
  await putPoints()
  const circle = new Aerospike.GeoJSON({ type: 'AeroCircle', coordinates: [[5, 0], 115000] })
  assert.deepEqual(await find(filter.geoWithinGeoJSONRegion('g', circle)), [4, 5])
  assert.deepEqual(await find(filter.geoWithinRadius('g', 0, 0, 112000)), [-1, 0, 1])
})

test('geo-03 geo-04: holes and multi-polygons', async () => {
  await putPoints()
  const hole = polygon(ring(-3.5, -1, 3.5, 1), ring(-1.5, -0.5, 1.5, 0.5).reverse())
  assert.deepEqual(await find(filter.geoWithinGeoJSONRegion('g', hole)), [-3, -2, 2, 3])
  const coordinates = [[ring(-5.5, -1, -4.5, 1)], [ring(4.5, -1, 5.5, 1)]]
  const both = new Aerospike.GeoJSON({ type: 'MultiPolygon', coordinates })
  assert.deepEqual(await find(filter.geoWithinGeoJSONRegion('g', both)), [-5, 5])
})

test('geo-05: regions that contain a point', async () => {
  await putPoints()
  await putGeo(100, { type: 'Polygon', coordinates: [ring(-1.5, -1.5, 1.5, 1.5)] })
  await putGeo(200, { type: 'AeroCircle', coordinates: [[4, 0], 150000] })
  const around = (longitude) => find(filter.geoContainsPoint('g', longitude, 0))
  assert.deepEqual([await around(0), await around(4.5), await around(2.2)], [[100], [200], []])
})

test('geo-06: values', async () => {
  await putPoints()
  assert.deepEqual((await get(q(3))).g.toJSON?.() ?? JSON.parse(String((await get(q(3))).g)), point(3, 0))
  await fails(160, putGeo(9, point(500, 0)))
  await fails(4, find(filter.geoWithinGeoJSONRegion('g', new Aerospike.GeoJSON({ type: 'Unknown' }))))
})

test('geo-07: a list of points', async () => {
  await createIndex('gl', 'points', GEO2DSPHERE, { type: LIST })
  await put(q(7), { points: [point(50, 50), point(60, 60)].map((point) => new Aerospike.GeoJSON(point)) })
  assert.deepEqual(await find(filter.geoWithinGeoJSONRegion('points', box(59, 59, 61, 61), LIST)), [7])
  assert.deepEqual(await find(filter.geoWithinGeoJSONRegion('points', box(69, 59, 71, 61), LIST)), [])
})

// ---------------------------------------------------------------- background jobs

async function background (predicate, ops, policy) {
  const query = client.query('test', 'q', predicate ? { filters: [predicate] } : {})
  const job = await query.operate(ops, policy && new Aerospike.WritePolicy(policy))
  await job.waitUntilDone(10)
  return job
}

async function assertNumbers (expected) {
  for (const i of ALL) {
    const record = await client.get(q(i))
    assert.deepEqual([record.bins.n, record.gen], [expected(i), expected(i) === i ? 1 : 2], `record ${i}`)
  }
}

const ADD = [operations.incr('n', 100)]
const less = (n) => exp.lt(exp.binInt('n'), exp.int(n))

test('background-01: all', async () => {
  await background(null, ADD)
  await assertNumbers((i) => i + 100)
})

test('background-02: through an index', async () => {
  await createIndex('n', 'n', NUMERIC)
  await background(filter.range('n', 0, 9), ADD)
  await assertNumbers((i) => i < 10 ? i + 100 : i)
})

test('background-03: through a filter', async () => {
  await background(null, ADD, { filterExpression: less(30) })
  await assertNumbers((i) => i < 30 ? i + 100 : i)
})

test('background-04: delete', async () => {
  await background(null, [operations.delete()], { filterExpression: exp.not(less(10)) })
  assert.deepEqual(await scan(), range(0, 9))
})

test('background-05: function', async () => {
  await register('counter.lua')
  const job = await client.query('test', 'q').background('counter', 'add', ['n', 100])
  await job.waitUntilDone(10)
  await assertNumbers((i) => i + 100)
})

test('background-06: function through index and filter', async () => {
  await register('counter.lua')
  await createIndex('n', 'n', NUMERIC)
  const policy = new Aerospike.WritePolicy({ filterExpression: less(5) })
  const job = await where(filter.range('n', 0, 9)).background('counter', 'add', ['n', 100], policy)
  await job.waitUntilDone(10)
  await assertNumbers((i) => i < 5 ? i + 100 : i)
})

// The client refuses by itself.
test('background-07: reads', () => fails([4, -2], background(null, [operations.read('n')])))

test('background-08: jobs', async () => {
  const job = await background(null, ADD)
  const shown = await info(`query-show:trid=${BigInt.asUintN(64, BigInt(job.jobID))}`)
  assert.match(shown, /status=done/)
  assert.match(shown, /recs-succeeded=60/)
})

test('background-09: time to live', async () => {
  await background(null, [operations.touch(1000)])
  const { ttl } = await client.get(q(1))
  assert(ttl >= 990 && ttl <= 1000, `time to live ${ttl}`)
  await fails(2, client.get(key('none')))
})
