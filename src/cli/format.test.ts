import { expect, test } from 'bun:test'
import { rowTypes } from '#docker/columns/row-types'
import { formatKind, printDocument, printListing } from './format.ts'
import { createTestOutput } from './render/testing/fixture.ts'

const listing = {
  type: rowTypes.volume,
  columns: [{ title: 'NAME', key: 'Name' }],
  rows: [{ Name: 'web', Id: '1' }],
} as const

async function list(format: string | undefined, isTerminal = false): Promise<string> {
  const output = createTestOutput({ isTerminal })
  await printListing(output, listing, format)
  return output.text
}

test('printListing() prints columns, or whole rows with sorted keys as JSON', async () => {
  expect(await list(undefined)).toBe('NAME\nweb\n')
  expect(await list('json')).toBe('{"Id":"1","Name":"web"}\n')
  expect(await list('{{json .}}')).toBe('{"Id":"1","Name":"web"}\n')
})

test('printListing() prints a template for each row, or a table of templates', async () => {
  expect(await list('{{.Id}}: {{upper .Name}}')).toBe('1: WEB\n')
  expect(await list('table {{.Name}}\\t{{upper .Id}}')).toBe('VOLUME NAME   \nweb           1\n')
})

test('printListing() escapes control characters of values on a terminal alone', async () => {
  const output = createTestOutput({ isTerminal: true })
  const rows = [{ Name: 'a\u001b[2J\tb\nc', Id: '' }]
  await printListing(output, { ...listing, rows }, '\u001b{{.Name}}')
  expect(output.text).toBe('\u001ba\\u001b[2J\tb\nc\n')
  const pipe = createTestOutput()
  await printListing(pipe, { ...listing, rows }, '{{.Name}}')
  expect(pipe.text).toBe('a\u001b[2J\tb\nc\n')
})

test('printDocument() indents unless the format is json', () => {
  const [person, program] = [createTestOutput(), createTestOutput()]
  printDocument(person, [{ a: 1 }], undefined)
  printDocument(program, [{ a: 1 }], 'json')
  expect(person.text).toBe('[\n    {\n        "a": 1\n    }\n]\n')
  expect(program.text).toBe('[{"a":1}]\n')
})

test('printDocument() escapes characters that control a terminal, without a change of meaning', () => {
  const output = createTestOutput()
  const value = { label: 'a\u009b31mb\u202ec\u001b' }
  printDocument(output, value, 'json')
  expect(output.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u0080-\u009f\u202e]/)
  expect(JSON.parse(output.text)).toEqual(value)
})

test('formatKind() distinguishes the usual output, JSON and templates', () => {
  expect(['', 'table', undefined].map(formatKind)).toEqual(['usual', 'usual', 'usual'])
  expect(formatKind('json')).toBe('json')
  for (const template of ['{{json .}}', '{{.ID}}', 'table {{.ID}}', 'text']) {
    expect(formatKind(template)).toBe('template')
  }
})
