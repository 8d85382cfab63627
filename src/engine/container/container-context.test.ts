import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { DetectedRuntime } from '#runtime'
import type { Engine } from '../engine.ts'
import { openEngine } from '../open.ts'
import { containerContext, runningContext } from './container-context.ts'

let root = ''
let opened: Engine

beforeAll(async () => {
  root = mkdtempSync(`${tmpdir()}/strake-context-`)
  opened = await openEngine({ root: `${root}/root`, env: { STRAKE_RUN: `${root}/run` } })
})

afterAll(async () => {
  await opened[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
})

test('runningContext() opens neither snapshots nor networks', async () => {
  const used: string[] = []
  const runtime = { name: 'crun' } as DetectedRuntime['runtime']
  const engine: Engine = {
    ...opened,
    runtime: async () => ({ runtime, reason: '', rejected: [] }),
    snapshots() {
      used.push('snapshots')
      return opened.snapshots()
    },
    networks() {
      used.push('networks')
      return opened.networks()
    },
  }
  expect(await runningContext(engine)).toEqual({
    root: engine.root,
    run: engine.run,
    records: engine.records,
    runtime,
  })
  expect(used).toEqual([])
  await containerContext(engine)
  expect(used.toSorted()).toEqual(['networks', 'snapshots'])
})
