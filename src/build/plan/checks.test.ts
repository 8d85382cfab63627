import { describe, expect, test } from 'bun:test'
import { plan } from '../testing/plan.ts'

/** `line: sentence` of all warnings. */
async function sentences(
  text: string,
  options?: Parameters<typeof plan>[1],
): Promise<readonly string[]> {
  return (await plan(text, options)).sentences
}

describe('checkVariables()', () => {
  test('checkVariables() warns of every variable that is used before it is set', async () => {
    const lines = [
      'FROM b',
      'ARG DIR_ASSETS=a',
      'COPY $DIR_ASSET /x',
      `ENV a=$one$one b=$${'{two:-x}'}`,
      "LABEL c='$quoted' d=\\$escaped",
      'COPY <<EOF /y',
      '$three',
      'EOF',
      'WORKDIR /$DIR_ASSETS/$four',
    ]
    expect(await sentences(lines.join('\n'))).toEqual([
      "3: Usage of undefined variable '$DIR_ASSET' (did you mean $DIR_ASSETS?)",
      "4: Usage of undefined variable '$one'",
      "4: Usage of undefined variable '$two'",
      "6: Usage of undefined variable '$three'",
      "9: Usage of undefined variable '$four'",
    ])
  })

  test('checkVariables() leaves RUN, declared arguments and the variables of a base alone', async () => {
    const base = { Env: ['FROM_BASE=1'] }
    const text =
      'FROM b\nARG none\nENV x=$none y=$PATH z=$FROM_BASE\nRUN echo $anything\nCMD $any\n'
    expect(await sentences(text, { base })).toEqual([])
  })

  test('checkVariables() warns beside an error in the same instruction', async () => {
    const warnings: string[] = []
    const text = `FROM b\nENV x=$none y=$${'{other:?needed}'}\n`
    await expect(plan(text, { warnings })).rejects.toThrow('other: needed')
    expect(warnings[0]).toBe("2: Usage of undefined variable '$none'")
  })
})

describe('checkDefaultBases()', () => {
  test('checkDefaultBases() warns of bases that need a build argument', async () => {
    const lines = ['ARG VERSION', 'ARG TAG=1', 'FROM bb:$VERSION AS one', 'FROM bb:$TAG AS two']
    const text = [...lines, 'FROM $NAME', 'FROM one'].join('\n')
    const args = { VERSION: '2', NAME: 'x' }
    const sentence = (line: number, name: string): string =>
      `${line}: Default value for ARG ${name} results in empty or invalid base image name`
    expect(await sentences(text, { args })).toEqual([
      sentence(3, 'bb:$VERSION'),
      sentence(5, '$NAME'),
    ])
  })

  test('checkDefaultBases() does not warn of defaults that are wrong themselves', async () => {
    const text = `ARG V=$${'{W:?needed}'}\nFROM b:$V\n`
    expect(await sentences(text, { args: { V: '1' } })).toEqual([])
  })
})

describe('checkIgnored()', () => {
  const ignore = 'a\n*.md\ndir/sub\n'
  const told = (verb: string, file: string): string =>
    `Attempting to ${verb} file "${file}" that is excluded by .dockerignore`

  test('checkIgnored() warns of sources that the ignore file leaves out', async () => {
    const lines = [
      'FROM b',
      'COPY ./dir/../a x.md ok /d/',
      'ADD dir/sub/deep /e',
      'ADD https://host/a /f',
      'COPY --from=other a /g',
      'COPY <<a /h',
      'a',
      'COPY . /i',
    ]
    expect(await sentences(lines.join('\n'), { ignore })).toEqual([
      `2: ${told('Copy', 'a')}`,
      `2: ${told('Copy', 'x.md')}`,
      `3: ${told('Add', 'dir/sub/deep')}`,
    ])
    const all = await sentences('FROM b\nCOPY . /\n', { ignore: '*' })
    expect(all).toEqual([`2: ${told('Copy', '.')}`])
  })

  test('checkIgnored() does not warn where the ignore file has exceptions', async () => {
    expect(await sentences('FROM b\nCOPY a /\n', { ignore: `${ignore}!b\n` })).toEqual([])
    expect(await sentences('FROM b\nCOPY a /\n')).toEqual([])
  })
})
