import { describe, expect, test } from 'bun:test'
import { parseAnnotation, parseGrants, parseResources, parseRunSettings } from './run.ts'

describe('flags of RUN', () => {
  test('parseRunSettings() is absent without flags, so that keys stay the same', () => {
    expect(parseRunSettings({})).toBeUndefined()
    expect(parseRunSettings({ addHosts: [], ulimits: [], shmSize: 0 })).toBeUndefined()
  })

  test('parseRunSettings() reads hosts as Docker does', () => {
    const addHosts = ['a:1.2.3.4', 'b=::1', 'c:[fe80::1]', 'd=host-gateway']
    expect(parseRunSettings({ addHosts })?.hosts).toEqual([
      { name: 'a', ip: '1.2.3.4' },
      { name: 'b', ip: '::1' },
      { name: 'c', ip: 'fe80::1' },
      { name: 'd', ip: 'host-gateway' },
    ])
    for (const text of [
      'a',
      ':1.2.3.4',
      'a:',
      'a:b',
      'a\nb:1.1.1.1',
      'a b:1.1.1.1',
      'a:1.1.1.1\n',
    ]) {
      expect(() => parseRunSettings({ addHosts: [text] })).toThrow('Cannot use --add-host')
    }
  })

  test('parseGrants() refuses unknown permissions, with a suggestion', () => {
    expect(parseGrants('network.host')).toEqual(['network.host'])
    expect(parseGrants('device=vendor.com/x=y')).toEqual(['device=vendor.com/x=y'])
    expect(parseGrants('device=name=vendor.com/x')).toEqual(['device=vendor.com/x'])
    expect(parseGrants('buildx.local.delete')).toEqual([])
    expect(() => parseGrants('security.insecur')).toThrow('(did you mean security.insecure?)')
    expect(() => parseGrants('*')).toThrow('Cannot use --allow')
  })

  test('parseResources() reads sizes and numbers, and the last value wins', () => {
    const read = (text: string): number => Number.parseInt(text, 10) * 1024
    expect(parseResources(['memory=1,cpu-quota=5', 'memory=2', 'memory-swap=-1'], read)).toEqual({
      memory: 2048,
      cpuQuota: 5,
      memorySwap: -1,
    })
    expect(parseResources(['"cpuset-cpus=0,1"'], read)).toEqual({ cpusetCpus: '0,1' })
    for (const text of ['memry=1', 'memory', 'memory=', 'cpu-shares=x', '__proto__=1']) {
      expect(() => parseResources([text], read)).toThrow('Cannot use --resource')
    }
  })
})

describe('parseAnnotation()', () => {
  test.each([
    ['a=b', { places: ['manifest'], key: 'a', value: 'b' }],
    ['org.x:y=z=1', { places: ['manifest'], key: 'org.x:y', value: 'z=1' }],
    ['manifest:a=', { places: ['manifest'], key: 'a', value: '' }],
    [
      'index,manifest-descriptor:a=b',
      { places: ['index', 'manifest-descriptor'], key: 'a', value: 'b' },
    ],
    [
      'manifest[linux/arm64]:a=b:c',
      {
        places: ['manifest'],
        platform: { os: 'linux', architecture: 'arm64' },
        key: 'a',
        value: 'b:c',
      },
    ],
  ])('parseAnnotation() reads %s', (text, expected) => {
    expect(parseAnnotation(text)).toMatchObject(expected as object)
  })

  test('parseAnnotation() refuses mistakes', () => {
    expect(() => parseAnnotation('a')).toThrow('expected KEY=VALUE')
    expect(() => parseAnnotation('=b')).toThrow('expected KEY=VALUE')
    expect(() => parseAnnotation('manifst:a=b')).not.toThrow()
    expect(() => parseAnnotation('manifest,indx:a=b')).toThrow('(did you mean index?)')
    expect(() => parseAnnotation('manifest[nonsense/a/b/c/d]:a=b')).toThrow()
  })
})
