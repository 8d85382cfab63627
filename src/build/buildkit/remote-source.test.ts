import { expect, test } from 'bun:test'
import { sha256 } from '#oci'
import type { AddOp, GitSource } from '../model/graph.ts'
import type { Material } from '../model/provenance.ts'
import { remoteSources } from './remote-source.ts'

const op: AddOp = {
  kind: 'add',
  sources: [],
  urls: [],
  destination: '/x/',
  intoDirectory: true,
  exclude: [],
  link: false,
  unpack: 'auto',
}
const digest = sha256('downloaded')
const modified = 'Tue, 03 Nov 2026 10:00:00 GMT'
const commit = 'a73e7ac75247e68cf5d725d897e88052f4729caf'

function found(change: Partial<AddOp>, material: Material): readonly (readonly string[])[] {
  const sources = remoteSources({ ...op, ...change }, [material]) ?? []
  return sources.map(({ path, made }) => [path, made.digest.slice(7, 20)])
}

/** The digests are those of the records that BuildKit 0.34 wrote for the same sources. */
test('remoteSources() identifies downloads as BuildKit does', () => {
  const of = (name: string, material: Partial<Material> = {}, change: Partial<AddOp> = {}) => {
    const url = `http://127.0.0.1:18081/${name}`
    const http = { kind: 'http', url, digest, ...material } as Material
    return found({ urls: [url], ...change }, http)
  }
  expect(of('file.txt', { modified })).toEqual([['/file.txt', 'de7ff191fb054']])
  expect(of('undated')).toEqual([['/undated', 'f386f91d8bb29']])
  expect(of('a%20b', { modified })).toEqual([['/a b', 'fe917d63cf84c']])
  const sum = of('sum.txt', { modified }, { checksum: digest })
  expect(sum).toEqual([['/sum.txt', '2ffbfaa668ddb']])
  expect(of('', { modified })[0]?.[0]).toBe('/__unnamed__')
})

test('remoteSources() identifies repositories as BuildKit does', () => {
  const of = (source: Partial<GitSource>) => {
    const repository = { remote: 'https://example.org/r.git', submodules: true, ...source }
    return found({ repositories: [repository] }, { kind: 'git', url: repository.remote, commit })
  }
  expect(of({ ref: 'v1' })).toEqual([['/', 'ce305c1d9504a']])
  expect(of({ subdir: 'lib', submodules: false })).toEqual([['/', '48efc8ff5ae69']])
  expect(of({ keepGitDir: true })).toEqual([])
})

test('remoteSources() knows nothing before the versions are found, and of mixed sources', () => {
  const url = 'https://example.org/f'
  expect(remoteSources({ ...op, urls: [url] }, [])).toBeUndefined()
  const repository = { remote: 'https://example.org/r.git', submodules: true }
  const materials: Material[] = [
    { kind: 'http', url, digest },
    { kind: 'git', url: repository.remote, commit },
  ]
  const mixed = { ...op, urls: [url], repositories: [repository] }
  expect(remoteSources(mixed, materials)).toBeUndefined()
  expect(
    remoteSources({ ...op, urls: ['https://example.org/%E0'] }, materials.slice(0, 1)),
  ).toBeUndefined()
})
