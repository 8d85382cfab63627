import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createdState, damagedState, readState, writeState } from './state.ts'

const damages: Readonly<Record<string, (path: string) => void>> = {
  gone: (path) => rmSync(path),
  'a pipe': (path) => {
    rmSync(path)
    spawnSync('mkfifo', [path])
  },
  'a directory': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  'longer than any of ours': (path) => truncateSync(path, 2 ** 40),
  'half of one': (path) => writeFileSync(path, '{"status":'),
}

/** The directory of a container with a state. It is removed with the scope. */
function makeDirectory(): { directory: string; state: string } & Disposable {
  const directory = mkdtempSync(`${tmpdir()}/strake-state-`)
  const state = `${directory}/state.json`
  writeState(state, { ...createdState, restartCount: 3 })
  return {
    directory,
    state,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}

for (const [kind, damage] of Object.entries(damages)) {
  test(`readState() of a file that is ${kind} returns at once, with the state dead`, () => {
    using paths = makeDirectory()
    writeFileSync(`${paths.directory}/config.json`, '')
    expect(readState(paths).restartCount).toBe(3)
    damage(paths.state)
    expect(readState(paths)).toEqual(damagedState)
  })
}

test('readState() refuses documents of another shape', () => {
  using paths = makeDirectory()
  const documents = [{}, { ...createdState, status: 'walking' }, { ...createdState, exitCode: '0' }]
  for (const document of documents) {
    writeFileSync(paths.state, JSON.stringify(document))
    expect(readState(paths)).toEqual(damagedState)
  }
})

test('readState() returns the state of a new container if there is no bundle', () => {
  using paths = makeDirectory()
  rmSync(paths.state)
  expect(readState(paths)).toEqual(createdState)
})
