import { join, resolve } from 'node:path'
import type { Answer } from './run-steps.ts'

export type Answers = Readonly<Record<string, Answer>>

const file: string = join(resolve(import.meta.dir, '../fixtures/api'), 'dockerd.json')

/** Reads the answers of Docker 29. A text in the place of an answer names a step with the same one. */
export async function readAnswers(): Promise<Answers> {
  const stored: Readonly<Record<string, Answer | string>> = await Bun.file(file).json()
  return Object.fromEntries(
    Object.entries(stored).map(([step, answer]) => [
      step,
      typeof answer === 'string' ? (stored[answer] as Answer) : answer,
    ]),
  )
}

/** Writes one step in each line. */
export async function writeAnswers(answers: Answers): Promise<void> {
  const first = new Map<string, string>()
  const lines = Object.entries(answers).map(([step, answer]) => {
    const text = JSON.stringify(answer)
    const same = first.get(text)
    if (same === undefined) first.set(text, step)
    return `${JSON.stringify(step)}: ${same === undefined ? text : JSON.stringify(same)}`
  })
  await Bun.write(file, `{\n${lines.join(',\n')}\n}\n`)
}
