import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatDiagnostics } from './format.ts'
import { parse, parseTrigger } from './parse.ts'

const megabyte = 1024 * 1024

function rulesOf(text: string): string[] {
  return parse(text).diagnostics.map(({ rule }) => rule)
}

describe('parse() and its limits', () => {
  const rows: readonly (readonly [string, string, RegExp | undefined])[] = [
    ['a file of more than 10 MiB', ' \n'.repeat(5 * megabyte + 1), /larger than 10 MiB/],
    [
      'a line of more than 1 MiB',
      `FROM a\nRUN ${'x'.repeat(megabyte)}\n`,
      /line 2 is longer than 1 MiB/,
    ],
    ['a line of 1 MiB', `FROM a\nRUN ${'x'.repeat(megabyte - 4)}\n`, undefined],
    ['1,001 stages', 'FROM a\n'.repeat(1001), /more than 1000 stages/],
    ['1,000 stages', 'FROM a\n'.repeat(1000), undefined],
    ['65,537 instructions', `FROM a\n${'RUN a\n'.repeat(65_536)}`, /more than 65536 instructions/],
  ]
  for (const [what, text, expected] of rows) {
    test(`parse() ${expected === undefined ? 'accepts' : 'refuses'} ${what}`, () => {
      const errors = parse(text).diagnostics.filter(({ severity }) => severity === 'error')
      expect(errors.length).toBe(expected === undefined ? 0 : 1)
      expect(errors[0]?.message ?? '').toMatch(expected ?? /^$/)
    })
  }

  test('parse() reports at most 1,000 diagnostics', () => {
    expect(parse('X\n'.repeat(100_000)).diagnostics.length).toBe(1000)
  })

  test('parse() cuts messages that quote a long line', () => {
    const [first] = parse(`FROM a\nWORKDIR ${'x'.repeat(100_000)}\n`).diagnostics
    expect(first?.rule).toBe('WorkdirRelativePath')
    expect(first?.message.length).toBeLessThan(500)
  })
})

describe('parse() under attack', () => {
  const many = 100_000
  const attacks: Readonly<Record<string, string>> = {
    'empty lines': '\n'.repeat(5 * megabyte),
    comments: `FROM a\n${'#\n'.repeat(megabyte)}`,
    continuations: `FROM a\nRUN ${'a \\\n'.repeat(megabyte)}`,
    'empty continuations': `FROM a\nRUN a \\\n${'\n'.repeat(megabyte)}`,
    'check comments': `FROM a\n${'# check=skip=B\nENV a b\n'.repeat(60_000)}`,
    'heredoc markers': `FROM a\nRUN ${'<<A '.repeat(many)}\n${'A\n'.repeat(many)}`,
    'open braces before a heredoc': `FROM a\nRUN ${'${'.repeat(many)} <<A\nA\n`,
    'open arithmetic before a heredoc': `FROM a\nRUN ${'$(('.repeat(many)} <<A\nA\n`,
    'JSON brackets': `FROM a\nRUN ${'['.repeat(megabyte - 10)}\n`,
    flags: `FROM a\nCOPY ${'--exclude=a '.repeat(80_000)}a b\n`,
    'mount fields': `FROM a\nRUN --mount=target=/x${',ro'.repeat(many)} x\n`,
    'mount quotes': `FROM a\nRUN --mount=\\"${'\\"\\"a'.repeat(many)} x\n`,
    'undeclared arguments': `${Array.from({ length: 50_000 }, (_, i) => `ARG a${i}\n`).join('')}FROM ${Array.from({ length: 900 }, (_, i) => `$b${i}`).join('')}\n`,
    'white space': `FROM a\nWORKDIR a${'\u2003'.repeat(many)}b\nENV a${' '.repeat(many)}b\n`,
    onbuild: `FROM a\n${'ONBUILD '.repeat(many)}\n`,
  }
  for (const [what, text] of Object.entries(attacks)) {
    test(
      `parse() ends soon with many ${what}`,
      () => {
        const { diagnostics } = parse(text)
        expect(diagnostics.length).toBeLessThanOrEqual(1000)
        expect(formatDiagnostics(text, diagnostics, 'Dockerfile').length).toBeLessThan(megabyte)
      },
      { timeout: 120_000 },
    )
  }
})

