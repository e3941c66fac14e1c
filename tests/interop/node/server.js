// The emulator, as a process of its own.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Aerospike from 'aerospike'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

export const PROGRAM = process.env.EMULATOR ?? path('../../../target/debug/aerospike-emulator')
// The examples of functions.
export const EXAMPLES = path('../../../lua/examples/')

Aerospike.setDefaultLogging({ level: Aerospike.log.OFF })

// What a command may take unless a scenario says otherwise: on a busy machine a second, the client's default, is short.
const patient = { totalTimeout: 10_000 }
const kinds = ['apply', 'batch', 'batchParentWrite', 'operate', 'read', 'remove', 'write']

// Connects a client. That holds up the event loop, whose time stands still meanwhile, and the client counts a command's
// time from there: the first one would be late before it is sent. So the event loop takes a turn first.
export async function connectTo (config) {
  const policies = Object.fromEntries(kinds.map((kind) => [kind, patient]))
  const client = await Aerospike.connect({ policies, ...config })
  await sleep(1)
  return client
}

// Starts an emulator with a configuration of tests/interop, and waits until it serves.
export async function start (config, { port = 0, args = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'aerospike-emulator-'))
  const portFile = join(folder, 'port')
  const options = ['--port', port, '--port-file', portFile, '--config-file', path(`../${config}`), ...args]
  const child = spawn(PROGRAM, options, { stdio: ['ignore', 'pipe', 'ignore'] })
  let told = ''
  child.stdout.on('data', (text) => { told += text })
  const ended = new Promise((resolve, reject) => child.on('exit', resolve).on('error', reject))
  ended.catch(() => {})
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  ended.then(() => process.off('exit', kill), () => {})
  while (!existsSync(portFile) || readFileSync(portFile, 'utf8') === '' || !told.includes('\n')) {
    if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with status ${child.exitCode}`)
    await Promise.race([sleep(10), ended])
  }
  // One for each node.
  const ports = readFileSync(portFile, 'utf8').trim().split('\n').map(Number)
  const server = {
    ports,
    port: ports[0],
    tlsPort: Number(/TLS on port (\d+)/.exec(told)?.[1] ?? 0),
    stop: () => {
      kill()
      return ended
    },
    connect: (config = {}) => connectTo({ hosts: `127.0.0.1:${server.port}`, ...config })
  }
  rmSync(folder, { recursive: true })
  return server
}

// A port where nobody listens.
export function deadPort () {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

// Sends one info command to a node, over a connection of its own; the value of the answer.
export function ask (port, command) {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(`${command}\n`)
    const head = Buffer.alloc(8)
    head.writeBigUInt64BE(BigInt(body.length) | 2n << 56n | 1n << 48n)
    let answer = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat([head, body])))
    socket.setTimeout(60_000, () => socket.destroy(new Error(`no answer to ${command}`)))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`no whole answer to ${command}`)))
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data])
      if (answer.length < 8 || answer.length < 8 + answer.readUIntBE(2, 6)) return
      resolve(answer.toString('utf8', 8).replace(/^[^\t]*\t/, '').trim())
      socket.destroy()
    })
  })
}
