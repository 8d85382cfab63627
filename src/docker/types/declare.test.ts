import { expect, test } from 'bun:test'
import { executeTemplate, parseTemplate, type Type, typedValue } from '#template'
import { declareTypes } from './declare.ts'
import { documentType } from './document-types.ts'

const types = declareTypes(`
main.Status string
main.Inner {
  Deep int
}
main.Where {
  Level int
}
main.Outer {
  ID=Id string
  Status? main.Status
  Inner *main.Inner
  All map[string][]*main.Inner
  ...main.Where
}
`)

function run(template: string, data: object): string {
  const type = types.get('main.Outer') as Type
  return executeTemplate(parseTemplate(template), typedValue(type, data))
}

test('declareTypes() declares names, other names in JSON, and fields of other types', () => {
  const data = { Id: 'x', Status: 's', Inner: { Deep: 1 }, All: { k: [{ Deep: 2 }] }, Level: 3 }
  expect(run('{{.ID}} {{.Status}} {{.Inner.Deep}} {{.Where.Level}} {{.Level}}', data)).toBe(
    'x s 1 3 3',
  )
  expect(run('{{.}}', { ...data, Inner: null, All: null })).toBe('{x s <nil> map[] {3}}')
  expect(run('{{(index .All.k 0).Deep}} {{printf "%T %T" .Status .All}}', data)).toBe(
    '2 main.Status map[string][]*main.Inner',
  )
  expect(() => run('{{.Id}}', data)).toThrow("can't evaluate field Id in type main.Outer")
})

test('declareTypes() refuses a type that is not declared earlier', () => {
  expect(() => declareTypes('a.B {\n  C d.E\n}')).toThrow('undeclared type d.E')
})

test('documentType() has every document', () => {
  for (const kind of ['container', 'image', 'volume', 'info', 'version'] as const) {
    const type = documentType(kind)
    expect(type.kind === 'struct' && type.fields.length).toBeGreaterThan(1)
  }
  expect(documentType('event').name).toBe('*events.Message')
})
