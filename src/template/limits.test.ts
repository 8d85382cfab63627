import { expect, test } from 'bun:test'
import {
  type ExecuteOptions,
  executeTemplate,
  intValue,
  parseTemplate,
  stringValue,
} from './index.ts'

function run(template: string, limits: ExecuteOptions['limits'] = {}): string {
  return executeTemplate(parseTemplate(template), intValue(1), { limits })
}

test('executeTemplate() stops a template that calls itself', () => {
  expect(() => run('{{template ""}}')).toThrow(
    'template: :1:11: executing "" at <{{template ""}}>: exceeded maximum template depth (1000)',
  )
  const ping = '{{define "ping"}}{{template "pong" .}}{{end}}'
  const pong = '{{define "pong"}}{{if .}}{{with .}}{{template "ping" .}}{{end}}{{end}}{{end}}'
  expect(() => run(`${ping}${pong}{{template "ping" .}}`)).toThrow(
    'exceeded maximum template depth',
  )
})

test('executeTemplate() stops loops that do nothing', () => {
  expect(() => run('{{range 100000000000}}{{end}}', { steps: 1000 })).toThrow(
    'template: : exceeded maximum number of steps (1000)',
  )
  expect(run('{{range 400}}{{end}}', { steps: 1000 })).toBe('')
})

test('executeTemplate() stops a template that writes too much', () => {
  expect(() => run('{{range 1000}}0123456789{{end}}', { bytes: 1000 })).toThrow(
    'exceeded maximum output (1000 bytes)',
  )
})

test('executeTemplate() stops values that grow without being written', () => {
  const doubling = '{{$x := "a"}}{{range 100}}{{$x = print $x $x}}{{end}}'
  expect(() => run(doubling, { bytes: 100_000 })).toThrow('exceeded maximum output')
  const wide = '{{$x := printf "%1000000d%1000000d" 1 1}}'
  expect(() => run(wide, { bytes: 100_000 })).toThrow('exceeded maximum output')
  expect(() => run('{{$x := printf "%.1000000f" 1.5}}', { bytes: 100_000 })).toThrow(
    'exceeded maximum output',
  )
})

test('executeTemplate() keeps what was written before a limit', () => {
  const template = parseTemplate('before{{range 100}}{{end}}')
  let written = ''
  try {
    executeTemplate(template, undefined, { limits: { steps: 10 } })
  } catch (error) {
    written = Object(error).written
  }
  expect(written).toBe('before')
})

test('parseTemplate() refuses expressions and blocks that are too deep for the stack', () => {
  const parentheses = `{{${'('.repeat(100_000)}1${')'.repeat(100_000)}}}`
  expect(() => parseTemplate(parentheses)).toThrow('max expression depth exceeded')
  const blocks = '{{if 1}}'.repeat(100_000) + '{{end}}'.repeat(100_000)
  expect(() => parseTemplate(blocks)).toThrow('exceeded maximum depth of nested blocks')
  const deep = 900
  expect(run(`${'{{if 1}}'.repeat(deep)}x${'{{end}}'.repeat(deep)}`)).toBe('x')
  expect(run(`{{${'('.repeat(deep)}1${')'.repeat(deep)}}}`)).toBe('1')
})

test('executeTemplate() takes the deepest blocks in the deepest templates', () => {
  const blocks = 900
  const body = `${'{{if 1}}'.repeat(blocks)}{{template "a" .}}${'{{end}}'.repeat(blocks)}`
  expect(() => run(`{{define "a"}}${body}{{end}}{{template "a" .}}`)).toThrow(
    'exceeded maximum template depth',
  )
})

test('executeTemplate() passes what actions print through show, and text as it is', () => {
  const options = { show: (text: string) => text.toUpperCase() }
  expect(executeTemplate(parseTemplate('é{{.}}b'), stringValue('\u00c3\u00a9a'), options)).toBe(
    'éÉAb',
  )
})
