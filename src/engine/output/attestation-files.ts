import { type Attestation, formatStatement, type Image, type Subject, subjectOf } from '#image'
import { treeEntries } from '#layer'
import { StrakeError } from '#oci'
import { createHasher, fromBuffer } from '#stream'
import type { TarInput } from '#tar'
import type { BuildAttestation } from './attestor.ts'

export interface AttestedTree {
  /** The directory with the files of the result. */
  readonly root: string
  readonly image: Image
  /** What precedes the names of files, and what is put before their extensions. */
  readonly named: { readonly prefix?: string | undefined; readonly suffix?: string | undefined }
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes the files with attestations that are written beside the files of a result. They are
 * about every file of it. Throws `INVALID` when two would have the same name.
 */
export async function attestationFiles(
  attestations: readonly BuildAttestation[],
  { root, image, named, signal }: AttestedTree,
): Promise<readonly TarInput[]> {
  const written = attestations.filter(({ isInlineOnly }) => !isInlineOnly)
  if (written.length === 0) return []
  const subjects = await subjectsIn(root, signal)
  const mtime = Date.parse(image.config.created ?? '') / 1000 || 0
  const names = new Set<string>()
  return written.map((attestation) => {
    const path = fileName(attestation.filename, named)
    if (names.has(path)) throw sameName(path)
    names.add(path)
    return attestationFile(attestation, { path, subjects, mtime })
  })
}

function attestationFile(
  attestation: Attestation,
  {
    path,
    subjects,
    mtime,
  }: { readonly path: string; readonly subjects: readonly Subject[]; readonly mtime: number },
): TarInput {
  const bytes = formatStatement(attestation, subjects)
  return {
    path,
    type: 'file',
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime,
    size: bytes.length,
    body: fromBuffer(bytes),
  }
}

/** `provenance.json` for one of several platforms is `provenance.linux_arm64.json`. */
function fileName(name: string, { prefix = '', suffix }: AttestedTree['named']): string {
  if (suffix === undefined) return prefix + name
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot < 1 ? [name, ''] : [name.slice(0, dot), name.slice(dot)]
  return `${prefix}${stem}.${suffix}${extension}`
}

/** Every regular file with its digest. A hard link is the file that it leads to. */
async function subjectsIn(root: string, signal?: AbortSignal): Promise<readonly Subject[]> {
  const subjects: Subject[] = []
  for await (const { path, type, body } of treeEntries(root, { signal })) {
    if (type !== 'file') continue
    const hasher = createHasher()
    if (body instanceof Uint8Array) hasher.update(body)
    else if (body !== undefined) for await (const chunk of body) hasher.update(chunk)
    subjects.push(subjectOf(path.toWellFormed(), hasher.digest()))
  }
  return subjects
}

function sameName(path: string): StrakeError {
  const message = `Cannot write two attestations to ${path}`
  return new StrakeError('INVALID', message, { remedy: 'name one of them with filename=' })
}
