import { type ChildProcess, spawnProcess } from '#platform'
import type { ContainerContext } from '../model/context.ts'

/** Returns the command line of a program that joins a container: `run`, `attach`, `exec` or `suspend`. */
export function joinCommand(
  { root, run }: Pick<ContainerContext, 'root' | 'run'>,
  verb: string,
  id: string,
): readonly string[] {
  return [process.execPath, `${import.meta.dirname}/join-program.ts`, verb, root, run, id]
}

/** Starts a joining program with pipes as its input and output. */
export function join(
  context: Pick<ContainerContext, 'root' | 'run'>,
  verb: string,
  id: string,
): ChildProcess {
  return spawnProcess(joinCommand(context, verb, id), {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: '/bin:/usr/bin' },
  })
}

const readers = new WeakMap<ChildProcess, AsyncIterator<Uint8Array>>()

/** Returns the next chunk of the program's output; empty at its end. */
export async function lineOf(child: ChildProcess): Promise<string> {
  const reader = readers.get(child) ?? child.stdout?.[Symbol.asyncIterator]()
  if (reader === undefined) return ''
  readers.set(child, reader)
  const { value, done } = await reader.next()
  return done ? '' : new TextDecoder().decode(value)
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (await condition()) return
    await Bun.sleep(5)
  }
  throw new Error(`never happened: ${condition}`)
}
