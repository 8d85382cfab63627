import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseCommand, runParsed } from '../arguments/parse-command.ts'
import { createTestContext } from '../testing/fixture.ts'
import { defineBake } from './builder-bake.ts'

const fixtures = resolve(import.meta.dir, '../../../test/fixtures/bake')

/** The answers of buildx: each case is a line that begins with `$`. */
const answers = readFileSync(`${fixtures}/answers.txt`, 'utf8')
  .split(/^\$ /m)
  .slice(1)
  .map((part): readonly [string, string] => {
    const end = part.indexOf('\n')
    return [part.slice(0, end), part.slice(end + 1)]
  })

describe('bake prints what buildx prints', () => {
  const before = { cwd: process.cwd(), env: { ...process.env } }
  const setEnvironment = (env: Readonly<Record<string, string | undefined>>): void => {
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, env)
  }
  beforeAll(() => process.chdir(fixtures))
  afterAll(() => {
    process.chdir(before.cwd)
    setEnvironment(before.env)
  })

  async function bake(line: string): Promise<string> {
    const words = line.split(' ')
    const count = words.findIndex((word) => !/^[A-Z_]+=/.test(word))
    const entries = words.slice(0, count).map((word) => {
      const at = word.indexOf('=')
      return [word.slice(0, at), word.slice(at + 1)]
    })
    setEnvironment({ PATH: before.env['PATH'], ...Object.fromEntries(entries) })
    const context = createTestContext()
    const more = line.includes('--list') ? [] : ['--print']
    await runParsed(parseCommand(defineBake(context), [...words.slice(count), ...more]))
    return context.out.text
  }

  /** buildx lists the targets of a matrix in no certain order. */
  const sorted = (text: string): unknown =>
    JSON.parse(text, (key, value) => (key === 'targets' ? value.toSorted() : value))

  test.each(answers)('bake %s', async (line, answer) => {
    if (answer === '[refused]\n') {
      await expect(bake(line)).rejects.toThrow(/^Cannot bake /)
      return
    }
    const printed = await bake(line)
    expect(sorted(printed)).toEqual(sorted(answer))
    if (!line.includes('matrix')) expect(printed).toBe(answer)
  })
})
