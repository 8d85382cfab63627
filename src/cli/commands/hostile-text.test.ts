import { expect, test } from 'bun:test'
import type { Engine } from '#engine/engine'
import { recordImage } from '#engine/image/record-image'
import { createImage } from '#image'
import { addTestImage, openTestEngine } from '../../engine/testing/fixture.ts'
import type { Command } from '../arguments/command.ts'
import { parseCommand, runParsed } from '../arguments/parse-command.ts'
import type { Context } from '../context.ts'
import { createTestContext } from '../testing/fixture.ts'
import * as history from './history-command.ts'
import * as images from './images-command.ts'
import * as inspect from './inspect-command.ts'

const evil = 'a\nfake   row\r\u001b[2J\u001b]0;title\u0007\u009b31m\u202etxt'

/** Every character that a terminal does not show as text. */
const power = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/

async function run(
  engine: Engine,
  { define }: { readonly define: (context: Context) => Command },
  ...words: readonly string[]
): Promise<string> {
  const context = createTestContext(engine)
  await runParsed(parseCommand(define(context), words))
  return context.out.text
}

/** Adds an image with a hostile string in every text field. */
async function addEvilImage(engine: Engine): Promise<string> {
  const { layers } = await addTestImage(engine)
  const config = { Labels: { [evil]: evil }, Env: [`E=${evil}`], Cmd: [evil], User: evil }
  const image = await createImage(engine.content, {
    config: {
      architecture: 'amd64',
      os: 'linux',
      created: '2024-01-02T03:04:05Z',
      config,
      author: evil,
      history: [{ created_by: evil, comment: evil, author: evil }],
    },
    layers,
  })
  recordImage(engine, image, { names: [], by: 'load' })
  return image.imageId
}

test('lists print one line for each row, whatever texts an image has', async () => {
  await using engine = await openTestEngine()
  const id = await addEvilImage(engine)
  for (const [command, words, lines] of [
    [history, [id], 2],
    [history, ['--no-trunc', id], 2],
    [history, ['--format', 'json', id], 1],
    [images, ['-a'], 3],
    [images, ['-a', '--format', 'json'], 2],
  ] as const) {
    const text = await run(engine, command, ...words)
    expect([words, text.split('\n').length - 1]).toEqual([words, lines])
    if (!words.some((word) => word === 'json')) expect(text).not.toMatch(power)
  }
})

test('JSON output contains the texts of an image unchanged', async () => {
  await using engine = await openTestEngine()
  const id = await addEvilImage(engine)
  const [image] = JSON.parse(await run(engine, inspect, id))
  expect(image).toMatchObject({ Author: evil, Config: { Labels: { [evil]: evil }, User: evil } })
  const [line = ''] = (await run(engine, history, '--no-trunc', '--format', 'json', id)).split('\n')
  expect(JSON.parse(line)).toMatchObject({ CreatedBy: evil, Comment: evil })
})
