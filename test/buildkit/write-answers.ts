import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openStrake } from '../e2e/strake.ts'
import { importBases } from './bases.ts'
import { buildkitMissing, buildWithBuildkit, startBuildkit } from './buildkit.ts'
import { caseNames } from './case.ts'
import { answerPath, buildkitAnswer, loadBases } from './collection.ts'
import { mutated, mutations, ranAfter, rebuiltPath, titleOf } from './mutations.ts'

// The program of scripts/answers.

const reason = buildkitMissing()
if (reason !== undefined) throw new Error(`Cannot ask BuildKit: ${reason}`)
const words = process.argv.slice(2)

await using strake = await openStrake()
const bases = await importBases(strake)
await using buildkit = await startBuildkit(strake.directory)
await loadBases(buildkit, strake, bases)
if (words.includes('--mutations')) await writeRebuilt()
else await writeAnswers()

async function writeAnswers(): Promise<void> {
  const isAsked = (name: string): boolean =>
    words.includes('--missing')
      ? !existsSync(answerPath(name))
      : words.length === 0 || words.some((word) => name.includes(word))
  for (const name of (await caseNames()).filter(isAsked)) {
    const answer = await attempt(name, () => buildkitAnswer(buildkit, strake, bases, name))
    if (answer !== undefined) await writeJson(answerPath(name), answer)
  }
}

async function writeRebuilt(): Promise<void> {
  const images = { layout: strake.root, manifests: bases.manifests }
  const directory = join(strake.directory, 'mutated')
  const rebuilt: Record<string, readonly string[]> = {}
  const originals = mutated.map((of) => ({ name: 'original', of }))
  for (const mutation of [...originals, ...mutations]) {
    const title = titleOf(mutation)
    const ran = await attempt(title, () =>
      ranAfter(mutation, directory, (prepared) => buildWithBuildkit(buildkit, prepared, images)),
    )
    if (ran !== undefined) rebuilt[title] = ran
  }
  await writeJson(rebuiltPath, rebuilt)
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

/** Prints the name of what was done, or the error. */
async function attempt<T>(name: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    const value = await act()
    process.stdout.write(`${name}\n`)
    return value
  } catch (error) {
    process.exitCode = 1
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`)
    return undefined
  }
}
