import { expect, test } from 'bun:test'
import { createBuildArgs, platformArgs, proxyEnvironment } from './scope.ts'

test('createBuildArgs() reports arguments that no ARG declares, sorted', () => {
  const args = createBuildArgs({ z: '1', a: '2', b: '3', HTTP_PROXY: 'x', SOURCE_DATE_EPOCH: '0' })
  args.declare('b')
  args.declare('absent')
  expect(args.unused()).toEqual(['a', 'z'])
  expect([args.get('z'), args.get('absent')]).toEqual(['1', undefined])
})

test('proxyEnvironment() has each proxy in upper and lower case', () => {
  expect(proxyEnvironment({ HTTP_PROXY: 'p', no_proxy: 'a,b', FTP_PROXY: '', other: 'x' })).toEqual(
    ['HTTP_PROXY=p', 'http_proxy=p', 'NO_PROXY=a,b', 'no_proxy=a,b'],
  )
})

test('proxyEnvironment() keeps two values of one proxy', () => {
  const env = proxyEnvironment({ HTTP_PROXY: 'upper', http_proxy: 'lower' })
  expect(env).toEqual(['HTTP_PROXY=upper', 'http_proxy=lower'])
})

test('platformArgs() describes both platforms and names the stage', () => {
  const target = { os: 'linux', architecture: 'arm', variant: 'v7' }
  const args = platformArgs({ target, build: { os: 'linux', architecture: 'amd64' } }, 'app')
  expect(Object.fromEntries(args)).toEqual({
    TARGETPLATFORM: 'linux/arm/v7',
    TARGETOS: 'linux',
    TARGETARCH: 'arm',
    TARGETVARIANT: 'v7',
    TARGETOSVERSION: '',
    BUILDPLATFORM: 'linux/amd64',
    BUILDOS: 'linux',
    BUILDARCH: 'amd64',
    BUILDVARIANT: '',
    BUILDOSVERSION: '',
    TARGETSTAGE: 'app',
  })
})
