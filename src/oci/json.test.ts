import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { encodeJson, formatGoJson, parseJson } from './json.ts'

const parse = (text: string) => parseJson(new TextEncoder().encode(text), 'document')

test('parseJson() returns the same as JSON.parse', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium' }), (value) => {
      const text = JSON.stringify(value, (_, item) =>
        typeof item === 'number' ? Math.trunc(item % 2 ** 52) || 0 : item,
      )
      if (text.includes('__proto__') || /\\ud[89a-f]/i.test(text)) return
      expect(parse(text)).toEqual(JSON.parse(text))
      expect(parse(JSON.stringify(JSON.parse(text), null, ' \t'))).toEqual(JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test('parseJson() refuses everything that JSON.parse refuses', () => {
  const valid = '{"a":[1,-2,3.5,"x\\u0041\\n",true,false,null,{}],"b":{"c":[]}}'
  fc.assert(
    fc.property(
      fc.nat(valid.length),
      fc.constantFrom('', '"', ',', '{', ']', '0', 'e', '\u0001', '\\'),
      (at, put) => {
        const text = valid.slice(0, at) + put + valid.slice(at + 1)
        let isValid = true
        try {
          JSON.parse(text)
        } catch {
          isValid = false
        }
        if (!isValid) expect(() => parse(text)).toThrow('Cannot read document')
      },
    ),
    { numRuns: 1000 },
  )
})

const ambiguous: Record<string, string> = {
  'the name "a" appears twice at offset 7': '{"a":1,"a":1}',
  'the name "layers" appears twice': '{"layers":[],"l\\u0061yers":[]}',
  'the name "__proto__" is not allowed': '{"x":{"__proto__":{"a":1}}}',
  'the number 9007199254740993 cannot be held exactly': '{"size":9007199254740993}',
  'the number 1e400 cannot be held exactly': '[1e400]',
  'the integer 1.0 is written as a fraction': '[1.0]',
  'the integer 1e3 is written as a fraction': '[1e3]',
  'half a surrogate pair is escaped': '["\\ud800"]',
  'there is data after the end of the document': '{} {}',
  'it starts with a byte order mark': '\uFEFF{}',
  'it is nested too deeply': '['.repeat(200) + ']'.repeat(200),
  '"N" is not expected': '{"size":NaN}',
  'it ends too early': '{"a":[1,2',
}

for (const [reason, text] of Object.entries(ambiguous)) {
  test(`parseJson() refuses ${JSON.stringify(text.slice(0, 40))}: ${reason}`, () => {
    expect(() => parse(text)).toThrow(reason)
  })
}

test('parseJson() reads literals as large as a whole document, in linear time', () => {
  const size = 4 * 1024 * 1024 - 2
  const long = 'x'.repeat(size)
  expect(parse(`"${long}"`)).toBe(long)
  expect(parse(`"${'\\n'.repeat(size / 2)}"`)).toBe('\n'.repeat(size / 2))
  expect(() => parse(`"${long}`)).toThrow('it ends too early')
  expect(() => parse(`"${long}\\x"`)).toThrow('"\\\\" is not expected')
})

test('parseJson() refuses bytes that are not UTF-8', () => {
  const raw = Uint8Array.of(0x22, 0xff, 0x22)
  expect(() => parseJson(raw, 'document', 'MANIFEST_INVALID')).toThrow(
    expect.objectContaining({
      code: 'MANIFEST_INVALID',
      message: 'Cannot read document: it is not valid UTF-8',
    }),
  )
})

test('parseJson() reads fractions', () => {
  expect(parse('[0.5,-1.25e-3,-0]')).toEqual([0.5, -0.00125, 0])
})

test('formatGoJson() can write each value in a line of its own', () => {
  expect(formatGoJson({ a: ['<'] }, 2)).toBe('{\n  "a": [\n    "\\u003c"\n  ]\n}')
})

test('encodeJson() writes the same as Go, and parseJson() reads it', () => {
  const value = { b: '<a href="x">&</a>\u2028', a: [1, null], 10: {} }
  const raw = encodeJson(value)
  expect(new TextDecoder().decode(raw)).toBe(
    '{"10":{},"b":"\\u003ca href=\\"x\\"\\u003e\\u0026\\u003c/a\\u003e\\u2028","a":[1,null]}',
  )
  expect(parseJson(raw, 'document')).toEqual(value)
})
