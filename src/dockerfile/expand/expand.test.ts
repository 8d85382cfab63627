// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's substitutions
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { expand, expandWords } from './expand.ts'
import { SubstitutionError } from './substitution-error.ts'

const variables: Readonly<Record<string, string>> = {
  name: 'hello',
  empty: '',
  path: '/usr/lib/libfoo.so.1',
  list: 'a.b.c',
  stars: 'a*b?c',
  slashes: 'C:\\dir',
  spaced: 'one  two ',
  glob: '*/',
  '1': 'first',
  é: 'accent',
}

function lookup(name: string): string | undefined {
  return Object.hasOwn(variables, name) ? variables[name] : undefined
}

/** Returns the expanded word, or the message of its error. */
function result(word: string, options = {}): string {
  try {
    return expand(word, lookup, options)
  } catch (error) {
    return error instanceof SubstitutionError ? `! ${error.message}` : String(error)
  }
}

function cases(rows: readonly (readonly [word: string, expected: string])[]): void {
  for (const [word, expected] of rows) {
    test(`expand() turns ${word} into ${expected}`, () => {
      expect(result(word)).toBe(expected)
    })
  }
}

describe('expand() and plain variables', () => {
  cases([
    ['plain', 'plain'],
    ['$name', 'hello'],
    ['$name-x', 'hello-x'],
    ['$name_x', ''],
    ['${name}x', 'hellox'],
    ['$missing.', '.'],
    ['$é', 'accent'],
    ['$12', ''],
    ['$1x', 'firstx'],
    ['$', '$'],
    ['$.', '$.'],
    ['a$$b', 'ab'],
    ['$(name)', '$(name)'],
  ])
})

test('expand() counts how deep substitutions are, not how many', () => {
  expect(result('${missing:-x}'.repeat(300))).toBe('x'.repeat(300))
})

describe('expand() and quotes', () => {
  cases([
    [`'$name'`, '$name'],
    [`'a"b\\'`, 'a"b\\'],
    ['"$name b"', 'hello b'],
    [`"it's"`, "it's"],
    ['"a\\"b\\$c\\\\d\\e"', 'a"b$c\\d\\e'],
    ['\\$name', '$name'],
    ['\\a\\ \\"', 'a "'],
    ['end\\', 'end'],
    ['"end\\"', '! unexpected end of statement while looking for matching double-quote'],
    [`'end`, '! unexpected end of statement while looking for matching single-quote'],
    [`a'b'"c"d`, 'abcd'],
  ])

  test('expand() uses the escape character of the Dockerfile', () => {
    expect(result('C:\\$name`$x', { escape: '`' })).toBe('C:\\hello$x')
  })

  test('expand() keeps quotes that are text, and removes escapes', () => {
    expect(result(`"$name" 'it' \\$x \\n`, { quotes: false })).toBe(`"hello" 'it' $x n`)
  })
})

describe('expand() and defaults', () => {
  cases([
    ['${missing:-w}', 'w'],
    ['${missing-w}', 'w'],
    ['${empty:-w}', 'w'],
    ['${empty-w}', ''],
    ['${name:-w}', 'hello'],
    ['${name:+w}', 'w'],
    ['${empty:+w}', ''],
    ['${empty+w}', 'w'],
    ['${missing+w}', ''],
    ['${missing:-}', ''],
    ['${missing:-$name}', 'hello'],
    ['${missing:-${empty:-${name}}}x', 'hellox'],
    ['${missing:-"a } b"}', 'a } b'],
    ['${missing:-a\\}b}', 'a}b'],
    ['${missing:-a b}', 'a b'],
    ['${name:?}', 'hello'],
    ['${empty?}', ''],
    ['${missing:?need it}', '! missing: need it'],
    ['${missing?}', '! missing: is not allowed to be unset'],
    ['${empty:?}', '! empty: is not allowed to be empty'],
    ['${empty:?$name}', '! empty: hello'],
  ])
})

describe('expand() and patterns', () => {
  cases([
    ['${path#*/}', 'usr/lib/libfoo.so.1'],
    ['${path##*/}', 'libfoo.so.1'],
    ['${path%.*}', '/usr/lib/libfoo.so'],
    ['${path%%.*}', '/usr/lib/libfoo'],
    ['${path#$glob}', 'usr/lib/libfoo.so.1'],
    ['${path#nope}', '/usr/lib/libfoo.so.1'],
    ['${path#?usr}', '/lib/libfoo.so.1'],
    ['${stars#a\\*}', 'b?c'],
    ['${stars%\\?c}', 'a*b'],
    ['${path#\\/usr}', '/lib/libfoo.so.1'],
    ["${slashes#'C:\\'}", 'dir'],
    ['${slashes#"C:\\d"}', 'ir'],
    ["${name/l/'a\\b'}", 'hea\\blo'],
    ['${name/l/"a\\b"}', 'hea\\\\blo'],
    ['${missing#*}', ''],
    ['${list/./-}', 'a-b.c'],
    ['${list//./-}', 'a-b-c'],
    ['${list/b*/}', 'a.'],
    ['${list//?/xy}', 'xyxyxyxyxy'],
    ['${list/z/y}', 'a.b.c'],
    ['${stars/\\*/x}', 'axb?c'],
    ['${stars//\\?/x}', 'a*bxc'],
    ['${path//\\//_}', '_usr_lib_libfoo.so.1'],
    ['${name/l/${missing:-L}}', 'heLlo'],
    ['${name/l*/"a b"}', 'hea b'],
    ['${name//}', "! missing '/' in substitution"],
    ['${name///}', 'hello'],
    // Docker keeps escapes of a replacement, and of the pattern for its own reader.
    ['${name/l/\\}}', 'he\\}lo'],
    ['${name//l/\\n}', 'he\\n\\no'],
    ['${name/l/"\\"}"}', 'he\\"}lo'],
    ["${name/l/'}'}", 'he}lo'],
    // Braces inside do not change the escapes after them.
    ['${stars#${missing:-a}\\*}', 'b?c'],
    ['${missing:-${list#a}\\*}', '.b.c*'],
    ['${name/*/x}', 'x'],
    ['${name#\\e}', "! invalid pattern (\\e) in substitution: invalid escape '\\e'"],
  ])
})

