import { dropAnonymous } from '#volume'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { volumeUsage } from '../usage/volume-usage.ts'
import { notePrune, nothingPruned, type Pruned } from './pruned.ts'

/** Removes anonymous volumes that no container uses. Named volumes stay. */
export async function pruneVolumes(engine: Engine): Promise<Pruned> {
  requireFacts(engine)
  const volumes: string[] = []
  let reclaimed = 0
  for (const { name, links, isAnonymous, size } of await volumeUsage(engine)) {
    if (links > 0 || !isAnonymous) continue
    await dropAnonymous(engine, name)
    volumes.push(name)
    reclaimed += size
  }
  await notePrune(engine, 'volume', reclaimed)
  return { ...nothingPruned, volumes, reclaimed }
}
