import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { useStreamFile } from '#platform'
import { toBuffer } from '#stream'

export interface PromptOptions {
  /** Hides the typed keys. */
  readonly hidden?: boolean
  readonly signal: AbortSignal
}

/** Asks one question on the terminal. Rejects when `signal` aborts, for example at Ctrl-C. */
export async function readLine(question: string, options: PromptOptions): Promise<string> {
  const { hidden = false, signal } = options
  process.stderr.write(question)
  // A hidden line is read key by key, without an echo.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: silent, terminal: hidden })
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await reader.question('', { signal })
  } finally {
    reader.close()
    if (hidden) process.stderr.write('\n')
  }
}

/** Asks before a deletion; only `y` and `yes` confirm. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  return isYes(await readLine(`${question} [y/N] `, { signal }))
}

/**
 * Reads the first line of a pipe as yes or no; returns `undefined` when the pipe is empty.
 * Reads no further: `yes` writes without end.
 */
export async function readAnswer(
  signal: AbortSignal,
  input: AsyncIterable<Uint8Array> = useStreamFile(0, signal).read(),
): Promise<boolean | undefined> {
  let text = ''
  for await (const bytes of input) {
    text += Buffer.from(bytes).toString('latin1')
    if (text.includes('\n') || text.length > longestAnswer) break
  }
  const [line = ''] = text.split('\n', 1)
  return line === '' ? undefined : isYes(line)
}

/** In bytes. A longer line is not a yes. */
const longestAnswer = 1024

function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim())
}

/** Reads standard input to its end, as text. */
export async function readAll(signal: AbortSignal): Promise<string> {
  const bytes = await toBuffer(useStreamFile(0, signal).read(), longestText, 'standard input')
  return Buffer.from(bytes).toString('utf8')
}

/** In bytes. */
const longestText = 16 * 1024 * 1024