describe('expand() and text without substitutions', () => {
  cases([
    ['${}', '! bad substitution'],
    ['${{x}', '! bad substitution'],
    ['${:x}', '! bad substitution'],
    ['${name~x}', '! unsupported modifier (~) in substitution'],
    ['${name:x}', '! unsupported modifier (:x) in substitution'],
    ['${name:#p}', '! unsupported modifier (:#) in substitution'],
    ['${name:##p}', '! unsupported modifier (:#) in substitution'],
    ['${name:%p}', '! unsupported modifier (:%) in substitution'],
    ['${name:/a/b}', '! unsupported modifier (:/) in substitution'],
    ['${name:!}', '! unsupported modifier (:!) in substitution'],
    ['${name:}', "! missing '}' in substitution"],
    ['${name', "! missing '}' in substitution"],
    ['${', "! missing '}' in substitution"],
    ['${name:', "! missing '}' in substitution"],
    ['${name:-x', "! missing '}' in substitution"],
    ['${name/a', "! missing '/' in substitution"],
    ['${name/a/b', "! missing '}' in substitution"],
  ])
})

describe('expandWords()', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['a  b\tc', ['a', 'b', 'c']],
    ['"a b" c\\ d', ['a b', 'c d']],
    ['x$spaced"$spaced"', ['xone', 'two', 'one  two ']],
    ['$empty "" $missing', []],
    ['80 $missing 90', ['80', '90']],
  ]
  for (const [word, expected] of rows) {
    test(`expandWords() splits ${word} into ${expected.length}`, () => {
      expect(expandWords(word, lookup)).toEqual([...expected])
    })
  }
})

describe('expand() under attack', () => {
  const megabyte = 1024 * 1024
  const attacks: readonly (readonly [string, string, Readonly<Record<string, string>>, RegExp])[] =
    [
      ['nesting', '${a:-'.repeat(1e5) + '}'.repeat(1e5), {}, /nested deeper than 100/],
      ['doubling', '$a$a', { a: 'x'.repeat(megabyte) }, /longer than 1 MiB/],
      [
        'replacing',
        `\${a//x/${'y'.repeat(1500)}}`,
        { a: 'x'.repeat(megabyte) },
        /longer than 1 MiB/,
      ],
      ['a long word', 'x'.repeat(megabyte + 1), {}, /longer than 1 MiB/],
      ['many trims', '${a##*}'.repeat(1e5), { a: 'x'.repeat(megabyte) }, /too many steps/],
      [
        'long patterns',
        `\${a//${'?'.repeat(5e3)}b/}`,
        { a: 'a'.repeat(megabyte) },
        /too many steps/,
      ],
    ]
  for (const [what, word, env, message] of attacks) {
    test(`expand() stops at ${what}`, () => {
      expect(() => expand(word, (name) => env[name])).toThrow(message)
    })
  }

  test('expand() accepts nesting and sizes up to the limits', () => {
    expect(expand(['${a:-'.repeat(98), 'x', '}'.repeat(98)].join(''), () => undefined)).toBe('x')
    expect(expand('$a', () => 'x'.repeat(megabyte)).length).toBe(megabyte)
    expect(expand('${a//x*y/}', () => 'x'.repeat(megabyte - 1)).length).toBe(megabyte - 1)
  })

  test('expand() throws nothing but SubstitutionError', () => {
    const pieces = [
      '$',
      '{',
      '}',
      ':',
      '-',
      '+',
      '?',
      '#',
      '%',
      '/',
      '*',
      '\\',
      '"',
      "'",
      'a',
      ' ',
      '😀',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 24 }), (parts) => {
        const outcome = result(parts.join(''))
        expect(typeof outcome).toBe('string')
        expect(outcome).not.toContain('Error')
      }),
      { numRuns: 2000 },
    )
  })

  test('expand() returns any text in single quotes unchanged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const quoted = text
          .split("'")
          .map((part) => `'${part}'`)
          .join(`"'"`)
        expect(expand(quoted, lookup)).toBe(text)
      }),
    )
  })
})
