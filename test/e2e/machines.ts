import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBusyboxRoot } from './busybox.ts'
import { command, openStrake, type Strake } from './strake.ts'

/** Machines whose stores have the same base image, `busybox`, and nothing else. */
export interface Machines extends AsyncDisposable {
  /** For files of the test. */
  readonly directory: string
  add(): Promise<Strake>
}

export async function openMachines(): Promise<Machines> {
  const directory = mkdtempSync(join(tmpdir(), 'strake-machines-'))
  const machines: Strake[] = []
  const archive = join(directory, 'base.tar')
  await writeBusyboxRoot(join(directory, 'base'))
  await command(['tar', '-C', join(directory, 'base'), '--numeric-owner', '-cf', archive, '.'])
  return {
    directory,
    async add() {
      const machine = await openStrake()
      machines.push(machine)
      await machine.ok('import', archive, 'busybox')
      return machine
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines) await machine[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}
