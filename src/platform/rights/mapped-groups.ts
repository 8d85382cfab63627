import { readSmallFile } from '../call/posix.ts'

/** How many groups the user namespace of this process has, counted from group 0 to the first gap. */
export function mappedGroups(map: string = readSmallFile('/proc/self/gid_map') ?? ''): number {
  // Without support for user namespaces there is no such file, and every group.
  if (map === '') return 2 ** 32 - 1
  const ranges = map
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .sort(([a = 0], [b = 0]) => a - b)
  let next = 0
  for (const [first = 0, , count = 0] of ranges) if (first === next) next += count
  return next
}
