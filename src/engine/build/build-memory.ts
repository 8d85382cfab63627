import type { Engine } from '../engine.ts'

/** The directory of what builds remember in files. */
export function buildMemory({ root }: Pick<Engine, 'root'>): string {
  return `${root}/builds`
}
