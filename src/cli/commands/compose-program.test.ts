import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findCompose } from './compose-program.ts'

let base = ''
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'strake-compose-'))
})
afterEach(() => rmSync(base, { recursive: true }))

function install(path: string, mode = 0o755): string {
  const whole = join(base, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, '#!/bin/sh\n')
  chmodSync(whole, mode)
  return whole
}

test('findCompose() prefers the PATH to plugins of the Docker CLI, and skips what is no program', () => {
  const plugin = install('config/cli-plugins/docker-compose')
  install('plain/docker-compose', 0o644)
  const env = { PATH: `${base}/plain:relative`, DOCKER_CONFIG: join(base, 'config') }
  expect(findCompose(env)).toBe(plugin)
  const program = install('bin/docker-compose')
  expect(findCompose({ ...env, PATH: `${base}/plain:${base}/bin` })).toBe(program)
  rmSync(plugin)
  const ofHome = install('.docker/cli-plugins/docker-compose')
  expect(findCompose({ HOME: base })).toBe(ofHome)
})

test('findCompose() refuses a plugin that another user may replace', () => {
  const plugin = install('config/cli-plugins/docker-compose')
  chmodSync(dirname(plugin), 0o777)
  const env = { DOCKER_CONFIG: join(base, 'config') }
  expect(() => findCompose(env)).toThrow(`another user may change ${dirname(plugin)}`)
})
