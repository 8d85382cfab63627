import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { PatternError } from './glob.ts'
import { cleanPath, ignorePatterns, parseIgnore } from './ignore.ts'

/** Returns the paths that are not ignored. */
function kept(ignoreFile: string, paths: readonly string[]): string[] {
  const matcher = parseIgnore(ignoreFile)
  return paths.filter((path) => !matcher.ignores(path))
}

describe('parseIgnore()', () => {
  const rows: readonly {
    readonly what: string
    readonly file: string
    readonly paths: readonly string[]
    readonly kept: readonly string[]
  }[] = [
    {
      what: 'passes over comments in the first column, blank lines and a BOM',
      file: '\ufeffa\n\n#b\n  \n #c\r\n',
      paths: ['a', 'b', '#b', 'c', '#c'],
      kept: ['b', '#b', 'c'],
    },
    {
      what: 'knows a comment behind a BOM',
      file: '\ufeff#a\nb\n',
      paths: ['#a', 'b'],
      kept: ['#a'],
    },
    {
      what: 'looks for all that follows ** in each place anew',
      file: '**/a/b\n',
      paths: ['a/b', 'a/x/b', 'a/x/a/b', 'a/a/b', 'x/b'],
      kept: ['a/x/b', 'x/b'],
    },
    {
      what: 'cleans its lines',
      file: ' /x/../a//b/ \n./c\n../d\n.\n/\n',
      paths: ['a/b', 'a', 'b', 'c', 'd', 'x'],
      kept: ['a', 'b', 'd', 'x'],
    },
    {
      what: 'anchors every pattern at the root',
      file: 'a\nb/c\n',
      paths: ['a', 'x/a', 'b', 'b/c', 'b/c/d', 'b/cc'],
      kept: ['x/a', 'b', 'b/cc'],
    },
    {
      what: 'keeps * and ? within a name',
      file: '*.log\nd/?\n',
      paths: ['a.log', '.log', 'x/a.log', 'd/a', 'd/ab', 'd'],
      kept: ['x/a.log', 'd/ab', 'd'],
    },
    {
      what: 'takes ** for any number of directories',
      file: '**/*.o\nsrc/**/gen\nall/**\n',
      paths: ['a.o', 'x/y/a.o', 'src/gen', 'src/a/b/gen/c', 'gen', 'all', 'all/x', 'all/x/y'],
      kept: ['gen', 'all'],
    },
    {
      what: 'reads ** inside a name',
      file: 'a**b\nc**\n**d\n',
      paths: ['ab', 'axb', 'a/b', 'ax/y/b', 'c', 'cx/y', 'd', 'x/d', 'xd'],
      kept: ['axb', 'xd'],
    },
    {
      what: 'lets the last matching line win',
      file: '*\n!src\nsrc/*.tmp\n!src/keep.tmp\n',
      paths: ['a', 'src', 'src/a', 'src/a.tmp', 'src/keep.tmp', 'src/b/c.tmp'],
      kept: ['src', 'src/a', 'src/keep.tmp', 'src/b/c.tmp'],
    },
    {
      what: 'includes again inside an excluded directory',
      file: 'node_modules\n! node_modules/mine/**\n',
      paths: ['node_modules', 'node_modules/a', 'node_modules/mine', 'node_modules/mine/x'],
      kept: ['node_modules/mine/x'],
    },
    {
      what: 'reads classes and escapes',
      file: '[a-c]x\n\\*y\n\\!z\n[^a]w\n',
      paths: ['ax', 'dx', '*y', 'ay', '!z', 'aw', 'bw', 'a/w'],
      kept: ['dx', 'ay', 'aw', 'a/w'],
    },
    { what: 'ignores everything for *', file: '*', paths: ['a', 'a/b', '.c'], kept: [] },
    { what: 'ignores everything for **', file: '**', paths: ['a', 'a/b', '.c'], kept: [] },
    { what: 'ignores nothing when empty', file: '', paths: ['a', 'a/b'], kept: ['a', 'a/b'] },
  ]
  for (const row of rows) {
    test(`parseIgnore() ${row.what}`, () => {
      expect(kept(row.file, row.paths)).toEqual([...row.kept])
    })
  }

  test('parseIgnore() reads up to 10 MiB', () => {
    const line = `#${'x'.repeat(1024 * 1024 - 2)}\n`
    expect(parseIgnore(line.repeat(10)).ignores('x')).toBe(false)
    expect(() => parseIgnore(`${line.repeat(10)}#`)).toThrow('larger than 10 MiB')
  })

  test('cleanPath() keeps parts that lead out', () => {
    for (const [path, clean] of [
      ['../../a', '../../a'],
      ['a/../../b/./c//', '../b/c'],
      ['/../../a', '/a'],
      ['a/..', '.'],
      ['/', '/'],
    ] as const) {
      expect(cleanPath(path)).toBe(clean)
    }
  })

  test('parseIgnore() names the line of a bad pattern', () => {
    expect(() => parseIgnore('a\nb[\n')).toThrow('line 2: unterminated character class')
    expect(() => parseIgnore('!')).toThrow(PatternError)
    expect(() => parseIgnore('a\\')).toThrow(PatternError)
  })

  test('parseIgnore() reports lines that start with !', () => {
    expect(parseIgnore('a\n').hasExceptions).toBe(false)
    expect(parseIgnore('a\n!b\n').hasExceptions).toBe(true)
  })
})

