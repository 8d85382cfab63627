import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { controlSocketsIn } from './control-sockets.ts'

test('controlSocketsIn() finds a socket of an engine by its name in any directory', () => {
  expect(controlSocketsIn('/run/docker.sock')).toEqual(['/run/docker.sock'])
  expect(controlSocketsIn('/home/me/podman/podman.sock')).toEqual(['/home/me/podman/podman.sock'])
  expect(controlSocketsIn('/home/me/docker.sock.txt')).toEqual([])
})

test('controlSocketsIn() finds existing sockets below a directory', () => {
  expect(controlSocketsIn('/srv')).toEqual([])
  expect(controlSocketsIn('/run').includes('/run/docker.sock')).toBe(existsSync('/run/docker.sock'))
  expect(controlSocketsIn('/')).toEqual(controlSocketsIn('/run'))
})