describe('parse() of any text', () => {
  const words = [
    'FROM',
    'RUN',
    'COPY',
    'ADD',
    'ENV',
    'LABEL',
    'ARG',
    'ONBUILD',
    'HEALTHCHECK',
    'EXPOSE',
    'SHELL',
    'VOLUME',
    'CMD',
    'STOPSIGNAL',
    'WORKDIR',
    'AS',
    'NONE',
    '#',
    '# escape=`',
    '# check=skip=all',
    '<<EOF',
    '<<-"E"',
    'EOF',
    'E',
    '--mount=',
    '--from=',
    'type=',
    'cache',
    'secret',
    ',',
    '=',
    '$',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '\\',
    '`',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\ufeff',
    '\0',
    '\u2028',
    'a',
    '😀',
    '/',
    ':',
    '80',
  ]
  const texts = fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((all) => all.join(''))
  const spaced = fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((all) => all.join(' '))

  test('parse() never throws, and every range lies in the text', () => {
    fc.assert(
      fc.property(fc.oneof(texts, spaced, fc.string()), (text) => {
        const file = parse(text)
        const lines = text.split('\n').length
        const nodes = file.stages.flatMap(({ from, instructions }) => [from, ...instructions])
        for (const { range } of [...file.args, ...nodes, ...file.diagnostics]) {
          expect(range.start.line).toBeGreaterThanOrEqual(1)
          expect(range.end.line).toBeGreaterThanOrEqual(range.start.line)
          expect(range.end.line).toBeLessThanOrEqual(lines)
        }
        const orders = file.diagnostics.map(({ range }) => range.start.line)
        expect(orders).toEqual(orders.toSorted((a, b) => a - b))
        expect(formatDiagnostics(text, file.diagnostics, 'f')).not.toMatch(/[\0\x1b\r]/)
      }),
      { numRuns: 3000 },
    )
  })

  test('parse() loses no instruction silently: no stage means an error', () => {
    fc.assert(
      fc.property(fc.oneof(texts, spaced), (text) => {
        const { stages, diagnostics } = parse(text)
        expect(stages.length > 0 || diagnostics.some(({ severity }) => severity === 'error')).toBe(
          true,
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('parse() reads the trigger of an ONBUILD as the same instruction', () => {
    const text = 'FROM a\nONBUILD COPY --chmod=600 <<A <<-B /d/\nx\nA\n\ty\n\tB\n'
    const node = parse(text).stages[0]?.instructions[0]
    if (node?.kind !== 'ONBUILD') throw new Error('expected an ONBUILD')
    const again = parseTrigger(node.trigger)
    const bare = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (key, item) => (key === 'range' ? undefined : item)))
    expect(again.diagnostics).toEqual([])
    expect(bare(again.instructions)).toEqual([bare(node.instruction)])
  })
})

describe('parseTrigger()', () => {
  test('parseTrigger() needs no FROM and refuses one', () => {
    expect(parseTrigger('RUN make').instructions.map(({ kind }) => kind)).toEqual(['RUN'])
    expect(parseTrigger('FROM a').diagnostics.map(({ rule }) => rule)).toEqual([
      'onbuild-not-allowed',
    ])
    expect(parseTrigger('RUNN make').diagnostics.map(({ rule }) => rule)).toEqual([
      'unknown-instruction',
    ])
  })
})

describe('parse() continues after an error', () => {
  test('parse() reports every broken instruction and keeps the others', () => {
    const file = parse('FROM a\nRUNN x\nCOPY y\nRUN z\n')
    expect(file.diagnostics.map(({ rule }) => rule)).toEqual([
      'unknown-instruction',
      'missing-argument',
    ])
    expect(file.stages[0]?.instructions.map(({ kind }) => kind)).toEqual(['RUN'])
  })

  test('parse() reports no errors for the instructions after a broken FROM', () => {
    expect(rulesOf('FORM a\nRUN x\n')).toEqual(['unknown-instruction'])
  })
})
