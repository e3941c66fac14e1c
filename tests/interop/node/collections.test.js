// Lists, maps, bits and HyperLogLog.

import { beforeEach, describe, test } from 'node:test'
import { Aerospike, K, assert, client, fails, get, operate, put, range, result } from './scenarios.js'

const { lists, maps, bitwise, hll } = Aerospike
const Context = Aerospike.cdt.Context

// Starts with bins, runs an operation; asserts its result and what is left of the bin.
async function check (before, operation, expected, after) {
  const { bin } = operation
  await put(K, { [bin]: before }, null, { exists: Aerospike.policy.exists.CREATE_OR_REPLACE })
  assert.deepEqual((await result(operation)) ?? null, expected)
  assert.deepEqual((await get(K))[bin], after)
}

describe('lists', () => {
  const { VALUE, COUNT, INDEX, RANK } = lists.returnType
  const five = [1, 2, 3, 4, 5]
  const unique = (flags) => new Aerospike.ListPolicy({ writeFlags: lists.writeFlags.ADD_UNIQUE | flags })
  const bounded = (flags) => new Aerospike.ListPolicy({ writeFlags: lists.writeFlags.INSERT_BOUNDED | flags })
  const start = (...elements) => put(K, { l: elements }, null, { exists: Aerospike.policy.exists.CREATE_OR_REPLACE })

  test('lists-01: append and insert', async () => {
    assert.equal(await result(lists.append('l', 1)), 1)
    assert.equal(await result(lists.appendItems('l', [2, 3])), 3)
    assert.equal(await result(lists.insert('l', 0, 0)), 4)
    assert.equal(await result(lists.insertItems('l', 1, ['x', 'y'])), 6)
    assert.equal(await result(lists.size('l')), 6)
    assert.deepEqual(await get(K), { l: [0, 'x', 'y', 1, 2, 3] })
  })

  test('lists-02: reads', async () => {
    await start(10, 20, 30, 40)
    assert.equal(await result(lists.get('l', 1)), 20)
    assert.deepEqual(await result(lists.getRange('l', 1, 2)), [20, 30])
    assert.equal(await result(lists.getByIndex('l', -1, VALUE)), 40)
    assert.deepEqual(await result(lists.getByIndexRange('l', -2, undefined, VALUE)), [30, 40])
    assert.deepEqual(await result(lists.getByIndexRange('l', 1, 2, VALUE)), [20, 30])
  })

  test('lists-03: set, trim, clear, pop, remove', async () => {
    await check(five, lists.set('l', 1, 'x'), null, [1, 'x', 3, 4, 5])
    await check(five, lists.trim('l', 1, 2), 3, [2, 3])
    await check(five, lists.clear('l'), null, [])
    await check(five, lists.pop('l', 0), 1, [2, 3, 4, 5])
    await check(five, lists.popRange('l', 1, 2), [2, 3], [1, 4, 5])
    await check(five, lists.remove('l', -1), 1, [1, 2, 3, 4])
    await check(five, lists.removeRange('l', 0, 4), 4, [5])
  })

  test('lists-04: removals', async () => {
    await check(five, lists.removeByIndex('l', 2, VALUE), 3, [1, 2, 4, 5])
    await check(five, lists.removeByIndexRange('l', 1, 2, COUNT), 2, [1, 4, 5])
    await check(five, lists.removeByValue('l', 4, INDEX), [3], [1, 2, 3, 5])
    await check(five, lists.removeByValueList('l', [1, 5, 9], COUNT), 2, [2, 3, 4])
    await check(five, lists.removeByValueRange('l', 2, 4, VALUE), [2, 3], [1, 4, 5])
    await check(five, lists.removeByRank('l', -1, RANK), 4, [1, 2, 3, 4])
    await check(five, lists.removeByRankRange('l', 0, 2, COUNT), 2, [3, 4, 5])
    await check(five, lists.removeByValueRelRankRange('l', 3, 0, 2, COUNT), 2, [1, 2, 5])
  })

  test('lists-05: increment', async () => {
    await start(1, 2, 3)
    assert.equal(await result(lists.increment('l', 1, 5)), 7)
    assert.equal(await result(lists.increment('new', 0, 5)), 5)
    assert.deepEqual(await get(K), { l: [1, 7, 3], new: [5] })
  })

  test('lists-06: sort and order', async () => {
    await check([3, 1, 2, 1], lists.sort('l', lists.sortFlags.DEFAULT), null, [1, 1, 2, 3])
    await check([3, 1, 2, 1], lists.sort('l', lists.sortFlags.DROP_DUPLICATES), null, [1, 2, 3])
    await start(3, 1, 2)
    await operate(K, [lists.setOrder('l', lists.order.ORDERED), lists.append('l', 0)])
    assert.deepEqual(await get(K), { l: [0, 1, 2, 3] })
  })

  test('lists-07: ranges of values', async () => {
    await start(1, 3, 5, 7, 9)
    assert.deepEqual(await result(lists.getByValueRange('l', 3, 7, VALUE)), [3, 5])
    assert.deepEqual(await result(lists.getByValueRange('l', 3, 7, VALUE).invertSelection()), [1, 7, 9])
  })

  test('lists-08: ranks', async () => {
    await start(5, 1, 9, 3)
    assert.deepEqual((await result(lists.getByRankRange('l', -2, 2, VALUE))).sort(), [5, 9])
    assert.deepEqual(await result(lists.getByValueRelRankRange('l', 3, 1, 1, VALUE)), [5])
  })

  test('lists-09: unique elements', async () => {
    const { NO_FAIL, PARTIAL } = lists.writeFlags
    await start(1, 2)
    await fails(24, operate(K, [lists.append('l', 1, unique(0))]))
    assert.equal(await result(lists.append('l', 1, unique(NO_FAIL))), 2)
    assert.equal(await result(lists.appendItems('l', [2, 3, 1, 4], unique(NO_FAIL | PARTIAL))), 4)
    assert.deepEqual(await get(K), { l: [1, 2, 3, 4] })
  })

  test('lists-10: bounded inserts', async () => {
    await start(1, 2, 3)
    await fails(26, operate(K, [lists.insert('l', 9, 4, bounded(0))]))
    await operate(K, [lists.insert('l', 9, 4, bounded(lists.writeFlags.NO_FAIL))])
    assert.deepEqual(await get(K), { l: [1, 2, 3] })
  })

  test('lists-11: errors', async () => {
    await start(1, 2, 3)
    await fails(26, operate(K, [lists.get('l', 3)]))
    assert.deepEqual(await result(lists.getByIndexRange('l', 3, 2, VALUE)), [])
    await put(K, { i: 1 })
    await fails(12, operate(K, [lists.append('i', 1)]))
  })

  test('lists-12: contexts', async () => {
    await start([1], [2])
    await operate(K, [lists.append('l', 9).withContext((ctx) => ctx.addListIndex(1))])
    await put(K, { m: { a: [[7], [1]] } })
    await operate(K, [lists.append('m', 8).withContext((ctx) => ctx.addMapKey('a').addListRank(-1))])
    const create = new Context().addListIndexCreate(0, lists.order.UNORDERED, false)
    await operate(K, [lists.append('new', 1).withContext(create)])
    assert.deepEqual(await get(K), { l: [[1], [2, 9]], m: { a: [[7, 8], [1]] }, new: [[1]] })
  })

  test('lists-13: return types', async () => {
    const { EXISTS, NONE, REVERSE_INDEX, REVERSE_RANK } = lists.returnType
    await start(5, 1, 9)
    assert.equal(await result(lists.getByValue('l', 9, EXISTS)), true)
    assert.equal(await result(lists.getByValue('l', 8, EXISTS)), false)
    assert.deepEqual(await result(lists.getByValue('l', 9, REVERSE_INDEX)), [0])
    assert.deepEqual(await result(lists.getByValue('l', 1, REVERSE_RANK)), [2])
    assert.equal((await result(lists.removeByValue('l', 9, NONE))) ?? null, null)
    assert.deepEqual(await get(K), { l: [5, 1] })
  })
})

