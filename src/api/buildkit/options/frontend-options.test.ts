import { expect, test } from 'bun:test'
import { checkAttributes } from './attributes.ts'
import { hostGateway, readFrontendOptions } from './frontend-options.ts'

test('readFrontendOptions() reads every attribute', () => {
  const options = readFrontendOptions({
    target: 'app',
    platform: 'linux/amd64,linux/arm64',
    'no-cache': 'a,b',
    'image-resolve-mode': 'pull',
    'add-hosts': `a=10.0.0.1,b=::1,gate=${hostGateway}`,
    'force-network-mode': 'none',
    'shm-size': '65536',
    ulimit: 'nofile=10:20,core=0',
    'cgroup-parent': 'builds',
    memory: '1000',
    memswap: '-1',
    cpuquota: '50',
    cpusetcpus: '0,1',
    'build-arg:A': 'b',
    'label:x.y': 'z',
    hostname: 'box',
    'multi-platform': '1',
    'attest:provenance': 'mode=min,inline-only=true',
    'attest:sbom': 'disabled=true',
  })
  expect(options).toMatchObject({
    target: 'app',
    platforms: [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ],
    noCache: false,
    noCacheStages: ['a', 'b'],
    pull: true,
    network: 'none',
    runSettings: {
      hosts: [
        { name: 'a', ip: '10.0.0.1' },
        { name: 'b', ip: '::1' },
        { name: 'gate', ip: 'host-gateway' },
      ],
      rlimits: [
        { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
        { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      ],
      shmSize: 65536,
    },
    runLimits: {
      cgroupParent: '/builds',
      resources: { memory: 1000, memorySwap: -1, cpuQuota: 50, cpusetCpus: '0,1' },
    },
    attestations: { provenance: { mode: 'min', isInlineOnly: true } },
  })
  expect(options.attestations).not.toHaveProperty('sbom')
  expect(Object.fromEntries(options.buildArgs ?? [])).toEqual({
    A: 'b',
    BUILDKIT_SANDBOX_HOSTNAME: 'box',
    BUILDKIT_MULTI_PLATFORM: 'true',
  })
  expect(Object.fromEntries(options.labels ?? [])).toEqual({ 'x.y': 'z' })
})

test('readFrontendOptions() has few options without attributes, and no cache with an empty one', () => {
  expect(readFrontendOptions({})).toMatchObject({ noCache: false, pull: false, runLimits: {} })
  expect(readFrontendOptions({ 'no-cache': '' })).toMatchObject({ noCache: true })
})

test.each(['', 'type=sbom'])('readFrontendOptions() reads a list of packages with %p', (text) => {
  expect(readFrontendOptions({ 'attest:sbom': text }).attestations).toHaveProperty('sbom')
})

test('readFrontendOptions() gives the frontend of gateway.v0 to the check of the syntax', () => {
  const syntax = (attributes: Record<string, string>) =>
    readFrontendOptions(attributes).buildArgs?.get('BUILDKIT_SYNTAX')
  expect(syntax({ source: 'docker/dockerfile:1' })).toBe('docker/dockerfile:1')
  expect(syntax({ source: 'a', cmdline: 'a b', 'build-arg:BUILDKIT_SYNTAX': 'c' })).toBe('c')
})

test.each([
  ['memory', 'much', 'is not a number'],
  ['memory', '-1', 'is not a number'],
  ['force-network-mode', 'bridge', 'expected none, host or sandbox'],
  ['image-resolve-mode', 'never', 'expected default, pull or local'],
  ['multi-platform', 'perhaps', 'it is true or false'],
  ['ulimit', '"nofile=1', 'a quote is not closed'],
])('readFrontendOptions() refuses %s=%s', (key, value, reason) => {
  expect(() => readFrontendOptions({ [key]: value })).toThrow(`"${key}": `)
  expect(() => readFrontendOptions({ [key]: value })).toThrow(reason)
})

test('checkAttributes() refuses an unknown attribute by its name', () => {
  checkAttributes({ target: '', 'build-arg:x': '', 'vcs:source': '', 'frontend.caps': '' })
  expect(() => checkAttributes({ tarket: 'a' })).toThrow(
    '"tarket": this frontend has no such option',
  )
  expect(() => checkAttributes({ constructor: 'a' })).toThrow('"constructor"')
})
