import { expect, test } from 'bun:test'
import type { ResultReceiver } from '#engine/output/build-output'
import { readOutputs } from './outputs.ts'

const receiver: ResultReceiver = {
  archive: async () => {},
  directory: async () => {},
  blobs: { write: async () => 'written' },
}

const read = (Type: string, Attrs: Record<string, string> = {}) =>
  readOutputs([{ Type, Attrs }], () => receiver)[0]

test('readOutputs() stores and pushes images', () => {
  const Attrs = { name: 'a:1,b', 'prefer-image-digest': 'true', unpack: 'true', push: 'true' }
  expect(read('moby', Attrs)).toMatchObject({
    kind: 'image',
    push: true,
    names: ['docker.io/library/a:1', 'docker.io/library/b:latest'],
  })
  expect(read('image')).toMatchObject({ kind: 'image', push: false, names: undefined })
  expect(read('moby', { load: 'true', push: 'false' })).toMatchObject({
    kind: 'image',
    push: false,
  })
  expect(readOutputs([], () => receiver)).toEqual([{ kind: 'cacheonly' }])
})

test('readOutputs() gives files to the client, and opens no path of it', () => {
  for (const kind of ['local', 'tar', 'oci', 'docker']) {
    const output = read(kind, { dest: '/etc/passwd' })
    expect(output).toMatchObject({ kind, receiver })
    expect(JSON.stringify(output)).not.toContain('passwd')
    expect(output).toHaveProperty('destination', undefined)
  }
})

test('readOutputs() reads annotations with commas', () => {
  expect(read('image', { 'annotation.a': 'b,"c"' })).toMatchObject({
    form: { annotations: [{ places: ['manifest'], key: 'a', value: 'b,"c"' }] },
  })
})

test('readOutputs() refuses other exporters, keys and directories', () => {
  expect(() => read('cacheonly')).toThrow('Cannot use the exporter "cacheonly"')
  expect(() => read('constructor')).toThrow('Cannot use the exporter')
  expect(() => read('image', { colour: 'red' })).toThrow('has no key colour')
  expect(read('oci', { tar: 'false' })).toMatchObject({ isDirectory: true, receiver })
})
