import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { randomDockerfile } from '../testing/random-dockerfile.ts'
import { printTree, readTree } from './read-tree.ts'

const testdata = fileURLToPath(new URL('../testdata', import.meta.url))

describe('printTree()', () => {
  const fixtures = readdirSync(testdata, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('Dockerfile'))
    .map((path) => [path, readFileSync(`${testdata}/${path}`, 'utf8')] as const)

  test.each(fixtures)('returns the text of %s', (_path, text) => {
    expect(printTree(readTree(text))).toBe(text)
  })

  test('returns the text of 3,000 random files', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const text = randomDockerfile(seed)
      expect({ seed, text: printTree(readTree(text)) }).toEqual({ seed, text })
    }
  })

  test.each([
    '',
    '\n',
    '\r\n',
    'FROM a',
    '\ufeffFROM a',
    'RUN a \\\n\n\n',
    'RUN <<E',
    'COPY <<E /\n',
  ])('returns the text %j', (text) => expect(printTree(readTree(text))).toBe(text))
})

describe('readTree()', () => {
  test('readTree() names the role of every line', () => {
    const text = '# a\n\nRUN x \\\n# b\n\n  y <<E\nbody\nE\nFROM z\n'
    const roles = readTree(text).items.map((item) =>
      item.kind === 'statement' ? [item.line, ...item.lines.map(({ role }) => role)] : item.kind,
    )
    expect(roles).toEqual([
      'comment',
      'blank',
      [3, 'text', 'comment', 'blank', 'text', 'heredoc', 'heredoc'],
      [9, 'text'],
    ])
  })

  test('readTree() names the lines after a continuation to the end of the file', () => {
    const [item] = readTree('RUN x \\\n\n# c\n').items
    expect(item?.kind === 'statement' && item.lines.map(({ role }) => role)).toEqual([
      'text',
      'blank',
      'comment',
    ])
  })
})
