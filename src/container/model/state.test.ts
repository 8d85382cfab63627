import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createdState, readState, writeState } from './state.ts'

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

for (const [kind, damage] of Object.entries(damages)) {
  test(`readState() of a file that is ${kind} returns at once, with the state of a new container`, () => {
    const directory = mkdtempSync(`${tmpdir()}/strake-state-`)
    const path = `${directory}/state.json`
    writeState(path, { ...createdState, restartCount: 3 })
    expect(readState(path).restartCount).toBe(3)
    damage(path)
    expect(readState(path)).toEqual(createdState)
    rmSync(directory, { recursive: true })
  })
}
