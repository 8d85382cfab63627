import { expect, test } from 'bun:test'
import { rowTypes } from '../columns/row-types.ts'
import { formatRowSets, formatRows, type RowSet } from './rows.ts'

const containers: RowSet = {
  type: rowTypes.container,
  rows: [
    { ID: '1234', Names: 'web', State: 'running', Size: '0B', Labels: 'tier=db' },
    { ID: '5678', Names: 'db', State: 'exited', Size: '1kB', Labels: '' },
  ],
  labels: [{ 'com.example.tier': 'db' }, {}],
}

const volumes: RowSet = { type: rowTypes.volume, rows: [{ Name: 'data', Driver: 'local' }] }

const text = (format: string, set = containers): string => formatRows(set, format).text

test('formatRows() prints a template for each row', () => {
  expect(text('{{.ID}} {{upper .Names}}')).toBe('1234 WEB\n5678 DB\n')
  expect(text('  {{.ID}}\\t{{.Names}}\\n ')).toBe('1234\tweb\n\n5678\tdb\n\n')
  expect(text('{{.Label "com.example.tier"}}|')).toBe('db|\n|\n')
  expect(text('fixed')).toBe('fixed\nfixed\n')
})

test('formatRows() prints fields that a row does not have as empty texts', () => {
  expect(text('[{{.Ports}}]')).toBe('[]\n[]\n')
})

test('formatRows() prints the platform of a container as a text, and as an object in JSON', () => {
  const arm = { architecture: 'arm64', os: 'linux', variant: 'v8' }
  const set: RowSet = { ...containers, rows: [{ Platform: arm }, { Platform: null }] }
  expect(text('{{.Platform}} {{printf "%s" .Platform}}', set)).toStartWith(
    'linux/arm64/v8 linux/arm64/v8\n<nil> ',
  )
  expect(text('{{with .Platform}}{{.OS}}{{.OSVersion}}{{end}}', set)).toBe('linux\n\n')
  expect(text('{{printf "%#v %d" .Platform .Platform}}', set)).toStartWith(
    '&formatter.Platform{Platform:v1.Platform{Architecture:"arm64", OS:"linux", OSVersion:"", OSFeatures:[]string(nil), Variant:"v8"}} &{{%!d(string=arm64) ',
  )
  expect(text('{{json .Platform}}', set)).toBe(`${JSON.stringify(arm)}\nnull\n`)
  expect(text('table {{.Platform}}', set)).toStartWith('PLATFORM\nlinux/arm64/v8\n')
  expect(() => text('{{.Platform.OS}}', set)).toThrow(
    'executing "" at <.Platform.OS>: nil pointer evaluating *formatter.Platform.OS',
  )
})

test('formatRows() prints rows as JSON with sorted keys', () => {
  const [line = ''] = text('{{json .}}').split('\n')
  const keys = Object.keys(JSON.parse(line))
  expect(keys).toEqual([...keys].sort())
  expect(JSON.parse(line)).toMatchObject({ ID: '1234', Names: 'web' })
})

test('formatRows() puts the titles of the fields above a table', () => {
  expect(formatRows(containers, 'table {{.ID}}\\t{{.Names}}')).toEqual({
    isTable: true,
    text: 'CONTAINER ID\tNAMES\n1234\tweb\n5678\tdb\n',
  })
  expect(
    text('table {{.Label "com.example.big-tier"}}\t{{upper .State}}\t{{json .ID}}'),
  ).toStartWith('big tier\tSTATE\tCONTAINER ID\n')
  expect(text('table {{truncate .Names 1}}\t{{join (split .Names "e") "-"}}')).toBe(
    'NAMES\tNAMES\nw\tw-b\nd\tdb\n',
  )
  expect(text('table {{.ID}}', { ...containers, rows: [] })).toBe('CONTAINER ID\n')
})

test('formatRows() has the format raw of Docker', () => {
  expect(text('raw')).toStartWith('container_id: 1234\nimage: \n')
  expect(text('raw')).toContain('\nstate: running\nstatus:\nnames: web\n')
  expect(text('raw', volumes)).toBe('name: data\ndriver: local\n\n')
})

test('formatRows() words errors as Docker does, and ends with its code', () => {
  const failure = (format: string, set = containers): unknown => {
    try {
      return text(format, set)
    } catch (error) {
      return error
    }
  }
  expect(failure('{{.Foo}}')).toMatchObject({
    message: `failed to execute template: template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.ContainerContext`,
    exitCode: 1,
  })
  expect(failure('{{.ID')).toMatchObject({
    message: 'failed to parse template: template: :1: unclosed action',
    exitCode: 1,
  })
  expect(failure('{{.ID', volumes)).toMatchObject({
    message: 'template parsing error: template: :1: unclosed action',
    exitCode: 1,
  })
  expect(failure('{{.Foo}}', volumes)).toMatchObject({
    message: `template parsing error: template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.volumeContext`,
  })
  expect(failure('{{.Name 1}}', volumes)).toMatchObject({
    message: expect.stringContaining('wrong number of args for Name: want 0 got 1'),
  })
  expect(failure('{{len .}}', volumes)).toMatchObject({
    message: expect.stringContaining('error calling len: len of type formatter.volumeContext'),
  })
})

test('formatRows() finds a mistake for ps without containers', () => {
  expect(() => text('table {{.Foo}}', { ...containers, rows: [] })).toThrow(
    'failed to execute template: template: :1:8:',
  )
  expect(text('table {{.Foo}}', { ...volumes, rows: [] })).toBe('<no value>\n')
})

test('formatRowSets() prints several lists by one template', () => {
  const sets = { Containers: containers, Volumes: { type: rowTypes.volume, rows: [] } }
  expect(formatRowSets(sets, '{{range .Containers}}{{.Names}};{{end}}{{len .Volumes}}')).toBe(
    'web;db;0',
  )
  expect(JSON.parse(formatRowSets(sets, '{{json .}}'))).toMatchObject({
    Containers: [{ Names: 'web' }, { Names: 'db' }],
    Volumes: [],
  })
})
