import { expect, test } from 'bun:test'
import type { Engine } from '#engine/engine'
import { createNetwork } from '#engine/network/networks'
import { createVolume } from '#engine/volume/volumes'
import { addTestImage, openTestEngine } from '../../engine/testing/fixture.ts'
import type { Command } from '../arguments/command.ts'
import { parseCommand, runParsed } from '../arguments/parse-command.ts'
import type { Context } from '../context.ts'
import { createTestContext } from '../testing/fixture.ts'
import * as container from './container-command.ts'
import * as image from './image-command.ts'
import * as network from './network-command.ts'
import * as volume from './volume-command.ts'

/** Returns the exit code and the output. */
async function exists(
  engine: Engine,
  { define }: { readonly define: (context: Context) => Command },
  name: string,
): Promise<readonly [exitCode: number, output: string]> {
  const context = createTestContext(engine)
  await runParsed(parseCommand(define(context), ['exists', name]))
  return [context.exitCode, context.out.text + context.err.text]
}

test('exists answers by its exit code alone, for names and IDs', async () => {
  await using engine = await openTestEngine()
  const { imageId } = await addTestImage(engine, { names: ['here:1'] })
  const id = await createNetwork(engine, { name: 'back' })
  await createVolume(engine, { name: 'data' })
  const present = [
    [image, 'here:1'],
    [image, imageId],
    [image, imageId.slice('sha256:'.length, 20)],
    [network, 'back'],
    [network, id.slice(0, 12)],
    [network, 'host'],
    [volume, 'data'],
  ] as const
  for (const [group, name] of present) {
    expect([name, ...(await exists(engine, group, name))]).toEqual([name, 0, ''])
  }
  const absent = [
    [image, 'here:2'],
    [network, 'front'],
    [volume, 'dat'],
    [container, 'web'],
  ] as const
  for (const [group, name] of absent) {
    expect([name, ...(await exists(engine, group, name))]).toEqual([name, 1, ''])
  }
})
