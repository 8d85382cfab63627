import { dirname, join } from 'node:path'
import { parseIgnoreFile } from '#build/contexts/ignore-file'
import type { IgnoreMatcher } from '#dockerfile'
import { checkFile } from '#dockerfile/check/check-file'
import { fixDockerfile } from '#dockerfile/fix/fixes'
import type { FileReport } from '#dockerfile/report/report'
import { isStrakeError, parseReference } from '#oci'
import { readPlainFile } from '#platform'
import { readDockerfile } from './dockerfile-file.ts'

export interface LintRequest {
  /** Paths of Dockerfiles; `-` is standard input. */
  readonly places: readonly string[]
  /** Replaces the check directives of the files. */
  readonly check?: string | undefined
  /** Makes the fixes that keep what is built. The reports are about the fixed text. */
  readonly fix?: boolean | undefined
  readonly signal: AbortSignal
}

export interface Linted extends FileReport {
  /** The text before the fixes. */
  readonly original: string
}

/** Checks Dockerfiles without a store, a network or base images. Writes nothing. */
export async function lintDockerfiles(request: LintRequest): Promise<Linted[]> {
  const { places, check, fix = false, signal } = request
  const linted: Linted[] = []
  for (const name of places) {
    const original = await readDockerfile(name, signal)
    const text = fix ? fixDockerfile(original, { check }) : original
    const ignore = name === '-' ? undefined : readIgnore(name)
    const diagnostics = checkFile(text, { check, ignore, isReference })
    linted.push({ name, text, diagnostics, original })
  }
  return linted
}

/** True for a name that can be one of an image. */
export function isReference(name: string): boolean {
  try {
    parseReference(name)
    return true
  } catch (error) {
    if (isStrakeError(error)) return false
    throw error
  }
}

/** The ignore file of a Dockerfile, or that of its directory. */
function readIgnore(path: string): IgnoreMatcher | undefined {
  const text =
    readPlainFile(`${path}.dockerignore`) ?? readPlainFile(join(dirname(path), '.dockerignore'))
  return parseIgnoreFile(text)
}
