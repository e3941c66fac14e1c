// A reporter for node:test: what became of each scenario, as scenarios.md describes. A test's name begins with the
// ids of what it covers; one that is skipped says that the client cannot do it, and why.

import { readFileSync } from 'node:fs'

const NAMES = /^((?:[a-z]+-\d+ ?)+): /
// From the best to the worst.
const OUTCOMES = ['passed', 'not applicable', 'failed']

const version = () => JSON.parse(readFileSync(new URL('node_modules/aerospike/package.json', import.meta.url))).version

const oneLine = (text) => String(text).replace(/\s+/g, ' ').trim().slice(0, 200)

export default async function * results (events) {
  const worst = new Map()
  for await (const { type, data } of events) {
    const ids = NAMES.exec(data?.name ?? '')?.[1].split(' ')
    if (!ids || (type !== 'test:pass' && type !== 'test:fail')) continue
    const failed = type === 'test:fail'
    const error = data.details?.error?.cause ?? data.details?.error
    const result = failed
      ? ['failed', oneLine(`${data.name}: ${error?.message ?? error}`)]
      : data.skip !== undefined ? ['not applicable', oneLine(data.skip)] : ['passed']
    for (const id of ids) {
      const before = worst.get(id)
      if (!before || OUTCOMES.indexOf(result[0]) > OUTCOMES.indexOf(before[0])) worst.set(id, result)
    }
  }
  yield `client\taerospike-client-nodejs\t${version()}\n`
  for (const [id, result] of [...worst].sort()) yield [id, ...result].join('\t') + '\n'
}