describe('maps', () => {
  const { VALUE, KEY, KEY_VALUE, COUNT, INDEX, RANK } = maps.returnType
  const letters = { a: 4, b: 3, c: 2, d: 1 }
  const policy = (order, writeFlags = 0) => new Aerospike.MapPolicy({ order, writeFlags })
  const ordered = (flags) => policy(maps.order.KEY_ORDERED, flags)
  const m = async () => (await get(K)).m

  beforeEach(async () => {
    await operate(K, [maps.putItems('m', letters, ordered())])
  })

  test('maps-01: puts', async () => {
    assert.equal(await result(maps.put('new', 'a', 1)), 1)
    assert.equal(await result(maps.put('new', 'b', 2)), 2)
    assert.equal(await result(maps.put('new', 'a', 3)), 2)
    assert.equal(await result(maps.putItems('new', { c: 4, d: 5 })), 4)
    assert.deepEqual((await get(K)).new, { a: 3, b: 2, c: 4, d: 5 })
  })

  test('maps-02: by key', async () => {
    assert.equal(await result(maps.getByKey('m', 'b', VALUE)), 3)
    assert.equal(await result(maps.getByKey('m', 'b', KEY)), 'b')
    assert.equal(await result(maps.getByKey('m', 'b', INDEX)), 1)
    assert.equal(await result(maps.getByKey('m', 'b', RANK)), 2)
    assert.deepEqual(await result(maps.getByKeyRange('m', 'b', 'd', VALUE)), [3, 2])
    assert.deepEqual(await result(maps.getByKeyList('m', ['a', 'd', 'x'], KEY)), ['a', 'd'])
    assert.equal(await result(maps.getByKeyList('m', ['a', 'd', 'x'], COUNT)), 2)
    assert.deepEqual(await result(maps.getByKeyRange('m', 'c', null, KEY_VALUE)), ['c', 2, 'd', 1])
  })

  test('maps-03: by value, rank and index', async () => {
    assert.deepEqual(await result(maps.getByValue('m', 3, KEY)), ['b'])
    assert.deepEqual(await result(maps.getByValueRange('m', 2, 4, KEY)), ['b', 'c'])
    assert.equal(await result(maps.getByRank('m', -1, KEY)), 'a')
    assert.equal(await result(maps.getByRank('m', 0, KEY)), 'd')
    assert.equal(await result(maps.getByIndex('m', 0, VALUE)), 4)
    assert.deepEqual(await result(maps.getByIndexRange('m', 1, 2, KEY)), ['b', 'c'])
  })

  test('maps-04: removals', async () => {
    await check(letters, maps.removeByKey('m', 'b', VALUE), 3, { a: 4, c: 2, d: 1 })
    await check(letters, maps.removeByKeyList('m', ['a', 'x'], COUNT), 1, { b: 3, c: 2, d: 1 })
    await check(letters, maps.removeByKeyRange('m', 'b', 'd', KEY), ['b', 'c'], { a: 4, d: 1 })
    await check(letters, maps.removeByValue('m', 2, KEY), ['c'], { a: 4, b: 3, d: 1 })
    await check(letters, maps.removeByRank('m', -1, KEY), 'a', { b: 3, c: 2, d: 1 })
    await check(letters, maps.removeByIndexRange('m', 1, 3, VALUE), [3, 2, 1], { a: 4 })
  })

  test('maps-05: increments', async () => {
    assert.equal(await result(maps.increment('m', 'a', 10)), 14)
    assert.equal(await result(maps.decrement('m', 'a', 2)), 12)
    assert.equal(await result(maps.increment('m', 'new', 5)), 5)
    assert.deepEqual(await m(), { ...letters, a: 12, new: 5 })
  })

  test('maps-06: orders', async () => {
    for (const order of [maps.order.KEY_ORDERED, maps.order.KEY_VALUE_ORDERED]) {
      await operate(K, [Aerospike.operations.write('o', null)])
      for (const name of ['c', 'a', 'b']) await operate(K, [maps.put('o', name, 1, policy(order))])
      assert.equal(await result(maps.getByIndex('o', 0, KEY)), 'a')
    }
    await operate(K, [maps.create('created', maps.order.KEY_ORDERED)])
    assert.deepEqual((await get(K)).created, {})
  })

  test('maps-07: flags', async () => {
    const { CREATE_ONLY, UPDATE_ONLY, NO_FAIL, PARTIAL } = maps.writeFlags
    await fails(24, operate(K, [maps.put('m', 'a', 9, ordered(CREATE_ONLY))]))
    await fails(23, operate(K, [maps.put('m', 'x', 9, ordered(UPDATE_ONLY))]))
    await operate(K, [maps.putItems('m', { a: 9, e: 5 }, ordered(CREATE_ONLY | NO_FAIL | PARTIAL))])
    await operate(K, [maps.putItems('m', { x: 9, b: 7 }, ordered(UPDATE_ONLY | NO_FAIL | PARTIAL))])
    assert.deepEqual(await m(), { a: 4, b: 7, c: 2, d: 1, e: 5 })
  })

  test('maps-08: relative ranges', async () => {
    assert.deepEqual(await result(maps.getByKeyRelIndexRange('m', 'b', 1, 9, KEY)), ['c', 'd'])
    assert.deepEqual(await result(maps.getByKeyRelIndexRange('m', 'b', -1, 1, KEY)), ['a'])
    assert.deepEqual(await result(maps.getByValueRelRankRange('m', 2, 1, 1, KEY)), ['b'])
  })

  test('maps-09: inverted removal', async () => {
    const inverted = maps.removeByKeyList('m', ['a', 'b'], COUNT | maps.returnType.INVERTED)
    await check(letters, inverted, 2, { a: 4, b: 3 })
  })

  test('maps-10: contexts', async () => {
    await put(K, { m: { x: { p: 1 }, y: { q: 2 } } })
    const within = (operation, add) => operate(K, [operation.withContext(add)])
    await within(maps.put('m', 'n', 5), (ctx) => ctx.addMapKey('x'))
    await within(maps.put('m', 'w', 7), (ctx) => ctx.addMapValue({ q: 2 }))
    await within(maps.put('m', 'r', 6), (ctx) => ctx.addMapRank(-1))
    await within(maps.put('m', 'i', 8), (ctx) => ctx.addMapKeyCreate('z', maps.order.KEY_ORDERED))
    assert.deepEqual(await m(), { x: { p: 1, n: 5 }, y: { q: 2, r: 6, w: 7 }, z: { i: 8 } })
  })

  test('maps-11: size and clear', async () => {
    assert.equal(await result(maps.size('m')), 4)
    await operate(K, [maps.clear('m')])
    assert.equal(await result(maps.size('m')), 0)
    await put(K, { s: 'text' })
    await fails(12, operate(K, [maps.size('s')]))
  })

  test('maps-12: keys of several types', async () => {
    for (const name of [Buffer.from([1]), 's', 7, 'a', -7]) await operate(K, [maps.put('t', name, 1, ordered())])
    assert.deepEqual(await result(maps.getByIndexRange('t', 0, 9, KEY)), [-7, 7, 'a', 's', Buffer.from([1])])
  })
})

