import { closeSync, existsSync } from 'node:fs'
import { isTerminal, makePipe, readPipe, type StdioSlot, sharedWriter } from '#platform'
import type { UserDescriptors } from './descriptor-streams.ts'
import { feedPipe } from './feed.ts'

/** What a process in a container is connected to, and what has to be carried between it and us. */
export interface ExecStdio {
  readonly slots: readonly [StdioSlot, StdioSlot, StdioSlot]
  /** To be called once the process was spawned; resolves when all its output has been passed on. */
  carry(): Promise<void>
}

export interface ExecStdioOptions {
  readonly streams: UserDescriptors
  readonly stdin: boolean
  /** Exists from the moment on in which errors are the process's own and no longer the runtime's. */
  readonly startedFile: string
}

/**
 * Connects a process without a terminal of its own. It gets our pipes and files
 * as they are, but never our terminal: whoever holds that can type into it.
 */
export function connectExec({ streams, stdin, startedFile }: ExecStdioOptions): ExecStdio {
  const input = stdin && isTerminal(streams.stdin) ? makePipe() : undefined
  const output = isTerminal(streams.stdout) ? makePipe() : undefined
  const errors = makePipe()
  return {
    slots: [
      input?.read ?? (stdin ? streams.stdin : 'ignore'),
      output?.write ?? streams.stdout,
      errors.write,
    ],
    async carry() {
      for (const fd of [input?.read, output?.write, errors.write]) {
        if (fd !== undefined) closeSync(fd)
      }
      if (input !== undefined) void feedPipe(streams.stdin, input.write)
      await Promise.all([
        output && pass(output.read, streams.stdout, () => true),
        pass(errors.read, streams.stderr, () => existsSync(startedFile)),
      ])
    },
  }
}

async function pass(from: number, to: number, isWanted: () => boolean): Promise<void> {
  const writer = sharedWriter(to)
  let wanted = false
  for await (const chunk of readPipe(from)) {
    wanted ||= isWanted()
    if (wanted) await writer.write(chunk)
  }
}
