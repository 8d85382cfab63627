import { describe, expect, test } from 'bun:test'
import { checkFrontend } from './frontend.ts'

describe('checkFrontend()', () => {
  test.each([
    'docker/dockerfile',
    'docker/dockerfile:1',
    'docker/dockerfile:1.4',
    'docker/dockerfile:1.28.0',
    'docker/dockerfile:1.7-labs',
    'docker/dockerfile:1.0-experimental',
    'docker/dockerfile:latest',
    'docker/dockerfile:labs',
    'docker/dockerfile-upstream:master',
    'docker.io/docker/dockerfile:1.5',
    `docker/dockerfile:1@sha256:${'0'.repeat(64)}`,
    'mirror.example:5000/hub/docker/dockerfile:1',
    'docker/dockerfile:1 --option',
    'dockerfile.v0',
  ])('checkFrontend() takes %s', (syntax) => {
    expect(checkFrontend(syntax)).toBeUndefined()
  })

  test('checkFrontend() warns of a newer version', () => {
    expect(checkFrontend('docker/dockerfile:1.999')).toContain('is newer than 1.28')
  })

  test.each([
    ['evil/frontend', 'the frontend "evil/frontend" is not built in'],
    ['docker/dockerfil:1', '(did you mean docker/dockerfile?)'],
    ['evil.example/docker/dockerfile/x', 'is not built in'],
    ['docker/dockerfile:2', 'is another language'],
    ['docker/dockerfile:x', 'is not known'],
    ['docker/dockerfile:1@sha256:12', 'is not built in'],
    ['./docker', 'is not built in'],
  ])('checkFrontend() refuses %s', (syntax, reason) => {
    expect(() => checkFrontend(syntax)).toThrow(reason)
  })
})
