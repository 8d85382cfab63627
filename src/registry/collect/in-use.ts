import { open } from 'node:fs/promises'
import { type Digest, StrakeError } from '#oci'
import type { RegistryFacts } from '../store/facts.ts'

/** The most bytes of a list. */
const mostBytes = 32 * 1024 * 1024

/**
 * Reads the digests that a cluster runs: all that are in the text, such as `team/app@sha256:…` once a
 * line. Throws `INVALID` for a file that cannot be read, so that nothing is removed without it.
 */
export async function readInUse(path: string): Promise<ReadonlySet<Digest>> {
  const text = await readBounded(path).catch((cause: unknown) => {
    throw new StrakeError('INVALID', `Cannot read the digests that are in use from ${path}`, {
      cause,
    })
  })
  return new Set(text.match(/\bsha256:[0-9a-f]{64}\b|\bsha512:[0-9a-f]{128}\b/g) as Digest[] | null)
}

async function readBounded(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  if (size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`)
  return await file.readFile('utf8')
}

/** Notes that manifests which a cluster runs are used, so that they stay although no tag means them. */
export async function keepInUse(
  facts: RegistryFacts,
  digests: ReadonlySet<Digest>,
  signal?: AbortSignal,
): Promise<void> {
  for (const digest of digests) {
    signal?.throwIfAborted()
    for await (const name of facts.holders(digest)) {
      await facts.repository(name).find('manifest', digest)
    }
  }
}
