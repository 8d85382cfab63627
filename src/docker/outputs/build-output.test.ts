import { expect, test } from 'bun:test'
import { parseOutput, withPush } from './build-output.ts'

test('parseOutput() reads a directory and - without a type', () => {
  expect(parseOutput('out')).toEqual({ kind: 'local', destination: 'out', isMirror: false })
  expect(parseOutput('a=b')).toMatchObject({ kind: 'local', destination: 'a=b' })
  expect(parseOutput('-')).toEqual({ kind: 'tar', isMirror: false })
})

test('parseOutput() reads files and directories', () => {
  expect(parseOutput('type=local,dest=out,mode=delete,platform-split=false')).toEqual({
    kind: 'local',
    destination: 'out',
    isMirror: true,
    splitsPlatforms: false,
  })
  expect(parseOutput('type=local,dest=out,src=srv/a')).toMatchObject({ source: 'srv/a' })
  expect(parseOutput('type=tar,src=/srv')).toMatchObject({ kind: 'tar', source: '/srv' })
  expect(() => parseOutput('type=tar,src=')).toThrow('src is a directory of the result')
  expect(parseOutput('type=tar,dest=-')).toMatchObject({ kind: 'tar', destination: undefined })
  expect(parseOutput('type=tar')).toMatchObject({ kind: 'tar', destination: undefined })
  expect(parseOutput('type=oci,dest=a.tar')).toMatchObject({
    kind: 'oci',
    destination: 'a.tar',
    isDirectory: false,
    names: undefined,
  })
  expect(parseOutput('type=docker,dest=dir,tar=false')).toMatchObject({ isDirectory: true })
  expect(parseOutput('type=cacheonly')).toEqual({ kind: 'cacheonly' })
})

test('parseOutput() reads images and pushes', () => {
  const names = ['docker.io/library/a:1', 'docker.io/library/b:latest']
  expect(parseOutput('type=image,"name=a:1, b",push=true')).toMatchObject({
    kind: 'image',
    names,
    push: true,
    byDigest: false,
  })
  expect(parseOutput('"type=registry",name=a')).toMatchObject({ kind: 'image', push: true })
  expect(parseOutput('type=image,name=a,push-by-digest=true')).toMatchObject({
    push: true,
    byDigest: true,
  })
  // Docker loads it into its store.
  expect(parseOutput('type=docker,name=a:1')).toMatchObject({ kind: 'image', push: false })
})

test('parseOutput() reads the form of an image', () => {
  const form = (text: string) => {
    const output = parseOutput(`type=image,${text}`)
    return 'form' in output ? output.form : undefined
  }
  expect(form('compression=zstd,compression-level=19,force-compression=1')).toMatchObject({
    compression: 'zstd',
    level: 19,
    isForced: true,
  })
  expect(form('compression-level=9')).toMatchObject({ compression: 'gzip', level: 9 })
  expect(form('compression=zstd,compression-level=0')).toMatchObject({ level: 3 })
  expect(form('OCI-MediaTypes=false,rewrite-timestamp=true')).toMatchObject({
    mediaTypes: 'docker',
    rewritesTimes: true,
  })
  expect(
    form('annotation.Key=1,annotation-index.k=2,annotation-manifest-descriptor[linux/arm64].k=3'),
  ).toMatchObject({
    annotations: [
      { places: ['manifest'], key: 'Key', value: '1' },
      { places: ['index'], key: 'k', value: '2' },
      {
        places: ['manifest-descriptor'],
        platform: { os: 'linux', architecture: 'arm64' },
        key: 'k',
        value: '3',
      },
    ],
  })
})

test.each([
  ['', 'it names no directory and no type'],
  ['type=loacl,dest=x', 'there is no type loacl (did you mean local?)'],
  ['type=xyz', 'there are local, tar, oci, docker, image, registry, cacheonly'],
  ['type=local,dst=x', 'type=local has no key dst (did you mean dest?)'],
  ['type=local,annotation.a=b,dest=x', 'type=local has no key annotation.a'],
  ['type=cacheonly,dest=x', 'type=cacheonly has no key dest; there is none'],
  ['type=local', 'type=local needs a directory, with dest='],
  ['type=local,dest=-', 'type=local needs a directory, with dest='],
  ['type=local,dest=x,mode=delte', 'there is no mode delte (did you mean delete?)'],
  ['type=oci,tar=false', 'tar=false needs a directory, with dest='],
  ['type=image,push=maybe', 'push is true or false'],
  ['type=image,name=A', 'cannot'],
  ['type=image,dest', 'dest needs key=value'],
  ['type=image,name=a,name=b', 'name is given twice'],
  ['type=image,"name=a', 'a quote is not closed'],
  ['type=image,compression=gzp', 'there is no compression gzp (did you mean gzip?)'],
  [
    'type=image,compression=estargz,compression-level=10',
    'compression-level is 0 to 9 for estargz',
  ],
  ['type=image,compression-level=10', 'compression-level is 0 to 9 for gzip'],
  ['type=image,compression=zstd,compression-level=-1', 'compression-level is 0 to 22 for zstd'],
  ['type=image,annotation-manifst.a=b', 'there is no manifst to annotate (did you mean manifest?)'],
  ['type=image,annotation-index[linux/arm64].a=b', 'an index is for all platforms'],
  ['type=image,annotation[nowhere/].a=b', 'cannot use platform'],
  ['type=image,annotation=b', 'is not of the form annotation[-TARGET][[PLATFORM]].KEY'],
  ['type=image,store=false', 'store=false is not supported: the store always keeps the image'],
  ['type=image,registry.insecure=true', 'registry.insecure=true is not supported'],
])('parseOutput() refuses %p', (text, reason) => {
  expect(() => parseOutput(text)).toThrow(reason)
})

test('parseOutput() accepts default values', () => {
  for (const text of ['store=true', 'store=1', 'unpack=false', 'oci-artifact=0']) {
    expect(parseOutput(`type=image,${text}`)).toMatchObject({ kind: 'image' })
  }
})

test('withPush() pushes the images of the outputs, or adds one', () => {
  const none = { push: false, load: false }
  expect(withPush([], none)).toBeUndefined()
  expect(withPush([], { push: false, load: true })).toBeUndefined()
  expect(withPush([], { push: true, load: false })).toMatchObject([{ kind: 'image', push: true }])
  const local = parseOutput('out')
  expect(withPush([local], none)).toEqual([local])
  expect(withPush([local], { push: false, load: true })).toMatchObject([
    { kind: 'local' },
    { kind: 'image', push: false },
  ])
  const both = [local, parseOutput('type=image,name=a')]
  expect(withPush(both, { push: true, load: true })).toMatchObject([
    { kind: 'local' },
    { kind: 'image', push: true },
  ])
})