describe('mayContain()', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['a', 'b', true],
    ['a', 'a', false],
    ['a', 'a/b', false],
    ['a\n!b', 'a', false],
    ['a\n!a/b/c', 'a', true],
    ['a\n!a/b/c', 'a/b', true],
    ['a\n!a/b/c', 'a/x', false],
    ['a\n!a/*/c', 'a/x', true],
    ['a\n!**/keep', 'a/x/y', true],
    ['!a/b\na', 'a', false],
    ['*\n!a', 'a', true],
    ['a\n!a/b**c', 'a', true],
  ]
  for (const [file, directory, expected] of rows) {
    test(`mayContain() returns ${expected} for ${directory} under ${JSON.stringify(file)}`, () => {
      expect(parseIgnore(file).mayContain(directory)).toBe(expected)
    })
  }
})

/** The definition by regular expressions, which may be slow. */
function reference(file: string, path: string): boolean {
  let ignored = false
  for (const line of file.split('\n').filter((each) => each !== '')) {
    const exception = line.startsWith('!')
    const pattern = cleanPath(exception ? line.slice(1) : line).replace(/^\//, '')
    const source = pattern
      .replace(/\*\*\/?$/, '\x01')
      .replace(/\*\*\/?/g, '\x02')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')
      .replaceAll('\x01', '.*')
      .replaceAll('\x02', '(?:.*/)?')
    const names = path.split('/')
    if (
      names.some((_, index) => new RegExp(`^${source}$`).test(names.slice(0, index + 1).join('/')))
    ) {
      ignored = !exception
    }
  }
  return ignored
}

describe('ignores()', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 })
  const paths = names.map((parts) => parts.join('/'))
  const token = fc.constantFrom('a', 'b', '/', '*', '**', '?')
  const pattern = fc
    .array(token, { minLength: 1, maxLength: 6 })
    .map((parts) => parts.join(''))
    .filter((text) => !text.includes('***') && /[^/]/.test(text))
  const line = fc.tuple(fc.boolean(), pattern).map(([not, text]) => (not ? `!${text}` : text))
  const file = fc.array(line, { maxLength: 4 }).map((lines) => lines.join('\n'))

  test('ignores() agrees with the definition', () => {
    fc.assert(
      fc.property(file, paths, (text, path) => {
        expect(parseIgnore(text).ignores(path)).toBe(reference(text, path))
      }),
      { numRuns: 5000 },
    )
  })

  test('ignores() is true below every directory for which mayContain() is false', () => {
    fc.assert(
      fc.property(file, paths, paths, (text, directory, below) => {
        const matcher = parseIgnore(text)
        if (!matcher.mayContain(directory)) {
          expect(matcher.ignores(`${directory}/${below}`)).toBe(true)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

test('ignorePatterns() returns clean patterns in their order', () => {
  const text = '\ufeff# comment\n\n  a/./b/  \n!/c\n! d/../e\n.\n#not a pattern\n\\#f\r\n'
  expect(ignorePatterns(text)).toEqual(['a/b', '!c', '!e', '\\#f'])
  expect(() => ignorePatterns('[')).toThrow('line 1')
})
