import { readFileSync } from 'node:fs'

/** The part of the descriptors that connections may use. Every request needs others for its work. */
const share = 0.75

/** Returns the most connections that this process may hold open by its limit of descriptors. */
export function mostConnections(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return soft === undefined ? Number.MAX_SAFE_INTEGER : Math.floor(Number(soft) * share)
}
