import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { checkBuild, listTargets, outlineBuild } from './inspect.ts'
import type { BuildOptions } from './options.ts'
import { openWorkshop, type Workshop } from './testing/fixture.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
  await workshop.addImage('base', { a: '' }, { Env: ['JAVA_HOME=/jdk'] })
})
afterAll(() => workshop[Symbol.asyncDispose]())

const options = (text: string, more: Partial<BuildOptions> = {}): BuildOptions => ({
  services: workshop.services,
  dockerfile: { text },
  ...more,
})

describe('checkBuild()', () => {
  const rulesOf = async (text: string, more: Partial<BuildOptions> = {}): Promise<string[]> => {
    const { warnings } = await checkBuild(options(text, more))
    return warnings.map(({ rule, range }) => `${range.start.line} ${rule}`)
  }

  test('checkBuild() checks every stage, each violation once, in the order of the file', async () => {
    const text =
      'FROM base AS one\nWORKDIR a\nFROM one AS two\nCMD x\nFROM one\nRUN echo\nCOPY $b /'
    expect(await rulesOf(text)).toEqual([
      '2 WorkdirRelativePath',
      '4 JSONArgsRecommended',
      '7 UndefinedVar',
    ])
  })

  test('checkBuild() with a target leaves the other stages unplanned', async () => {
    const text = 'FROM base AS one\nCOPY $a /\nFROM base AS two\nCOPY $b /'
    expect(await rulesOf(text, { target: 'two' })).toEqual(['4 UndefinedVar'])
  })

  test('checkBuild() uses the environment of base images', async () => {
    expect(await rulesOf('FROM base\nWORKDIR $JAVA_HOME')).toEqual([])
  })

  test('checkBuild() runs nothing and emits no warning itself', async () => {
    const events: string[] = []
    const emit = (event: { type: string }): void => void events.push(event.type)
    await checkBuild(options('FROM base\nRUN false\nCMD x', { emit }))
    expect(events).not.toContain('warning')
    expect(events).not.toContain('log')
  })

  test('checkBuild() reports a mistake, and the refusal of error=true, as its error', async () => {
    const mistake = await checkBuild(options('FROM base\nRNU x'))
    expect(mistake.error?.message).toContain('did you mean RUN?')
    const refused = await checkBuild(options('# check=error=true\nFROM base\nCMD x'))
    expect(refused.error?.message).toContain('lint violation found for rules: JSONArgsRecommended')
    expect(refused.warnings).toHaveLength(1)
  })
})

describe('outlineBuild()', () => {
  test('outlineBuild() lists the parameters of the target and its stages, with values and descriptions', async () => {
    const text = [
      '# VERSION is of the program',
      'ARG VERSION=1',
      'FROM base AS tools',
      'ARG VERSION',
      'ARG LEVEL=$VERSION-x',
      'RUN --mount=type=secret,id=token,required=true --mount=type=cache,target=/c x',
      'FROM base AS unused',
      'RUN --mount=type=secret,id=other x',
      '# app is the program',
      'FROM tools AS app',
      'RUN --mount=type=ssh x',
    ].join('\n')
    const { name, description, parameters } = await outlineBuild(
      options(text, { buildArgs: { VERSION: '2' } }),
    )
    expect({ name, description }).toEqual({ name: 'app', description: 'is the program' })
    const shown = parameters.map((each) =>
      each.kind === 'argument'
        ? [each.kind, each.name, each.value, each.description, each.range.start.line]
        : [each.kind, each.name, each.isRequired],
    )
    expect(shown).toEqual([
      ['argument', 'VERSION', '2', 'is of the program', 2],
      ['argument', 'LEVEL', '2-x', undefined, 5],
      ['secret', 'token', true],
      ['cache', '/c', false],
      ['ssh', 'default', false],
    ])
  })
})

test('listTargets() lists the stages, and refuses a Dockerfile with a mistake', async () => {
  const { stages } = await listTargets(options('FROM base AS one\nFROM one'))
  expect(stages.map(({ name }) => name)).toEqual(['one', undefined])
  await expect(listTargets(options('FROM base\nRNU x'))).rejects.toThrow('did you mean RUN?')
})

describe('a frontend', () => {
  test.each([
    ['# syntax=evil/frontend\nFROM base', {}],
    ['FROM base', { BUILDKIT_SYNTAX: 'evil/frontend' }],
    ['# syntax=docker/dockerfile:1\nFROM base', { BUILDKIT_SYNTAX: 'evil/frontend' }],
    ['{"syntax":"evil/frontend"}', {}],
    ['// syntax=evil/frontend\nanything', {}],
  ])('that is not built in is refused by name: %p', async (text, buildArgs) => {
    const refused = workshop.build({ dockerfile: { text }, buildArgs })
    await expect(refused).rejects.toThrow('"evil/frontend" is not built in')
  })

  test('of the build argument replaces that of the directive', async () => {
    const text = '# syntax=evil/frontend\nFROM base'
    const buildArgs = { BUILDKIT_SYNTAX: 'docker/dockerfile:1' }
    await expect(workshop.build({ dockerfile: { text }, buildArgs })).resolves.toBeDefined()
    const empty = workshop.build({ dockerfile: { text }, buildArgs: { BUILDKIT_SYNTAX: ' ' } })
    await expect(empty).rejects.toThrow('BUILDKIT_SYNTAX is empty')
  })
})
