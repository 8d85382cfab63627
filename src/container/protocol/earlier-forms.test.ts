import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { readSettings } from '../model/record.ts'
import { readState, writeJson } from '../model/state.ts'
import { readOrder } from './order.ts'

/** The directory of a container of another version. It is removed with the scope. */
function makeContainer(): { readonly root: string } & Disposable {
  const root = mkdtempSync(`${tmpdir()}/strake-forms-`)

  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) }
}

test('readState() gives missing fields the values of a new container, and keeps unknown ones', () => {
  using container = makeContainer()
  const process = { pid: 5, startTime: '7', bootId: 'b' }
  const path = `${container.root}/state.json`
  writeJson(path, { status: 'running', process, later: true, network: { namespace: '/n' } })
  const state = readState({ state: path, directory: container.root })
  expect(state).toMatchObject({
    status: 'running',
    process,
    exitCode: 0,
    restartCount: 0,
    error: '',
    network: { namespace: '/n', networks: [], ports: [] },
  })
  writeFileSync(path, '{"status":"running","exitCode":"0"}')
  expect(readState({ state: path, directory: container.root }).status).toBe('dead')
})

test('readSettings() gives missing settings their defaults, and keeps unknown ones', () => {
  const config = { version: 1, command: ['sh'], entrypoint: [], later: 1, stopTimeout: 3 }
  expect(readSettings({ name: 'old', config })).toMatchObject({
    ...{ command: ['sh'], stopTimeout: 3, later: 1 },
    ...{ stopSignal: 'SIGTERM', ports: [], mounts: [], network: 'bridge', pid: 'private' },
    restart: { name: 'no' },
    log: { driver: 'json-file', maxFile: 3 },
  })
})

test('readOrder() gives missing fields their defaults, and keeps unknown ones', () => {
  using container = makeContainer()
  const path = `${container.root}/order.json`
  const runtime = { name: 'crun', path: '/usr/bin/crun', version: '1', root: '/run/r' }
  writeJson(path, { id: 'c', root: '/r', run: '/u', runtime, remove: true, later: 1 })
  expect(readOrder(path)).toMatchObject({
    ...{ id: 'c', runtime, remove: true, later: 1 },
    ...{ awaitClients: 0, proxied: [], nameServers: [], overlays: [], terminal: false },
    restart: { name: 'no' },
  })
})
