// Connecting; the server goes away and comes back.

import { test } from 'node:test'
import { Aerospike, K, assert, eventually, get, key, put, range, server, sleep } from './scenarios.js'
import { deadPort, start } from './server.js'

test('connect-01: one seed', async () => {
  const other = await server.connect()
  assert(other.isConnected())
  const nodes = other.getNodes()
  assert.equal(nodes.length, 1)
  assert.match(nodes[0].name, /^[0-9A-F]+$/)
  other.close(false)
})

test('connect-02: nobody listens', { timeout: 20_000 }, async () => {
  const hosts = `127.0.0.1:${await deadPort()}`
  await assert.rejects(Aerospike.connect({ hosts, connTimeoutMs: 1000 }))
})

test('connect-03: name of the cluster', async () => {
  const other = await server.connect({ clusterName: 'docker' })
  other.close(false)
  await assert.rejects(server.connect({ clusterName: 'other' }))
})

test('connect-04: closed', async () => {
  const other = await server.connect()
  other.close(false)
  await assert.rejects(async () => other.get(K))
})

test('connect-05: tends', async () => {
  await put(K, { a: 1 })
  const other = await server.connect({ tenderInterval: 300 })
  await sleep(1200)
  assert.equal((await other.get(K)).bins.a, 1)
  other.close(false)
})

test('connect-06: 32 tasks share a client', async () => {
  await Promise.all(range(0, 31).map(async (task) => {
    for (const i of range(0, 19)) await put(key(task * 100 + i), { v: task * 1000 + i })
    for (const i of range(0, 19)) assert.deepEqual(await get(key(task * 100 + i)), { v: task * 1000 + i })
  }))
})

test('connect-07: the first seed is dead', {
  skip: 'with one node, the client refuses to start when any of its seeds is dead'
})

// ---------------------------------------------------------------- the server goes away

async function withServer (scenario) {
  const port = await deadPort()
  let own = await start('server.conf', { port })
  const lone = await own.connect({ tenderInterval: 250 })
  await lone.put(K, { a: 1 })
  try {
    await scenario(lone, {
      stop: () => own.stop(),
      start: async () => { own = await start('server.conf', { port }) }
    })
  } finally {
    lone.close(false)
    await own.stop()
  }
}

test('loss-01: stopped', { timeout: 10_000 }, () => withServer(async (lone, own) => {
  await own.stop()
  await assert.rejects(lone.get(K, new Aerospike.ReadPolicy({ totalTimeout: 1000 })))
}))

test('loss-02: started again', () => withServer(async (lone, own) => {
  await own.stop()
  await assert.rejects(lone.get(K))
  await own.start()
  await eventually(() => lone.put(K, { a: 2 }).then(() => true, () => false))
  assert.equal((await lone.get(K)).bins.a, 2)
}))

test('loss-03: restarted between commands', () => withServer(async (lone, own) => {
  for (let i = 0; i < 3; i++) {
    await own.stop()
    await own.start()
    // The new server has no records: not found, or an error of the connection.
    await assert.rejects(lone.get(K), (error) => error.code < 0 || [2, 9, 11].includes(error.code))
  }
}))
