import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { hybridControllers } from './cgroup.ts'
import { detectRuntime } from './detect.ts'

let base = ''

beforeAll(() => {
  base = mkdtempSync(`${tmpdir()}/strake-detect-`)
})

afterAll(() => rmSync(base, { recursive: true, force: true }))

/** A program that prints the version of a runtime and counts its calls. */
function pretend(name: string, firstLine: string): string {
  const path = `${base}/${name}`
  writeFileSync(path, `#!/bin/sh\necho asked >> ${path}.calls\necho '${firstLine}'\n`, {
    mode: 0o755,
  })
  return path
}

test('detectRuntime() uses the runtime at a path, and creates its state directory', async () => {
  const preferred = pretend('mine', 'runc version 1.2.3')
  const { runtime, reason } = await detectRuntime({ root: `${base}/state`, preferred })
  expect(runtime).toMatchObject({ name: 'runc', path: preferred, version: '1.2.3' })
  expect(reason).toBe('asked for')
  expect(statSync(`${base}/state`).mode & 0o777).toBe(0o700)
})

test('detectRuntime() runs a program for its version once', async () => {
  const preferred = pretend('cached', 'runc version 1.1.0')
  const options = { root: `${base}/state`, preferred, cache: `${base}/cache/versions.json` }
  await detectRuntime(options)
  expect((await detectRuntime(options)).runtime.version).toBe('1.1.0')
  expect(readFileSync(`${preferred}.calls`, 'utf8')).toBe('asked\n')
  pretend('cached', 'runc version 1.1.17')
  expect((await detectRuntime(options)).runtime.version).toBe('1.1.17')
})

test('detectRuntime() runs a program again that was killed before it printed its version', async () => {
  const preferred = pretend('killed', 'runc version 1.1.0')
  const answer = readFileSync(preferred, 'utf8')
  const once = `[ -e ${preferred}.calls ] || kill -9 $$`
  writeFileSync(
    preferred,
    answer.replace('\n', () => `\n${once}\n`),
  )
  const options = { root: `${base}/state`, preferred, cache: `${base}/cache/killed.json` }
  await expect(detectRuntime(options)).rejects.toThrow('is no OCI runtime')
  writeFileSync(`${preferred}.calls`, '')
  expect((await detectRuntime(options)).runtime.version).toBe('1.1.0')
})

test('detectRuntime() works without a cache that it cannot write', async () => {
  const preferred = pretend('uncached', 'runc version 1.1.0')
  const options = { root: `${base}/state`, preferred, cache: `${preferred}/versions.json` }
  expect((await detectRuntime(options)).runtime.version).toBe('1.1.0')
})

test('detectRuntime() refuses with the reason', async () => {
  const refuse = (preferred: string) => detectRuntime({ root: `${base}/state`, preferred })
  const old = pretend('old', 'runc version 0.1.1')
  await expect(refuse(old)).rejects.toThrow('0.1.1 lets a container overwrite it (CVE-2019-5736)')
  await expect(refuse(pretend('other', 'something 1'))).rejects.toThrow('is no OCI runtime')
  await expect(refuse(`${base}/nothing`)).rejects.toThrow(
    `Cannot run containers: ${base}/nothing is not installed`,
  )
})

test.skipIf(hybridControllers().length === 0)(
  'detectRuntime() rejects crun when there are controllers on a v2 mount beside v1',
  async () => {
    const preferred = pretend('crun', 'crun version 1.8.1')
    await expect(detectRuntime({ root: `${base}/state`, preferred })).rejects.toThrow(
      'crun 1.8.1 refuses cgroup v1 with controllers on v2 beside it',
    )
  },
)

test('detectRuntime() knows any runtime by what it calls itself', async () => {
  const lines = {
    youki: 'youki version: 0.7.0',
    runsc: 'runsc version release-20260601.0',
    kata: 'kata-runtime  : 3.2.0',
  }
  for (const [file, line] of Object.entries(lines)) {
    const preferred = pretend(file, line)
    const { runtime } = await detectRuntime({ root: `${base}/state`, preferred })
    expect(line.startsWith(runtime.name) && line.endsWith(runtime.version)).toBe(true)
  }
})
