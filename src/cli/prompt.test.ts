import { expect, test } from 'bun:test'
import { readAnswer } from './prompt.ts'

const { signal } = new AbortController()

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text)
}

async function* endless(text: string): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < 10_000; count++) yield new TextEncoder().encode(text)
  throw new Error('it was read to its end')
}

test('readAnswer() reads only the first line of an endless pipe', async () => {
  expect(await readAnswer(signal, endless('y\n'))).toBe(true)
  expect(await readAnswer(signal, endless('y'))).toBe(false)
})

test('readAnswer() joins the parts of a line, and reports an empty pipe', async () => {
  expect(await readAnswer(signal, chunks('ye', 's\n', 'no\n'))).toBe(true)
  expect(await readAnswer(signal, chunks('Y'))).toBe(true)
  expect(await readAnswer(signal, chunks('no\nyes\n'))).toBe(false)
  expect(await readAnswer(signal, chunks())).toBeUndefined()
})
