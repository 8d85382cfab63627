import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlSocketsIn } from './control-sockets.ts'

test('controlSocketsIn() finds a socket of an engine by its name in any directory', () => {
  expect(controlSocketsIn('/run/docker.sock')).toEqual(['/run/docker.sock'])
  expect(controlSocketsIn('/home/me/podman/podman.sock')).toEqual(['/home/me/podman/podman.sock'])
  expect(controlSocketsIn('/home/me/docker.sock.txt')).toEqual([])
})

test('controlSocketsIn() finds existing sockets below a directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strake-sockets-'))
  try {
    const [there, absent] = [`${directory}/run/docker.sock`, `${directory}/run/podman/podman.sock`]
    const places = [there, absent]
    mkdirSync(`${directory}/run/podman`, { recursive: true })
    mkdirSync(`${directory}/runner`)
    symlinkSync('run', `${directory}/link`)
    writeFileSync(there, '')
    for (const source of ['run', 'run/', 'link', '.']) {
      expect(controlSocketsIn(`${directory}/${source}`, places)).toEqual([there])
    }
    expect(controlSocketsIn('/', places)).toContain(there)
    expect(controlSocketsIn(`${directory}/run/podman`, places)).toEqual([])
    expect(controlSocketsIn(`${directory}/run`.slice(0, -1), places)).toEqual([])
    expect(controlSocketsIn(`${directory}/runner`, places)).toEqual([])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
