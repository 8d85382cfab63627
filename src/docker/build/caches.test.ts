import { expect, test } from 'bun:test'
import { parseCacheFrom, parseCacheTo } from './caches.ts'

test('parseCacheFrom() reads names of images, and sources with their keys', () => {
  expect(parseCacheFrom('app:cache,localhost:5000/b')).toEqual([
    { kind: 'registry', reference: 'app:cache', insecure: false },
    { kind: 'registry', reference: 'localhost:5000/b', insecure: false },
  ])
  expect(parseCacheFrom('type=registry,ref=a/b:c,registry.insecure=true')).toEqual([
    { kind: 'registry', reference: 'a/b:c', insecure: true },
  ])
  expect(parseCacheFrom('type=local,src=/cache')).toEqual([
    { kind: 'local', directory: '/cache', tag: 'latest', digest: undefined },
  ])
  const digest = `sha256:${'a'.repeat(64)}`
  expect(parseCacheFrom(`type=local,src=/cache,tag=x,digest=${digest}`)).toMatchObject([
    { tag: 'x', digest },
  ])
})

test('parseCacheTo() reads mode, form and document', () => {
  expect(parseCacheTo('type=inline')).toEqual([
    {
      kind: 'inline',
      mode: 'min',
      form: { document: 'manifest', compression: undefined, level: undefined, isForced: undefined },
      ignoresErrors: false,
      forBuildkit: 'small',
    },
  ])
  expect(parseCacheTo('type=registry,ref=a,buildkit=true')[0]?.forBuildkit).toBe('all')
  expect(parseCacheTo('type=registry,ref=a,buildkit=false')[0]?.forBuildkit).toBe('none')
  expect(parseCacheTo('type=registry,ref=a,mode=max,ignore-error=true')).toMatchObject([
    { kind: 'registry', reference: 'a', mode: 'max', ignoresErrors: true },
  ])
  expect(
    parseCacheTo('type=local,dest=/c,reset=1,compression=zstd,compression-level=5'),
  ).toMatchObject([
    { kind: 'local', directory: '/c', resets: true, form: { compression: 'zstd', level: 5 } },
  ])
  const document = (text: string): unknown => parseCacheTo(`type=registry,ref=a,${text}`)[0]?.form
  expect(document('image-manifest=false')).toMatchObject({ document: 'index' })
  expect(document('oci-mediatypes=false')).toMatchObject({ document: 'docker' })
})

test.each([
  [parseCacheFrom, 'type=registry', 'type=registry needs a name, with ref='],
  [parseCacheFrom, 'type=registy,ref=a', 'there is no type registy (did you mean registry?)'],
  [parseCacheFrom, 'type=local,dest=/c', 'type=local has no key dest'],
  [parseCacheFrom, 'type=local', 'type=local needs a directory, with src='],
  [parseCacheFrom, 'type=local,src=/c,digest=x', 'x is not a digest'],
  [parseCacheFrom, 'a=b,c', 'c needs key=value'],
  [parseCacheFrom, 'a/UPPER', 'cannot'],
  [parseCacheTo, 'type=inline,mode=max', 'type=inline has no key mode'],
  [parseCacheTo, 'type=local,dest=/c,mode=mx', 'there is no mode mx (did you mean max?)'],
  [parseCacheTo, 'type=local,dest=/c,reset=perhaps', 'reset is true or false'],
  [parseCacheTo, 'type=local,dest=/c,compression=estargz', 'a layer in eStargz is another layer'],
  [
    parseCacheTo,
    'type=registry,ref=a,oci-mediatypes=false,image-manifest=true',
    'image-manifest=true needs oci-mediatypes=true',
  ],
])('parseCacheFrom() and parseCacheTo() refuse case %#', (parse, text, reason) => {
  expect(() => parse(text)).toThrow(reason)
})