describe('bits', () => {
  const { CREATE_ONLY, UPDATE_ONLY, NO_FAIL } = bitwise.writeFlags

  // Begins with 01 02 03.
  const changes = (operation, ...after) => check(Buffer.from([1, 2, 3]), operation, null, Buffer.from(after))

  test('bits-01: sizes', async () => {
    await operate(K, [bitwise.resize('b', 4)])
    assert.deepEqual(await get(K), { b: Buffer.alloc(4) })
    await changes(bitwise.insert('b', 1, Buffer.from([9, 8])), 1, 9, 8, 2, 3)
    await changes(bitwise.remove('b', 0, 2), 3)
  })

  test('bits-02: logic', async () => {
    await changes(bitwise.set('b', 4, 8, Buffer.from([0xff])), 0x0f, 0xf2, 3)
    await changes(bitwise.or('b', 8, 8, Buffer.from([0xf0])), 1, 0xf2, 3)
    await changes(bitwise.xor('b', 16, 8, Buffer.from([0xff])), 1, 2, 0xfc)
    await changes(bitwise.and('b', 0, 16, Buffer.from([0, 2])), 0, 2, 3)
    await changes(bitwise.not('b', 0, 8), 0xfe, 2, 3)
  })

  test('bits-03: shifts and sums', async () => {
    const { FAIL, WRAP, SATURATE } = bitwise.overflow
    await changes(bitwise.lshift('b', 0, 24, 4), 0x10, 0x20, 0x30)
    await changes(bitwise.rshift('b', 0, 24, 1), 0, 0x81, 1)
    await changes(bitwise.add('b', 8, 8, 5, false), 1, 7, 3)
    await changes(bitwise.subtract('b', 8, 8, 1, false), 1, 1, 3)
    await changes(bitwise.add('b', 8, 8, 255, false).onOverflow(WRAP), 1, 1, 3)
    await changes(bitwise.add('b', 8, 8, 255, false).onOverflow(SATURATE), 1, 255, 3)
    await fails(26, operate(K, [bitwise.add('b', 8, 8, 255, false).onOverflow(FAIL)]))
  })

  test('bits-04: reads', async () => {
    await put(K, { b: Buffer.from([0x0f, 0x82, 3]) })
    assert.deepEqual(await result(bitwise.get('b', 4, 8)), Buffer.from([0xf8]))
    // The client has no operation that counts bits.
    // One bit is set here: the client's lscan looks for the last one.
    assert.equal(await result(bitwise.lscan('b', 0, 5, true)), 4)
    assert.equal(await result(bitwise.rscan('b', 0, 8, true)), 7)
    assert.equal(await result(bitwise.getInt('b', 8, 8, false)), 0x82)
    assert.equal(await result(bitwise.getInt('b', 8, 8, true)), -126)
  })

  test('bits-05: flags', async () => {
    // The client has no operation that sets an integer.
    await changes(bitwise.set('b', 8, 16, Buffer.from([0x12, 0x34])), 1, 0x12, 0x34)
    const resize = (bin, writeFlags) => operate(K, [bitwise.resize(bin, 9).withPolicy({ writeFlags })])
    await fails(6, resize('b', CREATE_ONLY))
    await fails(17, resize('x', UPDATE_ONLY))
    await resize('b', CREATE_ONLY | NO_FAIL)
    await resize('x', UPDATE_ONLY | NO_FAIL)
    assert.deepEqual(await get(K), { b: Buffer.from([1, 0x12, 0x34]) })
  })

  test('bits-06: errors', async () => {
    await put(K, { b: Buffer.from([1, 2, 3]), s: 'text' })
    await fails(26, operate(K, [bitwise.get('b', 24, 8)]))
    await fails(12, operate(K, [bitwise.get('s', 0, 8)]))
  })
})

