import { afterEach, beforeEach } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Digest } from '#oci'
import { packTar, type TarInput } from '#tar'
import type { LayerSource, LocalSnapshotter } from '../../chain/snapshotter.ts'
import { commitChanges, layerOf } from '../changes.ts'

/**
 * What a suite works on: an empty store of snapshots, and the same store opened by another process.
 */
export interface SnapshotterFixture extends AsyncDisposable {
  readonly snapshots: LocalSnapshotter
  reopen(): Promise<LocalSnapshotter>
  /** An empty directory for the directories of containers. */
  readonly scratch: string
}

/** The fixture of the running test, and the chains it made, by number. */
export interface Suite extends Omit<SnapshotterFixture, keyof AsyncDisposable> {
  readonly chains: Map<number, Digest>
  /** Commits `n` above `parent` with the changes that `change` makes. */
  readonly chain: (n: number) => Digest
  /** Commits `n` above `parent` with what `change` does. */
  readonly commit: (
    n: number,
    parent: number | null,
    change: (root: string) => void,
  ) => Promise<Digest>
  /** Commits chain 1: two files in `/etc`, and `/motd`. */
  readonly base: () => Promise<Digest>
}

/** Opens a fixture for every test of the enclosing `describe`. */
export function createSuite(open: () => Promise<SnapshotterFixture>): Suite {
  let fixture: SnapshotterFixture
  const chains = new Map<number, Digest>()
  beforeEach(async () => {
    chains.clear()
    fixture = await open()
  })
  afterEach(() => fixture[Symbol.asyncDispose]())
  const chain = (n: number): Digest => chains.get(n) ?? noChain(n)
  const commit: Suite['commit'] = async (n, parent, change) => {
    const below = parent === null ? null : chain(parent)
    await using active = await fixture.snapshots.prepare(below)
    change(active.root)
    const chainId = await commitChanges(active)
    chains.set(n, chainId)
    return chainId
  }
  return {
    get snapshots() {
      return fixture.snapshots
    },
    get scratch() {
      return fixture.scratch
    },
    reopen: () => fixture.reopen(),
    chains,
    chain,
    commit,
    base: () =>
      commit(1, null, (root) => {
        mkdirSync(`${root}/etc`)
        writeFileSync(`${root}/etc/hosts`, 'localhost')
        writeFileSync(`${root}/etc/passwd`, 'root')
        writeFileSync(`${root}/motd`, 'one')
      }),
  }
}

/** A chain ID that no layers make. */
export const noChain = (n: number): Digest => `sha256:${n.toString(16).padStart(64, '0')}`

/** The code of the error that a call throws. */
export async function code(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) =>
    error instanceof Error && 'code' in error ? error.code : error,
  )
}

/** A layer with these entries. */
export async function tarOf(
  entries: Iterable<TarInput>,
): Promise<LayerSource & { archive: Uint8Array }> {
  const archive = await packTar(entries)
  return { ...layerOf(archive), archive }
}

export const text = (value: string): Uint8Array => Buffer.from(value)
