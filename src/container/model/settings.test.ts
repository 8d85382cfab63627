import { expect, test } from 'bun:test'
import type { Digest, RunConfig } from '#oci'
import type { ContainerOptions } from './options.ts'
import { mergeEnv, mergeSettings } from './settings.ts'

const digest: Digest = `sha256:${'0'.repeat(64)}`

function options(config: RunConfig, more: Partial<ContainerOptions> = {}): ContainerOptions {
  return { image: { reference: 'app', id: digest, chainId: null, config }, ...more }
}

const image: RunConfig = { Entrypoint: ['/e'], Cmd: ['c'], Labels: { a: '1' } }

test('mergeSettings() merges command and entrypoint as Docker does', () => {
  const command = (more: Partial<ContainerOptions>): readonly string[] => {
    const settings = mergeSettings('0'.repeat(64), options(image, more))
    return [...settings.entrypoint, ...settings.command]
  }
  expect(command({})).toEqual(['/e', 'c'])
  expect(command({ command: ['x'] })).toEqual(['/e', 'x'])
  expect(command({ entrypoint: ['/f'] })).toEqual(['/f'])
  expect(command({ entrypoint: [], command: ['x'] })).toEqual(['x'])
  expect(() => command({ entrypoint: [] })).toThrow('the image names no command')
})

test('mergeSettings() adds anonymous volumes except where something else is mounted', () => {
  const volumes = { Volumes: { '/a': {}, '/b/': {} }, Cmd: ['x'] }
  const mounts = [{ type: 'tmpfs', destination: '/a' }] as const
  expect(mergeSettings('0', options(volumes, { mounts })).mounts).toEqual([
    { type: 'tmpfs', destination: '/a' },
    { type: 'volume', destination: '/b' },
  ])
})

test('mergeSettings() publishes exposed ports only with publishAll', () => {
  const exposing = { Cmd: ['x'], ExposedPorts: { '80/tcp': {}, '53/udp': {} } }
  const ports = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] as const
  expect(mergeSettings('0', options(exposing, { ports })).ports).toEqual([...ports])
  expect(mergeSettings('0', options(exposing, { ports, publishAll: true })).ports).toEqual([
    ...ports,
    { hostPort: 0, containerPort: 53, protocol: 'udp' },
  ])
})

test('mergeSettings() ignores ports of the image that cannot be published', () => {
  const bad = ['x/tcp', '99999/tcp', '0/tcp', '5-3/tcp', '', '80/foo', '9/dccp', '-1', '1e2']
  const ExposedPorts = Object.fromEntries([...bad, '80', '53/UDP'].map((port) => [port, {}]))
  expect(
    mergeSettings('0', options({ Cmd: ['x'], ExposedPorts }, { publishAll: true })).ports,
  ).toEqual([
    { hostPort: 0, containerPort: 80, protocol: 'tcp' },
    { hostPort: 0, containerPort: 53, protocol: 'udp' },
  ])
})

test('mergeSettings() treats empty texts and sizes as absent', () => {
  const config = { Cmd: ['x'], WorkingDir: '/w', User: 'u', StopSignal: 'SIGINT' }
  const empty = { hostname: '', workingDir: '', user: '', stopSignal: '', shmSize: 0 }
  const id = '0'.repeat(64)
  expect(mergeSettings(id, options(config, empty))).toEqual(mergeSettings(id, options(config)))
  expect(mergeSettings(id, options(config, empty)).hostname).toBe('0'.repeat(12))
})

test('mergeSettings() overrides a health check field by field, and NONE removes it', () => {
  const checked = { Cmd: ['x'], Healthcheck: { Test: ['CMD', 'a'], Retries: 5 } }
  const health = (override?: ContainerOptions['health']) =>
    mergeSettings('0', options(checked, { health: override })).health
  expect(health()).toEqual({ Test: ['CMD', 'a'], Retries: 5 })
  expect(health({ Interval: 7 })).toEqual({ Test: ['CMD', 'a'], Retries: 5, Interval: 7 })
  expect(health({ Test: ['NONE'] })).toBeUndefined()
})

test('mergeSettings() refuses options that exclude each other', () => {
  const restart = { name: 'always', maximumRetryCount: 0 } as const
  expect(() => mergeSettings('0', options(image, { remove: true, restart }))).toThrow(
    'Cannot use --rm with --restart',
  )
  expect(() => mergeSettings('0', options(image, { workingDir: 'a' }))).toThrow('not absolute')
})

test('mergeEnv() keeps the order, replaces values and removes bare names', () => {
  expect(mergeEnv(['A=1', 'B=2'], ['A=3', 'C=a=b', 'D='], ['B'])).toEqual(['A=3', 'C=a=b', 'D='])
})