describe('HyperLogLog', () => {
  const numbers = (from, to) => range(from, to - 1).map((i) => `value ${i}`)
  const near = (expected, part, actual) =>
    assert(Math.abs(actual - expected) <= expected * part, `${actual} is not near ${expected}`)

  test('hll-01: count', async () => {
    await operate(K, [hll.init('h', 10)])
    assert.deepEqual(await result(hll.describe('h')), [10, 0])
    await operate(K, [hll.add('h', numbers(0, 100))])
    near(100, 0.1, await result(hll.getCount('h')))
  })

  test('hll-02: refresh and fold', async () => {
    await operate(K, [hll.add('h', numbers(0, 100), 10)])
    near(100, 0.1, await result(hll.refreshCount('h')))
    await operate(K, [hll.fold('h', 8)])
    assert.deepEqual(await result(hll.describe('h')), [8, 0])
  })

  test('hll-03: unions', async () => {
    await operate(K, [hll.add('h', numbers(0, 1000), 12, 20), hll.add('i', numbers(500, 1500), 12, 20)])
    const { i } = await get(K)
    near(1500, 0.25, await result(hll.getUnionCount('h', [i])))
    near(500, 0.25, await result(hll.getIntersectCount('h', [i])))
    near(1 / 3, 0.25, await result(hll.getSimilarity('h', [i])))
    assert((await result(hll.getUnion('h', [i]))).length > 0)
  })

  test('hll-04: set union, flags', async () => {
    await operate(K, [hll.add('h', numbers(0, 100), 10), hll.add('i', numbers(100, 200), 10)])
    const { i } = await get(K)
    await operate(K, [hll.setUnion('h', [i])])
    near(200, 0.15, await result(hll.getCount('h')))
    const init = (bin, writeFlags) => operate(K, [hll.init(bin, 10).withPolicy({ writeFlags })])
    await fails(6, init('h', hll.writeFlags.CREATE_ONLY))
    await fails(17, init('x', hll.writeFlags.UPDATE_ONLY))
  })

  test('hll-05: errors, and the value itself', async () => {
    await operate(K, [hll.add('h', numbers(0, 100), 10)])
    const { h } = await get(K)
    await put(K, { copy: new Aerospike.HyperLogLog(h), i: 1 })
    assert.deepEqual((await get(K)).copy, h)
    near(100, 0.1, await result(hll.getCount('copy')))
    await fails(12, operate(K, [hll.add('i', ['x'], 10)]))
    assert(await client.exists(K))
  })
})
