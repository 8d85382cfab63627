import type { LayerFiles } from './layer-files.ts'

/** Characters of paths and targets that weigh as much as an entry. */
const heavy = 128

/** Returns what an entry with texts of this length costs in memory. An ordinary entry weighs one. */
export function weightOfText(length: number): number {
  return 1 + Math.floor(length / heavy)
}

/** Returns what the list of a layer costs in memory. Also an empty list weighs something. */
export function weightOfLayer({ files, removed, emptied }: LayerFiles): number {
  let weight = 1
  for (const { path, target = '' } of files) weight += weightOfText(path.length + target.length)
  for (const path of removed) weight += weightOfText(path.length)
  for (const path of emptied) weight += weightOfText(path.length)
  return weight
}
