import { expect, test } from 'bun:test'
import { type ImageConfig, layersOf, parseConfig } from './config.ts'
import { encodeJson } from './json.ts'
import { limits } from './limits.ts'
import type { Manifest } from './manifest.ts'
import { mediaType } from './media-type.ts'
import { sha256 } from './sha256.ts'

const diffIds = [sha256('one'), sha256('two')]
const config = {
  created: '2024-01-02T03:04:05Z',
  architecture: 'arm64',
  variant: 'v8',
  os: 'linux',
  config: {
    User: 'app',
    ExposedPorts: { '80/tcp': {} },
    Env: ['PATH=/bin'],
    Entrypoint: ['/app'],
    Cmd: ['serve'],
    Volumes: { '/data': {} },
    WorkingDir: '/srv',
    Labels: { user: 'labels may be named anything', User: 'twice' },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000, Retries: 3 },
    Shell: ['/bin/sh', '-c'],
    OnBuild: ['RUN true'],
  },
  rootfs: { type: 'layers', diff_ids: diffIds },
  history: [{ created_by: 'ADD one' }, { created_by: 'ENV', empty_layer: true }, { comment: 'x' }],
} satisfies ImageConfig

test('parseConfig() reads all fields of Docker and OCI', () => {
  expect(parseConfig(encodeJson(config))).toEqual(config)
})

test('parseConfig() drops unknown fields and reads null as absent', () => {
  const docker = {
    ...config,
    docker_version: '20.10.5',
    container: 'abc',
    history: null,
    config: { Hostname: '', Cmd: null, Labels: null, Env: [], Healthcheck: null },
  }
  const { architecture, created, os, rootfs, variant } = config
  expect(parseConfig(encodeJson(docker))).toEqual({
    architecture,
    created,
    os,
    rootfs,
    variant: variant,
    config: { Env: [] },
  })
})

const bad: Record<string, object> = {
  'rootfs is missing': { ...config, rootfs: undefined },
  'architecture is missing': { ...config, architecture: undefined },
  'os is not a string': { ...config, os: 1 },
  'OS differs from os only by case': { ...config, OS: 'linux' },
  'config.user differs from User only by case': { ...config, config: { user: 'root' } },
  'config.Env[0] is not a string': { ...config, config: { Env: [1] } },
  'config.Cmd is not an array': { ...config, config: { Cmd: 'sh' } },
  'rootfs.type is "tarballs", not "layers"': { ...config, rootfs: { type: 'tarballs' } },
  'rootfs.diff_ids[0] is not a sha256': { ...config, rootfs: { diff_ids: ['sha256:../../x'] } },
  'its history describes 1 layers, but rootfs.diff_ids has 2': {
    ...config,
    history: [{ created_by: 'ADD one' }],
  },
  'it is not an object': [],
}

for (const [reason, document] of Object.entries(bad)) {
  test(`parseConfig() refuses a configuration because ${reason}`, () => {
    expect(() => parseConfig(encodeJson(document))).toThrow(
      `Cannot read image configuration: ${reason}`,
    )
  })
}

test('parseConfig() refuses more than 4 MiB', () => {
  expect(() => parseConfig(new Uint8Array(limits.configSize + 1))).toThrow('more than 4194304')
})

test('layersOf() pairs layers with diff IDs, and refuses different numbers of both', () => {
  const layer = { mediaType: mediaType.ociLayer, digest: sha256('one'), size: 3 }
  const manifest: Manifest = {
    schemaVersion: 2,
    config: { mediaType: mediaType.ociConfig, digest: sha256('c'), size: 1 },
    layers: [layer, { ...layer, digest: sha256('two') }],
  }
  expect(layersOf(manifest, config).map((each) => each.diffId)).toEqual(diffIds)
  expect(() => layersOf({ ...manifest, layers: [layer] }, config)).toThrow(
    'Cannot use image: the manifest has 1 layers, the configuration 2',
  )
})
