// A reporter for node:test: writes what became of each scenario to the file that the environment variable RESULTS
// names, as scenarios.md describes. A test's name begins with the ids of what it covers; one that is skipped says that
// the client cannot do it, and why.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'

const NAMES = /^((?:[a-z]+-\d+ ?)+): /

const version = () => JSON.parse(readFileSync(new URL('node_modules/aerospike/package.json', import.meta.url))).version

const oneLine = (text) => String(text).replace(/\s+/g, ' ').trim().slice(0, 200)

export default async function * results (events) {
  const file = process.env.RESULTS
  // Line by line, at once: the runner ends the process without waiting for its reporters.
  if (file) writeFileSync(file, `client\taerospike-client-nodejs\t${version()}\n`)
  for await (const { type, data } of events) {
    const ids = NAMES.exec(data?.name ?? '')?.[1].split(' ')
    if (!file || !ids || (type !== 'test:pass' && type !== 'test:fail')) continue
    const error = data.details?.error?.cause ?? data.details?.error
    const result = type === 'test:fail'
      ? ['failed', oneLine(`${data.name}: ${error?.message ?? error}`)]
      : data.skip !== undefined ? ['not applicable', oneLine(data.skip)] : ['passed']
    appendFileSync(file, ids.map((id) => [id, ...result].join('\t') + '\n').join(''))
  }
  yield ''
}
