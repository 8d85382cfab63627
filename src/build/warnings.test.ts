import { afterAll, beforeAll, expect, test } from 'bun:test'
import { openWorkshop, refusalOf, type Workshop } from './testing/fixture.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
  await workshop.addImage('bb', { f: 'x' })
})
afterAll(() => workshop[Symbol.asyncDispose]())

/** The rules of the latest build's warnings. */
function rules(): (string | undefined)[] {
  return workshop.events.flatMap((event) => (event.type === 'warning' ? [event.rule] : []))
}

async function build(text: string, check?: string): Promise<void> {
  const buildArgs = check === undefined ? {} : { BUILDKIT_DOCKERFILE_CHECK: check }
  await workshop.build({ dockerfile: { text }, buildArgs })
}

const legacy = 'FROM bb\nENV A b\n'

test('build() succeeds with warnings unless the Dockerfile turns them into errors', async () => {
  await build(legacy)
  expect(rules()).toEqual(['LegacyKeyValueFormat'])
  for (const [text, check] of [
    [`# check=error=true\n${legacy}`, undefined],
    [legacy, 'error=true'],
    [`# check=error=false\n${legacy}`, 'error=1'],
  ] as const) {
    const refused = await refusalOf(build(text, check))
    expect(refused.message).toBe(
      'Cannot build Dockerfile: lint violation found for rules: LegacyKeyValueFormat',
    )
    expect(workshop.stateOf('exporting')).toBeUndefined()
  }
})

test('build() fails for warnings that only planning finds, and names every rule once', async () => {
  const text = '# check=error=true\nFROM bb\nENV A $x\nENV B $y\n'
  expect((await refusalOf(build(text))).message).toEndWith(
    'rules: LegacyKeyValueFormat, UndefinedVar',
  )
})

test('build() skips checks by directive, comment or build argument', async () => {
  await build(`# check=skip=LegacyKeyValueFormat;error=true\n${legacy}`)
  expect(rules()).toEqual([])
  await build(`# check=error=true\n\n${legacy}`, 'skip=all')
  expect(rules()).toEqual([])
  await build('FROM bb\n# check=skip=UndefinedVar // later\nENV A=$x\nENV B=$y\n')
  expect(workshop.events).toContainEqual({
    type: 'warning',
    rule: 'UndefinedVar',
    message: "Usage of undefined variable '$y'",
    place: { file: 'Dockerfile', line: 4, text: 'ENV B=$y' },
  })
  expect(rules()).toHaveLength(1)
})

test('build() refuses unknown check options', async () => {
  const refused = await refusalOf(build(legacy, 'foo=bar'))
  expect(refused.message).toContain('invalid check option "foo"')
})

test('build() shows warnings of parsing also beside a parse error', async () => {
  await refusalOf(build('FROM bb as One\nENV A b\nRUNN x\n'))
  expect(rules().toSorted()).toEqual(['FromAsCasing', 'StageNameCasing'])
  await refusalOf(build('FROM bb\nRUNN x\nFROM bb as One\n'))
  expect(rules()).toEqual([])
  await refusalOf(build(`FROM bb as One\nENV A b\nENV B=$${'{x:?needed}'}\n`))
  expect(rules().toSorted()).toEqual(
    ['FromAsCasing', 'LegacyKeyValueFormat', 'StageNameCasing', 'UndefinedVar'].toSorted(),
  )
})
