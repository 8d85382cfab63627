import type { SbomRequest } from '#build'
import { StrakeError } from '#oci'
import { findProgram } from '#platform'
import type { Engine } from '../engine.ts'
import { version } from '../host/version.ts'
import type { SbomOptions } from './options.ts'

/** Finds the program of `generator=syft`. Throws `UNSUPPORTED` when it is not installed. */
export function sbomRequest(
  options: SbomOptions | undefined,
  env: Engine['env'],
): SbomRequest | undefined {
  if (options === undefined) return undefined
  const { program, ...others } = options
  return {
    ...others,
    version,
    ...(program !== undefined && { program: requireProgram(program, env['PATH'] ?? '') }),
  }
}

function requireProgram(name: string, path: string): string {
  const found = findProgram(name, path)
  if (found !== undefined) return found
  throw new StrakeError('UNSUPPORTED', `Cannot list packages with ${name}: it is not in PATH`, {
    remedy: `install ${name}, name a scanner image, or leave generator= out`,
  })
}
