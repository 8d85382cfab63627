import { expect, test } from 'bun:test'
import { printDocument, printListing, wantsJson } from './format.ts'
import { createTestOutput } from './render/testing/fixture.ts'

const listing = {
  columns: [{ title: 'NAME', key: 'Name' }],
  rows: [{ Name: 'web', Id: '1' }],
} as const

test('printListing() prints columns, or whole rows with sorted keys as JSON', () => {
  const [table, json] = [createTestOutput(), createTestOutput()]
  printListing(table, listing, undefined)
  printListing(json, listing, 'json')
  expect(table.text).toBe('NAME\nweb\n')
  expect(json.text).toBe('{"Id":"1","Name":"web"}\n')
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

test('wantsJson() names the remedy for a template', () => {
  expect(['json', '{{json .}}', 'table', '', undefined].map(wantsJson)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
  expect(() => wantsJson('{{.ID}}')).toThrow("Cannot print with --format '{{.ID}}'")
})
