// Several nodes, of which some go away, hang, or come: nothing read is wrong, nothing takes longer than it may, and
// afterwards everything is as quick as before.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Aerospike from 'aerospike'
import { ask, start } from './server.js'

const { status } = Aerospike
const [UNAVAILABLE, FORBIDDEN] = [11, 22]
const WORKERS = 4
const KEYS = 40
// Milliseconds that a command may take; a busy machine may add to that.
const [TOTAL, SOCKET, SLACK] = [4000, 500, 2000]
// The share of the former throughput that has to come back: the machine has other things to do, too.
const SHARE = 0.2
const LIMITS = { totalTimeout: TOTAL, socketTimeout: SOCKET, maxRetries: 4 }
const READ = new Aerospike.ReadPolicy(LIMITS)
const WRITE = new Aerospike.WritePolicy(LIMITS)
const ONCE = { totalTimeout: 1000, maxRetries: 0 }
const key = (name, set = 'demo') => new Aerospike.Key('test', set, name)

// Three nodes and a client of them, which knows the first node.
class Cluster {
  static async start (strong = false) {
    const cluster = new Cluster()
    cluster.server = await start(strong ? 'strong.conf' : 'server.conf', { args: ['--nodes', 3] })
    cluster.ports = cluster.server.ports
    try {
      cluster.client = await cluster.server.connect({ tenderInterval: 250 })
      await cluster.knows([1, 2, 3])
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  // Makes something happen to the cluster: asks a node, by its number, which runs.
  async event (what, node = 1) {
    const answer = await ask(this.ports[node - 1], `emulator-node:${what}`)
    assert.doesNotMatch(answer, /^ERROR/, what)
    return answer
  }

  // Waits until all nodes have learned of what happened.
  settle = (node) => this.event('settle', node)

  // Waits until the client knows these nodes and no others.
  async knows (numbers) {
    const wanted = numbers.map((number) => `127.0.0.1:${this.ports[number - 1]}`).sort()
    for (const end = performance.now() + 15_000; ; await sleep(50)) {
      const known = this.client.getNodes().map(({ address }) => address).sort()
      if (known.join() === wanted.join()) return
      assert(performance.now() < end, `the client knows ${known} instead of ${wanted}`)
    }
  }

  async stop () {
    this.client?.close(false)
    await this.server.stop()
  }
}

// Workers that write numbers to keys of their own and read them back, until they are told to stop.
class Load {
  done = 0
  longest = 0
  wrong = []
  errors = []
  stopping = false

  constructor (client) {
    this.client = client
    this.workers = Array.from({ length: WORKERS }, (_, worker) => this.work(worker))
  }

  async work (worker) {
    // What each key may hold, and what a node that hung may yet write, whenever it goes on: the client has sent it
    // elsewhere since, or given up.
    const held = Array.from({ length: KEYS }, () => new Set())
    const late = Array.from({ length: KEYS }, () => new Set())
    for (let number = 1; !this.stopping; number++) {
      const at = number % KEYS
      const own = key(`${worker}-${at}`, 'load')
      const start = performance.now()
      const written = await this.run(() => this.client.put(own, { n: number }, null, WRITE))
      if (written) held[at].clear()
      held[at].add(number)
      if (!written || performance.now() - start > SOCKET) late[at].add(number)
      const record = await this.run(() => this.client.get(own, READ))
      if (record && !held[at].has(record.bins.n) && !late[at].has(record.bins.n)) {
        this.wrong.push(`${own.key}: ${record.bins.n} instead of ${[...held[at]]}`)
      }
    }
  }

  // Runs a command; its result, or nothing if it failed.
  async run (command) {
    const start = performance.now()
    try {
      return await command()
    } catch (error) {
      this.errors.push(`${error.code}: ${error.message}`)
    } finally {
      this.longest = Math.max(this.longest, performance.now() - start)
      this.done++
    }
  }

  // Commands per second, from now on.
  async rate (seconds = 1) {
    const before = this.done
    await sleep(seconds * 1000)
    return (this.done - before) / seconds
  }

  // Waits until it is as quick as before, and nothing fails any more.
  async recovers (before) {
    for (const end = performance.now() + 15_000; ;) {
      const failed = this.errors.length
      const after = await this.rate()
      if (after >= before * SHARE && this.errors.length === failed) return
      assert(performance.now() < end, `${after}/s instead of ${before}/s; ${this.errors.at(-1)}`)
    }
  }

  async stop () {
    this.stopping = true
    await Promise.all(this.workers)
  }
}

async function withCluster (strong, scenario) {
  const cluster = await Cluster.start(strong)
  try {
    await scenario(cluster)
  } finally {
    await cluster.stop()
  }
}

// A scenario under load; `quiet` if no command may fail.
function underLoad (name, { quiet = false }, scenario) {
  test(name, { timeout: 90_000 }, (t) => withCluster(false, async (cluster) => {
    const load = new Load(cluster.client)
    try {
      const before = await load.rate()
      assert(before > 0, 'nothing was done')
      await scenario(cluster, () => load.recovers(before), load)
      await load.recovers(before)
    } finally {
      await load.stop()
    }
    t.diagnostic(`${load.done} commands, ${load.errors.length} failed, ${load.longest.toFixed()} ms the longest`)
    assert.deepEqual(load.wrong, [])
    assert(load.longest < TOTAL + SLACK, `a command took ${load.longest} ms`)
    if (quiet) assert.deepEqual(load.errors, [], 'nobody has to notice')
  }))
}

underLoad('loss-04: a node stops', {}, async (cluster) => {
  await cluster.event('stop=2')
  await cluster.knows([1, 3])
})

underLoad('loss-05: a node is added', { quiet: true }, async (cluster) => {
  cluster.ports.push(JSON.parse(await cluster.event('add')).port)
  await cluster.settle()
  await cluster.knows([1, 2, 3, 4])
})

underLoad('loss-06: the seed stops', {}, async (cluster) => {
  await cluster.event('stop=1', 2)
  await cluster.knows([2, 3])
})

underLoad('loss-07: a node hangs', {}, async (cluster, recovers, load) => {
  await cluster.event('hang=2')
  await cluster.settle()
  // Others answer meanwhile.
  assert(await load.rate(3) > 0, 'nothing was done')
  await cluster.event('resume=2')
  await cluster.settle()
  await cluster.knows([1, 2, 3])
})

underLoad('loss-08: each node restarts', {}, async (cluster, recovers) => {
  for (const node of [1, 2, 3]) {
    await cluster.event(`restart=${node}`, node % 3 + 1)
    await cluster.settle(node % 3 + 1)
    await cluster.knows([1, 2, 3])
    await recovers()
  }
})

underLoad('loss-09: partitions move', { quiet: true }, async (cluster) => {
  for (const map of [1, 2, 0]) {
    await cluster.event(`map=${map}`)
    await cluster.settle()
  }
  await cluster.event('quiesce=3')
  await cluster.event('recluster')
  await cluster.settle()
})

underLoad('loss-10: a node is slow', { quiet: true }, async (cluster, recovers, load) => {
  await cluster.event('slow=2;by=20ms')
  assert(await load.rate() > 0, 'nothing was done')
  await cluster.event('resume=2')
})

// ---------------------------------------------------------------- scans

test('loss-11: a scan while a node leaves', { timeout: 90_000 }, () => withCluster(false, async (cluster) => {
  const numbers = Array.from({ length: 2000 }, (_, number) => number)
  for (let at = 0; at < numbers.length; at += 100) {
    await Promise.all(numbers.slice(at, at + 100).map((n) => cluster.client.put(key(n, 'scan'), { n })))
  }
  // Enough for some tend intervals: a client that has lost a node asks it again until it has looked at the cluster.
  const policy = new Aerospike.ScanPolicy({ totalTimeout: 0, socketTimeout: 1000, maxRetries: 1000 })
  const scan = async () => {
    const found = await cluster.client.scan('test', 'scan').results(policy)
    assert.deepEqual(found.map(({ bins }) => bins.n).sort((a, b) => a - b), numbers)
  }
  await scan()
  for (const after of [20, 80, 140]) {
    // So that it is in the middle of the scan.
    await cluster.event('slow=3;by=100ms')
    await Promise.all([scan(), sleep(after).then(() => cluster.event('stop=3'))])
    await cluster.event('restart=3')
    await cluster.settle()
    await cluster.knows([1, 2, 3])
    await scan()
  }
}))

// ---------------------------------------------------------------- strong consistency

async function fails (code, action) {
  await assert.rejects(action, (error) => {
    assert.equal(error.code, code, error.message)
    return true
  })
}

// Reads again and again until it works: the client may still have to learn who owns what.
async function getSoon (client, key) {
  for (const end = performance.now() + 15_000; ; await sleep(100)) {
    try {
      return (await client.get(key)).bins
    } catch (error) {
      if (performance.now() > end) throw error
    }
  }
}

test('loss-12: partitions are unavailable', { timeout: 60_000 }, () => withCluster(true, async (cluster) => {
  const { client } = cluster
  const K = key('k')
  const partitions = (state) => cluster.event(`partitions=all;namespace=test;state=${state}`)
  await client.put(K, { a: 1 })
  await fails(FORBIDDEN, client.remove(K))
  assert.deepEqual((await client.get(K)).bins, { a: 1 })
  await partitions('unavailable')
  await fails(UNAVAILABLE, client.get(K, new Aerospike.ReadPolicy(ONCE)))
  await fails(UNAVAILABLE, client.put(K, { a: 2 }, null, new Aerospike.WritePolicy(ONCE)))
  const readModeSC = Aerospike.policy.readModeSC.ALLOW_UNAVAILABLE
  assert.deepEqual((await client.get(K, new Aerospike.ReadPolicy({ ...ONCE, readModeSC }))).bins, { a: 1 })
  await partitions('available')
  assert.deepEqual(await getSoon(client, K), { a: 1 })
  await client.remove(K, new Aerospike.RemovePolicy({ durableDelete: true }))
  await fails(status.ERR_RECORD_NOT_FOUND, client.get(K))
}))

test('loss-13: a minority serves nothing', { timeout: 60_000 }, () => withCluster(true, async (cluster) => {
  const keys = Array.from({ length: 30 }, (_, number) => key(number))
  for (const [a, key] of keys.entries()) await cluster.client.put(key, { a })
  await cluster.event('stop=2')
  await cluster.event('stop=3')
  await cluster.settle()
  await cluster.knows([1])
  for (const key of keys) await assert.rejects(cluster.client.get(key, new Aerospike.ReadPolicy(ONCE)))
  await cluster.event('restart=2')
  await cluster.event('restart=3')
  await cluster.settle()
  await cluster.knows([1, 2, 3])
  for (const [a, key] of keys.entries()) assert.deepEqual(await getSoon(cluster.client, key), { a })
}))

test('loss-14: a write in doubt', { timeout: 60_000 }, () => withCluster(true, async (cluster) => {
  await cluster.event('hang=2;for=2s')
  const policy = new Aerospike.WritePolicy({ totalTimeout: 300, socketTimeout: 300, maxRetries: 0 })
  const doubtful = []
  // Keys of all nodes are among these.
  for (let a = 0; a < 40 && doubtful.length < 2; a++) {
    await cluster.client.put(key(a), { a }, null, policy).catch((error) => {
      assert.equal(error.code, status.ERR_TIMEOUT, error.message)
      assert.equal(error.inDoubt, true, 'it was sent, and may happen yet')
      doubtful.push(a)
    })
  }
  assert.equal(doubtful.length, 2, 'the node that hangs owns too few of these')
  await sleep(2000)
  await cluster.settle()
  await cluster.knows([1, 2, 3])
  for (const a of doubtful) assert.deepEqual(await getSoon(cluster.client, key(a)), { a }, 'it has happened')
}))
