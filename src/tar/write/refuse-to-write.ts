import { StrakeError } from '#oci'
import { printableName } from '../name.ts'

/** Throws `INVALID` with the entry and the reason. */
export function refuseToWrite(path: string, reason: string, remedy?: string): never {
  throw new StrakeError('INVALID', `Cannot write tar entry ${printableName(path)}: ${reason}`, {
    remedy,
  })
}
