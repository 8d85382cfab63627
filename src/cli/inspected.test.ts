import { expect, test } from 'bun:test'
import { StrakeError } from '#oci'
import { type InspectOptions, printInspected } from './inspected.ts'
import { createTestContext } from './testing/fixture.ts'

const volumes: Readonly<Record<string, object>> = {
  data: { Name: 'data', Driver: 'local', Labels: null },
  logs: { Name: 'logs', Driver: 'local', Labels: { tier: 'db' } },
}

const find: InspectOptions['find'] = (name) => {
  const document = volumes[name]
  if (document === undefined) throw new StrakeError('NOT_FOUND', `Cannot find ${name}`)
  return { kind: 'volume', document }
}

async function inspect(format: string | undefined, ...names: readonly string[]) {
  const context = createTestContext()
  await printInspected(context, names, { format, find })
  return { out: context.out.text, err: context.err.text, exitCode: context.exitCode }
}

test('printInspected() prints a list of JSON, in one line for json', async () => {
  expect(JSON.parse((await inspect(undefined, 'data', 'logs')).out)).toHaveLength(2)
  expect((await inspect('json', 'data')).out).toBe(
    '[{"Name":"data","Driver":"local","Labels":null}]\n',
  )
})

test('printInspected() prints a template for each name', async () => {
  expect(await inspect('{{.Name}} {{.Labels.tier}}', 'data', 'logs')).toEqual({
    out: 'data <no value>\nlogs db\n',
    err: '',
    exitCode: 0,
  })
  expect((await inspect('{{json .}}', 'data')).out).toBe(
    '{"Driver":"local","Labels":null,"Mountpoint":"","Name":"data","Options":null,"Scope":""}\n',
  )
})

test('printInspected() continues after a name that fails, and prints an empty line without documents', async () => {
  const { out, err, exitCode } = await inspect('{{.Name}}', 'missing', 'data')
  expect([out, exitCode]).toEqual(['data\n', 1])
  expect(err).toBe('strake: Cannot find missing\n')
  expect((await inspect('{{.Name}}', 'missing')).out).toBe('\n')
})

test("printInspected() prints Docker's error for an absent field", async () => {
  const { out, err, exitCode } = await inspect('{{.Nope}}', 'data')
  expect([out, exitCode]).toEqual(['\n', 1])
  expect(err).toStartWith(
    'strake: template parsing error: template: :1:2: executing "" at <.Nope>: map has no entry for key "Nope"\n',
  )
})

test('printInspected() refuses bad syntax before it looks for the names', async () => {
  await expect(inspect('{{.Name', 'missing')).rejects.toMatchObject({
    message: 'template parsing error: template: :1: unclosed action',
    exitCode: 64,
  })
})
