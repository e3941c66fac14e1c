// What scenarios on a shared server use. Each begins with empty namespaces.

import assert from 'node:assert/strict'
import { after, beforeEach } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Aerospike from 'aerospike'
import { EXAMPLES, start } from './server.js'

export { Aerospike, assert, sleep }
export const { status, operations, exp } = Aerospike
export const FILTERED_OUT = 27
export const NEVER_EXPIRES = -1

export const server = await start('server.conf')
// The first client of a process decides where the modules of aggregations are.
export const client = await server.connect({ maxConnsPerNode: 2000, modlua: { userPath: EXAMPLES } })
export const K = new Aerospike.Key('test', 'demo', 'k')
export const key = (name) => new Aerospike.Key('test', 'demo', name)
export const q = (i) => new Aerospike.Key('test', 'q', i)

beforeEach(async () => {
  await client.infoAll('truncate-namespace:namespace=test')
  await client.infoAll('truncate-namespace:namespace=aging')
})

after(async () => {
  client.close()
  await server.stop()
})

export const put = (key, bins, meta, policy) => client.put(key, bins, meta, policy && new Aerospike.WritePolicy(policy))
export const get = async (key) => (await client.get(key)).bins
export const generation = async (key) => (await client.get(key)).gen
export const operate = (key, ops, meta, policy) =>
  client.operate(key, ops, meta, policy && new Aerospike.OperatePolicy(policy))

// The result of one operation on a bin of K.
export const result = async (operation) => (await operate(K, [operation])).bins[operation.bin]

// Expects the server's result code (or one of several).
export async function fails (codes, action) {
  const expected = [codes].flat()
  await assert.rejects(action, (error) => {
    assert(expected.includes(error.code), `code ${error.code} instead of ${expected}: ${error.message}`)
    return true
  })
}

export const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
export const sorted = (numbers) => [...numbers].sort((a, b) => a - b)
export const point = (longitude, latitude) => ({ type: 'Point', coordinates: [longitude, latitude] })

// The record E, at K.
export async function putE () {
  const bins = {
    i: 5,
    f: 1.5,
    s: 'hello',
    b: Buffer.from([1, 2]),
    t: true,
    l: [1, 2, 3],
    z: -7
  }
  await put(K, bins, null, { key: Aerospike.policy.key.SEND })
  const ordered = { order: Aerospike.maps.order.KEY_ORDERED }
  await operate(K, [Aerospike.maps.putItems('m', { a: 1, b: 2 }, new Aerospike.MapPolicy(ordered))])
}

// The set Q: 60 records.
export async function putQ () {
  const bins = (i) => ({
    n: i,
    s: `s${i % 5}`,
    b: Buffer.from([i % 3]),
    l: [i, i + 1, `e${i}`],
    m: { [`k${i % 7}`]: i, all: 1 },
    d: { inner: { rank: [i % 4, 100 + i] } },
    g: new Aerospike.GeoJSON(point(i * 0.1, 0))
  })
  await Promise.all(range(0, 59).map((i) => put(q(i), bins(i), null, { key: Aerospike.policy.key.SEND })))
}

export async function register (module) {
  const job = await client.udfRegister(EXAMPLES + module)
  await job.waitUntilDone(10)
}

export async function createIndex (name, bin, datatype, options = {}) {
  const job = await client.createIndex({ ns: 'test', set: 'q', index: name, bin, datatype, ...options })
  await job.waitUntilDone(10)
}

export async function dropIndexes () {
  for (const [, name] of (await info('sindex-list:ns=test')).matchAll(/indexname=([^:;\s]+)/g)) {
    await client.indexRemove('test', name)
  }
}

// The answer to an info command, without the command.
export async function info (command) {
  return (await client.infoAny(command)).replace(/^[^\t]*\t/, '').trim()
}

// Waits up to five seconds until something holds.
export async function eventually (holds) {
  for (let i = 0; i < 500; i++) {
    if (await holds()) return
    await sleep(10)
  }
  throw new Error('it has not come to hold within five seconds')
}
