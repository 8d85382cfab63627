import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Asks one question on the terminal; what is typed is not shown when `hidden`. */
export async function readLine(question: string, hidden: boolean): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({
    input: process.stdin,
    output: hidden ? silent : process.stderr,
    terminal: true,
  })
  try {
    return await reader.question('')
  } finally {
    reader.close()
    if (hidden) process.stderr.write('\n')
  }
}

/** Asks before something is destroyed; only `y` or `yes` agrees. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await readLine(`${question} [y/N] `, false)
  return /^y(es)?$/i.test(answer.trim())
}

/** Standard input to its end, as text. */
export async function readAll(): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString('utf8')
}
