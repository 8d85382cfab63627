// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the substitutions of Dockerfiles
import { describe, expect, test } from 'bun:test'
import { parse } from '../parse.ts'
import { ComposeError, compose } from './compose.ts'

const marker = '# strake: extensions\n'

async function composed(
  text: string,
  files: Readonly<Record<string, string>> = {},
  buildArgs: Readonly<Record<string, string>> = {},
): Promise<string> {
  const read = async (path: string): Promise<string | undefined> => files[path]
  const builderArgs = { TARGETARCH: 'arm64' }
  const options = { name: 'Dockerfile', buildArgs, builderArgs, read }
  return (await compose(marker + text, options)).text
}

async function refusal(
  text: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const error: unknown = await composed(text, files).catch((reason: unknown) => reason)
  if (!(error instanceof ComposeError)) throw new Error('it was not refused', { cause: error })
  return `${error.file.name}:${error.range.start.line} ${error.message}`
}

describe('compose()', () => {
  test('compose() keeps an ordinary file but the line that enables extensions', async () => {
    const text = 'FROM a\n\n# c\nRUN x \\\n  y <<E\nIF\nE\n'
    expect(await composed(text)).toBe(text)
  })

  test('compose() puts included files in their place, without their directives', async () => {
    const files = {
      'parts/base.Dockerfile':
        '# syntax=docker/dockerfile:1\n# check=skip=all\nFROM a\nINCLUDE parts/run',
      'parts/run': '# strake: extensions\n# about\nRUN x',
    }
    expect(await composed('ARG P=parts\nINCLUDE ./$P/base.Dockerfile\nCMD ["y"]\n', files)).toBe(
      'ARG P=parts\nFROM a\n# about\nRUN x\nCMD ["y"]\n',
    )
  })

  test('compose() uses a branch by the arguments that are known', async () => {
    const text =
      'ARG DEBUG=\nFROM a\nARG DEBUG\nIF $DEBUG && $TARGETARCH == arm64\nRUN debug\nELSE\nRUN release\nIF !$DEBUG\nUSER me\nENDIF\nENDIF\n'
    const start = 'ARG DEBUG=\nFROM a\nARG DEBUG\n'
    expect(await composed(text)).toBe(`${start}RUN release\nUSER me\n`)
    expect(await composed(text, {}, { DEBUG: '1' })).toBe(`${start}RUN debug\n`)
  })

  test('compose() does not read what an unused branch includes', async () => {
    expect(await composed('IF 0\nINCLUDE none\nENDIF\nFROM a\n')).toBe('FROM a\n')
  })

  test('compose() makes patterns of the sources of an optional COPY', async () => {
    const text = [
      'FROM a',
      'COPY --optional a/config.json b* "$X/c" /d/',
      'COPY --chown=1 --optional=true --link ["a b", "/d/"]',
      'COPY --optional=false a /d/',
      'COPY --optional \\',
      '  dir/ \\',
      '  /d/',
      'COPY --optional <<one two /d/',
      'x',
      'one',
      '',
    ].join('\n')
    expect(await composed(text)).toBe(
      [
        'FROM a',
        'COPY [a]/config.json b* "$X/[c]" /d/',
        'COPY --chown=1 --link ["a [b]", "/d/"]',
        'COPY a /d/',
        'COPY di[r]/ \\',
        '  /d/',
        'COPY <<one tw[o] /d/',
        'x',
        'one',
        '',
      ].join('\n'),
    )
  })

  test('compose() names the file and the line of every line of the result', async () => {
    const read = async (): Promise<string> => 'RUN one\nRUN two'
    const options = { name: 'Dockerfile', buildArgs: {}, builderArgs: {}, read }
    const { text, origins } = await compose(`${marker}FROM a\nINCLUDE x\nRUN three\n`, options)
    expect(text).toBe('FROM a\nRUN one\nRUN two\nRUN three\n')
    expect(origins.map(({ file, line }) => `${file.name}:${line}`)).toEqual([
      'Dockerfile:2',
      'x:1',
      'x:2',
      'Dockerfile:4',
    ])
  })

  test.each([
    ['INCLUDE none', 'Dockerfile:2 the context has no file "none"'],
    ['INCLUDE ../x', 'Dockerfile:2 "../x" is outside the build context'],
    ['INCLUDE a/../../x', 'Dockerfile:2 "a/../../x" is outside the build context'],
    ['INCLUDE', 'Dockerfile:2 INCLUDE requires a path'],
    ['INCLUDE one', 'two:1 files include each other: one -> two -> one'],
    ['INCLUDE Dockerfile', 'Dockerfile:2 files include each other: Dockerfile -> Dockerfile'],
    ['INCLUDE tick', 'tick:1 the file needs # escape=\\, like the file that includes it'],
    ['INCLUDE wrong', 'wrong:2 invalid IF: expected a word at the end'],
    ['INCLUDE ${X', 'Dockerfile:2 '],
    ['IF 1', 'Dockerfile:2 the IF has no ENDIF'],
    ['ELSE', 'Dockerfile:2 ELSE without IF'],
    ['IF 1\nELSE\nELSE\nENDIF', 'Dockerfile:4 an IF has one ELSE at most'],
    ['IF 1\nENDIF x', 'Dockerfile:3 ENDIF takes no arguments'],
    [
      'ARG DEBUG\nIF $DEBGU\nENDIF',
      'Dockerfile:3 $DEBGU is not known before the build: no ARG above declares it (did you mean DEBUG?)',
    ],
    [
      'FROM a\nCOPY --optional $X /d',
      'Dockerfile:3 --optional needs a path with a letter or digit',
    ],
  ])('compose() refuses %j', async (text, message) => {
    const files = {
      one: 'INCLUDE two',
      two: 'INCLUDE one',
      tick: '# escape=`\nRUN x',
      wrong: 'FROM a\nIF 1 &&\nENDIF',
      Dockerfile: '',
    }
    expect(await refusal(text, files)).toStartWith(message)
  })

  test('compose() stops files that include many others', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 31 }, (_, index) => [`f${index}`, `INCLUDE f${index + 1}\n`.repeat(2)]),
    )
    expect(await refusal('INCLUDE f0', { ...files, f31: 'RUN x\n' })).toContain(
      'more than 1000 files',
    )
    const deep = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`f${index}`, `INCLUDE f${index + 1}\n`]),
    )
    expect(await refusal('INCLUDE f0', deep)).toContain('more than 32 files deep')
  })
})

describe('parse()', () => {
  test('parse() leaves out extensions where they are enabled', () => {
    const text = 'FROM a\nIF $X\nCOPY --optional a /b\nELSE\nINCLUDE c\nENDIF\n'
    expect(parse(marker + text).diagnostics).toEqual([])
    expect(parse(marker + text).stages[0]?.instructions).toHaveLength(1)
  })

  test('parse() names the line that enables extensions', () => {
    const messages = parse('FROM a\nINCLUDE b\nCOPY --optional a /b\n').diagnostics
    expect(messages.map(({ message }) => message)).toEqual([
      'unknown instruction: INCLUDE (the file has no line # strake: extensions)',
      'unknown flag: --optional (the file has no line # strake: extensions)',
    ])
  })
})
