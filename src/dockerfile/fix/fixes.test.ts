// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's substitutions
import { describe, expect, test } from 'bun:test'
import { expand } from '../expand/expand.ts'
import { parse } from '../parse.ts'
import { randomDockerfile } from '../testing/random-dockerfile.ts'
import { findFixes, fixDockerfile } from './fixes.ts'

describe('fixDockerfile()', () => {
  test.each([
    ['FROM a AS Build', 'FROM a AS build'],
    ['FROM a as b', 'FROM a AS b'],
    ['from a AS b', 'from a as b'],
    ['FROM --platform=$TARGETPLATFORM a', 'FROM a'],
    ['FROM --platform=${TARGETPLATFORM} \\\n  a', 'FROM a'],
    ['FROM a\nrun x', 'FROM a\nRUN x'],
    ['from a\nrun x\nCmd ["y"]', 'from a\nrun x\ncmd ["y"]'],
    ['FROM a\nRUN x \\\n\n  \t\n  # c\n  y\n', 'FROM a\nRUN x \\\n  # c\n  y\n'],
    ['FROM a\nEXPOSE  80/TCP\t81/Udp 82', 'FROM a\nEXPOSE  80/tcp\t81/udp 82'],
    ['FROM a\nEXPOSE 127.0.0.1:80:8080 $P', 'FROM a\nEXPOSE 8080 $P'],
    ['FROM a\nENV k v', 'FROM a\nENV k=v'],
    ['FROM a\nENV k  v $x  w', 'FROM a\nENV k="v $x  w"'],
    ['FROM a\nENV k "v w"', 'FROM a\nENV k="v w"'],
    ['FROM a\nENV k a "b c" d', 'FROM a\nENV k=a\\ "b c"\\ d'],
    ['# escape=`\nFROM a\nLABEL k a "b c"', '# escape=`\nFROM a\nLABEL k=a` "b c"'],
    ['FROM a\nENV k "open', 'FROM a\nENV k="open'],
    ['FROM a\nENV k "open v', 'FROM a\nENV k "open v'],
    ['FROM a\nENV k \\\n v', 'FROM a\nENV k \\\n v'],
    ['FROM a\nMAINTAINER Me <m@x>', 'FROM a\nLABEL org.opencontainers.image.authors="Me <m@x>"'],
    ['FROM a\nMAINTAINER "$M\\x', 'FROM a\nLABEL org.opencontainers.image.authors="\\"\\$M\\\\x"'],
    ['FROM a\nCMD run --all "a b"', 'FROM a\nCMD ["run", "--all", "a b"]'],
    ['FROM a\nCMD run $HOME', 'FROM a\nCMD run $HOME'],
    ['FROM a\nCMD A=b run', 'FROM a\nCMD A=b run'],
    ['FROM a\nENTRYPOINT exec run', 'FROM a\nENTRYPOINT exec run'],
    ['FROM a\nCMD run && x', 'FROM a\nCMD run && x'],
    ['FROM a\nMaintainer me', 'FROM a\nLABEL org.opencontainers.image.authors="me"'],
    ['# check=skip=FromAsCasing\nFROM a as b', '# check=skip=FromAsCasing\nFROM a as b'],
    ['\ufefffrom a AS B\r\n', '\ufefffrom a as b\r\n'],
    [
      '# check=experimental=all\n\n# other\r\nFROM a AS b\n',
      '# check=experimental=all\n\n# other\r\n\nFROM a AS b\n',
    ],
  ])('changes %j to %j', (text, fixed) => expect(fixDockerfile(text)).toBe(fixed))

  test('returns a file without fixable violations unchanged', () => {
    const text = 'FROM a\n \tRUN   x  \\\n # c\n y\t \n\n\nENV  a=b\r\nARG TOKEN\n'
    expect(fixDockerfile(text)).toBe(text)
  })

  test('leaves no fixable violation and adds no error in 1,000 random files', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const text = randomDockerfile(seed)
      const fixed = fixDockerfile(text)
      const errors = (of: string): number =>
        parse(of).diagnostics.filter(({ severity }) => severity === 'error').length
      const { diagnostics } = parse(fixed)
      expect({
        seed,
        text,
        fixed,
        errors: errors(fixed),
        left: findFixes(fixed, diagnostics),
      }).toEqual({ seed, text, fixed, errors: errors(text), left: [] })
    }
  })
})

test('fixDockerfile() keeps the values of the legacy form', () => {
  const valueIn = (text: string): string | undefined => {
    const node = parse(text).stages[0]?.instructions[0]
    const value = node?.kind === 'ENV' ? node.pairs[0]?.value : undefined
    return value === undefined ? undefined : expand(value, (name) => `<${name}>`)
  }
  for (const value of [
    'a',
    'a b',
    'a  b',
    '"a b" c',
    "'a  b'c d",
    'a\\ b c',
    '"a\\" b" c',
    '$X  "$Y "',
  ]) {
    const text = `FROM a\nENV k ${value}`
    const fixed = fixDockerfile(text)
    expect(fixed).toContain('k=')
    expect(valueIn(fixed)).toBe(valueIn(text))
  }
})

test('findFixes() names what a fix does and what it is for', () => {
  const text = 'FROM a as b\nCMD echo $x\n'
  const found = findFixes(text, parse(text).diagnostics)
  expect(found.map(({ title, diagnostic }) => [title, diagnostic.rule])).toEqual([
    ['Match the case of FROM', 'FromAsCasing'],
  ])
})
