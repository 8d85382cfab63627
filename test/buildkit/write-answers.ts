import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { openStrake } from '../e2e/strake.ts'
import { importBases } from './bases.ts'
import { buildkitMissing, startBuildkit } from './buildkit.ts'
import { caseNames } from './case.ts'
import { answerPath, buildkitAnswer, loadBases } from './collection.ts'

// The program of scripts/answers.

const reason = buildkitMissing()
if (reason !== undefined) throw new Error(`Cannot ask BuildKit: ${reason}`)
const words = process.argv.slice(2)
const isMissing = words.includes('--missing')
const isAsked = (name: string): boolean =>
  isMissing
    ? !existsSync(answerPath(name))
    : words.length === 0 || words.some((word) => name.includes(word))
const names = (await caseNames()).filter(isAsked)

await using strake = await openStrake()
const bases = await importBases(strake)
await using buildkit = await startBuildkit(strake.directory)
await loadBases(buildkit, strake, bases)
let failures = 0
for (const name of names) {
  try {
    const answer = await buildkitAnswer(buildkit, strake, bases, name)
    await writeFile(answerPath(name), `${JSON.stringify(answer, undefined, 2)}\n`)
    process.stdout.write(`${name}\n`)
  } catch (error) {
    failures += 1
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`)
  }
}
process.exitCode = failures === 0 ? 0 : 1
