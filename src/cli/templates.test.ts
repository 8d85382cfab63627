import { expect, test } from 'bun:test'
import { createTestOutput } from './render/testing/fixture.ts'
import { openTemplateWriter } from './templates.ts'

test('openTemplateWriter() prints the output of a template before its failure', () => {
  const output = createTestOutput()
  const write = openTemplateWriter(output, '{{.Name}} {{.Scope}} {{.Nope}}', { kind: 'volume' })
  expect(() => write({ Name: 'data', Scope: 'local' })).toThrow("can't evaluate field Nope")
  expect(output.text).toBe('data local \n')
})

test('openTemplateWriter() prints documents that Docker does not have, and fails for absent fields', () => {
  const output = createTestOutput()
  const write = openTemplateWriter(output, '{{.state}}', {})
  write({ state: 'ok' })
  expect(output.text).toBe('ok\n')
  expect(() => write({})).toThrow('map has no entry for key "state"')
})

test('openTemplateWriter() tries a template for events before the first event', () => {
  const open = (): unknown => openTemplateWriter(createTestOutput(), '{{.Nope}}', { kind: 'event' })
  expect(open).toThrow(
    `Error parsing format: template: :1:2: executing "" at <.Nope>: can't evaluate field Nope in type *events.Message`,
  )
})
