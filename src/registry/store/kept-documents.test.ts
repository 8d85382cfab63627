import { expect, test } from 'bun:test'
import { blob } from '../testing/fixtures.ts'
import { KeptDocuments } from './kept-documents.ts'

const fixture = (name: string) => blob(new TextEncoder().encode(name.padEnd(100, '.')))

test('KeptDocuments forgets the documents that were used longest ago', () => {
  const documents = new KeptDocuments(800)
  const all = Array.from({ length: 9 }, (_, count) => fixture(`document ${count}`))
  const [first, second, ...rest] = all
  for (const { descriptor, raw } of all.slice(0, 8)) documents.keep(descriptor.digest, raw)
  if (first === undefined || second === undefined) throw new TypeError('too few')
  expect(documents.get(first.descriptor)).toBe(first.raw)
  documents.keep(fixture('another').descriptor.digest, fixture('another').raw)
  expect(documents.get(second.descriptor)).toBeUndefined()
  for (const { descriptor, raw } of [first, ...rest.slice(0, 6)]) {
    expect(documents.get(descriptor)).toBe(raw)
  }
})

test('KeptDocuments keeps no document that would replace all others, and none of another size', () => {
  const documents = new KeptDocuments(799)
  const { descriptor, raw } = fixture('large')
  documents.keep(descriptor.digest, raw)
  expect(documents.get(descriptor)).toBeUndefined()
  const roomy = new KeptDocuments()
  roomy.keep(descriptor.digest, raw)
  expect(roomy.get(descriptor)).toBe(raw)
  expect(roomy.get({ ...descriptor, size: 99 })).toBeUndefined()
  roomy.drop(descriptor.digest)
  expect(roomy.get(descriptor)).toBeUndefined()
})
