import { closeSync, existsSync, readFileSync } from 'node:fs'
import { makePipe, readPipe, spawnProcess } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import type { ExecEnd } from '../verbs/exec.ts'
import { runContainer } from '../verbs/run.ts'
import type { Testbed } from './testbed.ts'

export interface RunOutcome {
  readonly code: number
  readonly oomKilled: boolean | undefined
  readonly out: string
  readonly err: string
}

/** Runs a container of the testbed's image to its end and removes it. */
export async function runIn(
  bed: Testbed,
  options: Partial<ContainerOptions>,
  input?: Uint8Array,
): Promise<RunOutcome> {
  let oomKilled: boolean | undefined
  const wanted = { image: bed.image, network: 'none', remove: true, ...options } as const
  const result = await capture(async (streams) => {
    const end = await runContainer(bed.context, wanted, { streams })
    if (end.type === 'exited') oomKilled = end.oomKilled
    return end
  }, input)
  return { ...result, oomKilled }
}

/** Collects the output of `work`. The code is -1 if it left a running process. */
export async function capture(
  work: (streams: DescriptorStreams) => Promise<ExecEnd>,
  input: Uint8Array = new Uint8Array(0),
): Promise<{ code: number; out: string; err: string }> {
  const [stdin, stdout, stderr] = [makePipe(), makePipe(), makePipe()]
  const texts = Promise.all([text(readPipe(stdout.read)), text(readPipe(stderr.read))])
  const feeder = spawnProcess(['cat'], {
    stdio: ['pipe', stdin.write, 'ignore'],
    env: { PATH: '/bin' },
  })
  closeSync(stdin.write)
  void feeder.stdin?.write(input).then(() => feeder.stdin?.end())
  try {
    const descriptors = { stdin: stdin.read, stdout: stdout.write, stderr: stderr.write }
    const end = await work(new DescriptorStreams(descriptors))
    const code = end.type === 'detached' ? -1 : end.code
    closeSync(stdout.write)
    closeSync(stderr.write)
    const [out, err] = await texts
    return { code, out, err }
  } catch (error) {
    closeSync(stdout.write)
    closeSync(stderr.write)
    await texts
    throw error
  } finally {
    closeSync(stdin.read)
  }
}

async function text(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of bytes) text += decoder.decode(chunk, { stream: true })
  return text
}

/** Waits until a container has written `text`. */
export async function untilLog({ context }: Testbed, id: string, text: string): Promise<void> {
  const { log } = containerPaths(context, id)
  for (let turn = 0; turn < 400; turn++) {
    if (existsSync(log) && readFileSync(log, 'utf8').includes(text)) return
    await Bun.sleep(5)
  }
  throw new Error(`${text} never appeared in the log`)
}
