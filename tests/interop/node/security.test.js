// Logins, users, roles, privileges, quotas, TLS. Each scenario has names of its own.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Aerospike from 'aerospike'
import { PROGRAM, connectTo, start } from './server.js'

const authority = () => {
  const folder = mkdtempSync(join(tmpdir(), 'interop-tls-'))
  execFileSync(PROGRAM, ['tls-init', folder, '--user', 'root'])
  return folder
}

const tlsFolder = authority()
const server = await start('secured.conf', { args: ['--tls-dir', tlsFolder] })
const login = (user, password) => server.connect({ user, password })
const root = await login('root', 'secret')
const K = new Aerospike.Key('test', 'demo', 'k')
const { privilegeCode } = Aerospike
const privilege = (code, namespace = '', set = '') => new Aerospike.admin.Privilege(code, { namespace, set })

// Closing a client at the end has hung in its native part; the process ends without.
after(() => server.stop())

async function fails (codes, action) {
  await assert.rejects(action, ({ code, message }) => {
    assert([codes].flat().includes(code), `code ${code} instead of ${codes}: ${message}`)
    return true
  })
}

// Runs with a new user's client; users take a moment to be known.
async function as (name, roles, scenario) {
  await root.createUser(name, 'word', roles)
  const client = await login(name, 'word')
  try {
    await scenario(client)
  } finally {
    client.close(false)
  }
}

const refused = (codes, connect) => assert.rejects(connect, (error) => {
  assert([codes].flat().includes(error.code), `code ${error.code}: ${error.message}`)
  return true
})

test('login-01: root', async () => {
  await root.put(K, { a: 1 })
  assert.deepEqual((await root.get(K)).bins, { a: 1 })
})

test('login-02: wrong credentials', async () => {
  await refused([62, 65], login('root', 'wrong'))
  await refused(60, login('nobody', 'secret'))
  // Without a user, the client cannot connect.
  await assert.rejects(server.connect())
})

test('login-03: role violation', async () => {
  const admin = await login('admin', 'admin')
  await fails(81, admin.put(K, { a: 1 }))
  admin.close(false)
})

test("login-04: one's own password", () => as('changes', ['read-write'], async (client) => {
  await client.changePassword('changes', 'new')
  // New connections wait for the next tend: that logs in again.
  let written = false
  for (let i = 0; i < 50 && !written; i++) {
    written = await client.put(K, { a: 1 }).then(() => true, () => sleep(100))
  }
  assert(written)
  await assert.rejects(login('changes', 'word'))
  const other = await login('changes', 'new')
  other.close(false)
}))

test('login-05: dropped', () => as('dropped', ['read-write'], async (client) => {
  await client.put(K, { a: 1 })
  await root.dropUser('dropped')
  await assert.rejects(client.put(K, { a: 1 }))
}))

test('security-01: users', async () => {
  await root.createUser('ada', 'word', ['read', 'write'])
  assert.deepEqual((await root.queryUser('ada')).roles.sort(), ['read', 'write'])
  await fails(61, root.createUser('ada', 'word', ['read']))
  const names = (await root.queryUsers()).map((user) => user.name)
  for (const name of ['root', 'admin', 'ada']) assert(names.includes(name))
})

test('security-02: grants to users', async () => {
  await root.createUser('bob', 'word', ['read'])
  await root.grantRoles('bob', ['write', 'udf-admin'])
  await root.revokeRoles('bob', ['read'])
  assert.deepEqual((await root.queryUser('bob')).roles.sort(), ['udf-admin', 'write'])
  await root.dropUser('bob')
  await fails(60, root.queryUser('bob'))
})

test('security-03: roles', async () => {
  const privileges = [privilege(privilegeCode.READ, 'test', 'demo'), privilege(privilegeCode.SYS_ADMIN)]
  await root.createRole('made', privileges, null, ['127.0.0.1', '10.0.0.0/8'], 100, 200)
  const role = await root.queryRole('made')
  assert.deepEqual(role.whitelist.sort(), ['10.0.0.0/8', '127.0.0.1'])
  assert.deepEqual([role.readQuota, role.writeQuota, role.privileges.length], [100, 200, 2])
  const read = role.privileges.find(({ code }) => code === privilegeCode.READ)
  assert.deepEqual([read.namespace, read.set], ['test', 'demo'])
  await fails(71, root.createRole('made', privileges))
  await root.dropRole('made')
  await fails(70, root.queryRole('made'))
})

