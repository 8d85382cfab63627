import { describe, expect, test } from 'bun:test'
import { commandArgv, inlineScript } from './command.ts'
import { parse } from './parse.ts'

function commandOf(run: string): Parameters<typeof commandArgv>[0] {
  const node = parse(`FROM a\n${run}\n`).stages[0]?.instructions[0]
  if (node?.kind !== 'RUN') throw new Error(`expected a RUN: ${run}`)
  return node.command
}

const shell = ['/bin/sh', '-c']

describe('commandArgv()', () => {
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ['leaves exec form alone', 'RUN ["a", "b c"]', ['a', 'b c']],
    ['gives shell form to the shell', 'RUN a "$b" | c', [...shell, 'a "$b" | c']],
    ['makes a lone heredoc the script', 'RUN <<EOF\na\nb\nEOF', [...shell, 'a\nb\n']],
    ['takes its tabs away', 'RUN <<-EOF\n\ta\n\tEOF', [...shell, 'a\n']],
    [
      'leaves other heredocs to the shell',
      'RUN cat <<A <<"B"\nx\nA\ny\nB',
      [...shell, 'cat <<A <<"B"\nx\nA\ny\nB'],
    ],
    [
      'leaves a heredoc with words after it to the shell',
      'RUN <<A bash\nx\nA',
      [...shell, '<<A bash\nx\nA'],
    ],
    ['runs a script file', 'RUN <<A\n#!/bin/x\ny\nA', [...shell, '/dev/pipes/A']],
  ]
  for (const [what, run, expected] of rows) {
    test(`commandArgv() ${what}`, () => {
      expect(commandArgv(commandOf(run), shell)).toEqual([...expected])
    })
  }
})

describe('inlineScript()', () => {
  test('inlineScript() is the body that starts with #!, also behind tabs', () => {
    expect(inlineScript(commandOf('RUN <<-A\n\t#!/bin/x\n\ty\nA'))).toEqual({
      path: '/dev/pipes/A',
      content: '#!/bin/x\ny\n',
      mode: 0o755,
    })
    expect(inlineScript(commandOf('RUN <<A\nx\n#!/bin/x\nA'))).toBeUndefined()
    expect(inlineScript(commandOf('RUN cat <<A\n#!/bin/x\nA'))).toBeUndefined()
  })

  test('inlineScript() stays below /dev/pipes whatever the delimiter is', () => {
    const script = (name: string): string | undefined =>
      inlineScript(commandOf(`RUN <<'${name}'\n#!/bin/x\n${name}`))?.path
    expect(script('../../etc/passwd')).toBe('/dev/pipes/.._.._etc_passwd')
    expect(script('..')).toBe('/dev/pipes/_')
    expect(script('a b')).toBe('/dev/pipes/a b')
  })
})
