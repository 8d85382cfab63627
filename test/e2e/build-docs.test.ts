import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeBusyboxRoot } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: the page about builds: ${reason}`)

const path = resolve(import.meta.dir, '../../docs/build.md')
const page = await readFile(path, 'utf8')

interface Example {
  readonly line: string
  readonly printed: string
}

/** The commands of the page, in their order, with what each prints. */
const examples: readonly Example[] = [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(
  ([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [line = '', ...printed] = text.split('\n')
        return { line, printed: printed.join('\n').trimEnd() }
      }),
)

/** Files that the page shows. */
const files = [...page.matchAll(/^`(hello\/\S+)`:\n```\w+\n([\s\S]*?)```$/gm)].map(
  ([, name = '', text = '']) => ({ name, text }),
)

describe.skipIf(reason !== undefined)('docs/build.md', () => {
  let strake: Strake
  let directory: string
  const printed: string[] = []

  beforeAll(async () => {
    strake = await openStrake({ SOURCE_DATE_EPOCH: '1700000000' })
    directory = join(strake.directory, 'page')
    const root = join(directory, 'root')
    await writeBusyboxRoot(root)
    await mkdir(join(directory, 'hello'))
    await mkdir(join(strake.directory, 'bin'))
    await symlink(program, join(strake.directory, 'bin/strake'))
    for (const { name, text } of files) {
      await writeFile(join(directory, name), text)
      await chmod(join(directory, name), 0o644)
    }
    const fixed = [
      '--sort=name',
      '--mtime=@1700000000',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
    ]
    const mode = '--mode=u+rwX,go=rX'
    const archive = join(directory, 'hello/base.tar')
    const packed = await command(['tar', '-C', root, ...fixed, mode, '-cf', archive, '.'])
    if (packed.exitCode !== 0) throw new Error(packed.stderr)
    const PATH = `${strake.directory}/bin:${process.env['PATH']}`
    for (const { line } of examples) {
      const script = ['bash', '-c', `umask 022; { ${line}\n} 2>&1`]
      const { stdout } = await command(script, { cwd: directory, env: { ...strake.env, PATH } })
      printed.push(stdout.trimEnd())
    }
    if (process.env['STRAKE_WRITE_DOCS'] === '1') await writeFile(path, withOutputs(page, printed))
  }, 240_000)
  afterAll(async () => strake[Symbol.asyncDispose]())

  test.each(examples.map(({ line }, index) => [line, index] as const))('%s', (_, index) => {
    // The program busybox differs between machines, and then digests and sizes do.
    const isSameBase = printed[0] === examples[0]?.printed
    const shown = (text: string): string => comparable(text, isSameBase)
    expect(shown(printed[index] ?? '')).toBe(shown(examples[index]?.printed ?? ''))
  })
})

/** Durations differ from run to run, and stages run at the same time, so lines are sorted by their step. */
function comparable(text: string, hasDigests: boolean): string {
  const lines = text.replaceAll(/\b\d+\.\d+s?\b/g, '0.0').split('\n')
  const steady = lines
    .filter((line) => line.trim() !== '')
    .sort()
    .join('\n')
  return hasDigests ? steady : steady.replaceAll(/[0-9a-f]{12,64}/g, 'HEX')
}

/** The page with the output of each command below it. */
function withOutputs(text: string, outputs: readonly string[]): string {
  let index = 0
  return text.replaceAll(/```console\n([\s\S]*?)```/g, (_, block: string) => {
    const lines = block.split('\n').filter((line) => line.startsWith('$ '))
    const shown = lines.map((line) => {
      const output = outputs[index++] ?? ''
      return output === '' ? `${line}\n` : `${line}\n${output}\n`
    })
    return `\`\`\`console\n${shown.join('')}\`\`\``
  })
}