test('security-04: changes of roles', async () => {
  await root.createRole('changed', [privilege(privilegeCode.READ)])
  await root.grantPrivileges('changed', [privilege(privilegeCode.WRITE, 'test')])
  await root.revokePrivileges('changed', [privilege(privilegeCode.READ)])
  await root.setWhitelist('changed', ['127.0.0.1'])
  await root.setQuotas('changed', 7, 8)
  const role = await root.queryRole('changed')
  assert.deepEqual(role.privileges.map(({ code }) => code), [privilegeCode.WRITE])
  assert.deepEqual([role.whitelist, role.readQuota, role.writeQuota], [['127.0.0.1'], 7, 8])
})

test('security-05: predefined roles', async () => {
  const names = (await root.queryRoles()).map((role) => role.name)
  for (const name of [
    'user-admin', 'sys-admin', 'data-admin', 'udf-admin', 'sindex-admin', 'read', 'read-write', 'read-write-udf',
    'write', 'truncate'
  ]) assert(names.includes(name), `${name} in ${names}`)
})

test('security-06: scopes', async () => {
  await root.createRole('demo-only', [privilege(privilegeCode.READ_WRITE, 'test', 'demo')])
  await as('scoped', ['demo-only'], async (client) => {
    const other = new Aerospike.Key('test', 'other', 'k')
    await client.put(K, { a: 1 })
    await fails(81, client.put(other, { a: 1 }))
    const write = (key) =>
      ({ type: Aerospike.batchType.BATCH_WRITE, key, ops: [Aerospike.operations.write('a', 2)] })
    assert.deepEqual((await client.batchWrite([write(K), write(other)])).map((row) => row.status), [0, 81])
  })
})

test('security-07: readers may not', () => as('reader', ['read'], async (client) => {
  await fails(81, client.put(K, { a: 1 }))
  await fails(81, client.createUser('x', 'word', ['read']))
  const index = { ns: 'test', set: 'demo', bin: 'a', index: 'i', datatype: Aerospike.indexDataType.NUMERIC }
  await assert.rejects(client.createIndex(index))
  await assert.rejects(client.udfRegister(new URL('../../../lua/examples/counter.lua', import.meta.url).pathname))
}))

test('security-08: whitelist', async () => {
  await root.createRole('elsewhere', [privilege(privilegeCode.READ)], null, ['10.1.2.3'])
  await root.createUser('outsider', 'word', ['elsewhere'])
  await refused(82, login('outsider', 'word'))
})

test('security-09: quotas', async () => {
  await root.createRole('slow', [privilege(privilegeCode.READ_WRITE)], null, null, 0, 5)
  await as('slow', ['slow'], async (client) => {
    await fails(83, async () => {
      for (let i = 0; i < 20_000; i++) await client.put(K, { a: i })
    })
    await sleep(3100)
    await client.put(K, { a: 1 })
  })
})

// ---------------------------------------------------------------- TLS

const connectTls = (folder, options) => connectTo({
  hosts: [{ addr: '127.0.0.1', port: server.tlsPort, tlsname: 'localhost' }],
  ...options,
  tls: { enable: true, cafile: join(folder, 'ca.pem'), ...options?.tls }
})
const ROOT = { user: 'root', password: 'secret' }

test('tls-01 tls-04: trusted, with a password', async () => {
  const client = await connectTls(tlsFolder, ROOT)
  const key = new Aerospike.Key('test', 'tls', 'k')
  await client.put(key, { v: Buffer.alloc(500_000, 7) })
  assert.equal((await client.get(key)).bins.v.length, 500_000)
  assert.equal((await client.scan('test', 'tls').results()).length, 1)
  client.close(false)
  await assert.rejects(connectTls(tlsFolder, { ...ROOT, password: 'wrong' }))
})

test('tls-02: another authority', () => assert.rejects(connectTls(authority(), ROOT)))

test("tls-03: the client's certificate", async () => {
  const client = await connectTls(tlsFolder, {
    authMode: Aerospike.auth.AUTH_PKI,
    tls: { certfile: join(tlsFolder, 'client.pem'), keyfile: join(tlsFolder, 'client.key') }
  })
  await client.put(new Aerospike.Key('test', 'pki', 'k'), { a: 1 })
  client.close(false)
})

test('security-10: many users', async () => {
  // Each of these holds up the event loop, which the client's threads may wait for.
  for (let i = 0; i < 100; i++) await root.createUser(`user${i}`, 'word', ['read']).then(() => sleep(1))
  const count = async () => (await root.queryUsers()).filter((user) => /^user\d+$/.test(user.name)).length
  for (let i = 0; i < 100 && await count() < 100; i++) await sleep(50)
  assert.equal(await count(), 100)
})
