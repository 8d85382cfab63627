import { mkdirSync } from 'node:fs'
import { makeDirectoriesWithMode } from '#platform'

/** The directory of a volume. */
export function volumePath({ root }: { readonly root: string }, name: string): string {
  return `${root}/volumes/${name}`
}

/** The directory that containers see. They never see its parent, the directory of the volume. */
export function volumeData(store: { readonly root: string }, name: string): string {
  return `${volumePath(store, name)}/_data`
}

/** Creates the missing directories of a volume. Users other than root may read only the data. */
export function makeVolume(store: { readonly root: string }, name: string): void {
  mkdirSync(volumePath(store, name), { recursive: true, mode: 0o700 })
  makeDirectoriesWithMode(volumeData(store, name), 0o755)
}

/** Names of volumes become directory names. */
export function isVolumeName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(name)
}
