import { describe, expect, test } from 'bun:test'
import type { Diagnostic } from './ast.ts'
import { formatDiagnostics, withoutPasswords } from './format.ts'

function diagnostic(line: number, end: number, severity: Diagnostic['severity']): Diagnostic {
  const range = { start: { line, column: 0 }, end: { line: end, column: 1 } }
  const rule = severity === 'error' ? 'some-error' : 'StageNameCasing'
  return { severity, rule, message: 'it is wrong', range }
}

describe('formatDiagnostics()', () => {
  const text = 'one\ntwo\nthree\nfour\nfive\nsix\n'

  test('formatDiagnostics() marks the lines and shows two on either side', () => {
    expect(formatDiagnostics(text, [diagnostic(3, 4, 'error')], 'Dockerfile')).toBe(
      [
        'Dockerfile:3',
        '--------------------',
        '   1 |     one',
        '   2 |     two',
        '   3 | >>> three',
        '   4 | >>> four',
        '   5 |     five',
        '   6 |     six',
        '--------------------',
        'ERROR: it is wrong',
        '',
      ].join('\n'),
    )
  })

  test('formatDiagnostics() shows the rule of a warning and the URL of its explanation', () => {
    expect(formatDiagnostics(text, [diagnostic(1, 1, 'warning')], 'a/Dockerfile')).toEndWith(
      'WARNING: StageNameCasing: it is wrong (https://docs.docker.com/go/dockerfile/rule/stage-name-casing/)\n',
    )
  })

  test('formatDiagnostics() separates diagnostics by an empty line, and returns an empty text without any', () => {
    const two = [diagnostic(1, 1, 'error'), diagnostic(6, 6, 'error')]
    expect(formatDiagnostics(text, two, 'f')).toContain('ERROR: it is wrong\n\nf:6\n')
    expect(formatDiagnostics(text, [], 'f')).toBe('')
  })

  test('formatDiagnostics() escapes control characters', () => {
    const evil = 'a\x1b[2Jb\r\n\u202eabc\x07\n'
    const printed = formatDiagnostics(evil, [diagnostic(1, 2, 'error')], 'f\x1b')
    expect(printed).toContain('a\\x1b[2Jb\n')
    expect(printed).toContain('\\x202eabc\\x07')
    expect(printed).toStartWith('f\\x1b:1\n')
  })

  test('formatDiagnostics() cuts long lines and long instructions', () => {
    const long = `${'x'.repeat(5000)}\n`.repeat(100)
    const printed = formatDiagnostics(long, [diagnostic(1, 100, 'error')], 'f')
    expect(printed.split('\n').length).toBeLessThan(40)
    expect(printed).toContain(' ... | >>> (70 more lines)')
    expect(printed).toContain(' 100 | >>> ')
    expect(printed.length).toBeLessThan(10_000)
  })
})

test('formatDiagnostics() shows no password of a URL', () => {
  const text = `ADD https://me:${'w'.repeat(300)}@h/f /f\n# git+ssh://token@h/x\n`
  const shown = formatDiagnostics(text, [diagnostic(1, 1, 'error')], 'Dockerfile')
  expect(shown).toContain('>>> ADD https://xxxxx@h/f /f\n')
  expect(shown).toContain('# git+ssh://xxxxx@h/x\n')
})

test('withoutPasswords() removes all before the last @ of a host, in linear time', () => {
  expect(withoutPasswords('ADD http://a:b@c@h/x@y "https://h" me@h')).toBe(
    'ADD http://h/x@y "https://h" me@h',
  )
  const hostile = 'a-'.repeat(2_000_000)
  expect(withoutPasswords(hostile)).toBe(hostile)
})
