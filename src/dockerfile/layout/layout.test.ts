import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from '../parse.ts'
import { randomDockerfile } from '../testing/random-dockerfile.ts'
import { layoutDockerfile } from './layout.ts'

const testdata = fileURLToPath(new URL('../testdata', import.meta.url))

describe('layoutDockerfile()', () => {
  test.each([
    ['from  a   as b', 'FROM a AS b\n'],
    ['FROM a\r\nrun  x\r\n', 'FROM a\r\nRUN x\r\n'],
    ['\n\nFROM a\n\n\n\nRUN x\n\n', 'FROM a\n\nRUN x\n'],
    ['\n\n# escape=`\nFROM a\n', '\n# escape=`\nFROM a\n'],
    ['#Syntax = x\n#escape=`\nFROM a', '# syntax=x\n# escape=`\nFROM a\n'],
    ['FROM a\n  # c  \n  RUN x  \n', 'FROM a\n# c\nRUN x\n'],
    ['FROM a\n# about b\nFROM a AS b\n', 'FROM a\n\n# about b\nFROM a AS b\n'],
    ['FROM a\nRUN x  &&\\  \ny  "q  r"\n', 'FROM a\nRUN x  &&\\\ny  "q  r"\n'],
    ['FROM a\nRUN x && \\  \n\n#c\n\ty \\\n z\n', 'FROM a\nRUN x && \\\n    #c\n    y \\\n    z\n'],
    ['FROM a\nRUN x;\\\n      y\n', 'FROM a\nRUN x; \\\n      y\n'],
    ['FROM a\nRUN echo "a \\\n b \\\n c"\n', 'FROM a\nRUN echo "a \\\n b \\\n c"\n'],
    [
      "FROM a\nRUN  --network=none   echo  don't \\\n x\n",
      "FROM a\nRUN --network=none echo  don't \\\n x\n",
    ],
    ['FROM a\ncopy  --from=x   a  b\tc/\n', 'FROM a\nCOPY --from=x a b c/\n'],
    ['FROM a\nENV  a=b   c="d  e"\n', 'FROM a\nENV a=b c="d  e"\n'],
    ['FROM a\nENV  a b   c\n', 'FROM a\nENV a b   c\n'],
    ['FROM a\nCMD  ["x",\'y\']\n', 'FROM a\nCMD ["x",\'y\']\n'],
    ['FROM a\nCMD  ["x","y" , "z\\u0041"]\n', 'FROM a\nCMD ["x", "y", "zA"]\n'],
    [
      'FROM a\nRUN --mount=type=cache,target=/c  ["x","[y"]\n',
      'FROM a\nRUN --mount=type=cache,target=/c ["x", "[y"]\n',
    ],
    ['FROM a\nRUN <<E   cat\n  body  \n\nE', 'FROM a\nRUN <<E   cat\n  body  \n\nE\n'],
    ['FROM a\nWORKDIR  /a  b\n', 'FROM a\nWORKDIR /a  b\n'],
    ['', ''],
  ])('changes %j to %j', (text, expected) => expect(layoutDockerfile(text)).toBe(expected))

  const fixtures = readdirSync(testdata)
    .filter((name) => name !== 'negative')
    .map((name) => [name, readFileSync(`${testdata}/${name}/Dockerfile`, 'utf8')] as const)

  test.each(fixtures)('keeps the meaning of %s, and changes nothing the second time', (_, text) => {
    const once = layoutDockerfile(text)
    expect(layoutDockerfile(once)).toBe(once)
    expect(meaning(once)).toEqual(meaning(text))
  })

  test('keeps the meaning of 600 random files, and changes nothing the second time', () => {
    for (let seed = 1; seed <= 600; seed++) {
      const text = randomDockerfile(seed)
      const once = layoutDockerfile(text)
      expect({ seed, text, twice: layoutDockerfile(once) }).toEqual({ seed, text, twice: once })
      expect({ seed, text, once, is: meaning(once) }).toEqual({
        seed,
        text,
        once,
        is: meaning(text),
      })
    }
  })
})

/** Everything that a build uses. White space between the words of a command has no meaning. */
function meaning(text: string): unknown {
  const { args, stages, directives, diagnostics } = parse(text)
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)
  const isCommand = (value: object): value is { form: string; text: string } => 'form' in value
  const json = JSON.stringify({ args, stages, directives, errors }, (key, value: unknown) => {
    if (key === 'range' || key === 'text' || key === 'trigger') return undefined
    if (typeof value !== 'object' || value === null || !isCommand(value)) return value
    return { ...value, command: value.text?.replaceAll(/\s+/g, ' ') }
  })
  return JSON.parse(json)
}
