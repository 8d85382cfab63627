import { mkdirSync } from 'node:fs'
import { isMountPoint, mountBind, mountTmpfs } from '#platform'

const restrictions = { noSuid: true, noDev: true, noExec: true } as const

/**
 * Makes a memory file system of `size` bytes that several containers use as `/dev/shm`.
 * `releaseMounts` undoes it.
 */
export function mountSharedMemory(place: string, size: number): void {
  mkdirSync(place, { recursive: true, mode: 0o700 })
  mountTmpfs(place, { ...restrictions, mode: 0o1777, size })
}

/**
 * Mounts the shared memory of another container at `place`, so that it outlives that container.
 * `releaseMounts` undoes it.
 */
export function joinSharedMemory(source: string, place: string): void {
  mkdirSync(place, { recursive: true, mode: 0o700 })
  mountBind(source, place, restrictions)
}

/** Whether there is a memory file system to join. */
export function hasSharedMemory(place: string): boolean {
  return isMountPoint(place)
}
