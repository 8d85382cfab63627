import { accessSync, constants } from 'node:fs'
import type { SbomRequest } from '#build'
import { StrakeError } from '#oci'
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
    ...(program !== undefined && { program: findProgram(program, env['PATH'] ?? '') }),
  }
}

/** Relative directories of PATH are left out: the directory of a project must not name a program. */
function findProgram(name: string, path: string): string {
  const directories = path.split(':').filter((directory) => directory.startsWith('/'))
  const found = directories.map((directory) => `${directory}/${name}`).find(isExecutable)
  if (found !== undefined) return found
  throw new StrakeError('UNSUPPORTED', `Cannot list packages with ${name}: it is not in PATH`, {
    remedy: `install ${name}, name a scanner image, or leave generator= out`,
  })
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
