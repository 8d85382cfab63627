import { readSmallFile } from '../call/posix.ts'

/** True when the IDs of this process are not those of the machine, as in a rootless container. */
export function inUserNamespace(map: string = ownMap()): boolean {
  // Without support for user namespaces there is no such file.
  return map !== '' && !/^\s*0\s+0\s+4294967295\s*$/.test(map)
}

let knownMap: string | undefined

function ownMap(): string {
  knownMap ??= readSmallFile('/proc/self/uid_map') ?? ''
  return knownMap
}
