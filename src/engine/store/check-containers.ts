import { findContainer, readContainer } from '#container'
import { isStrakeError } from '#oci'
import { containerContext } from '../container/container-context.ts'
import type { Engine } from '../engine.ts'
import type { CheckFinding } from './check-finding.ts'

/** Finds containers whose state is damaged. A repair asks the monitor and the kernel for it. */
export async function* checkContainers(
  engine: Engine,
  isRepair: boolean,
): AsyncGenerator<CheckFinding> {
  for (const record of engine.records.containers.list()) {
    if (!isDamaged(engine, record)) continue
    const subject = `container ${record.name}`
    const problem = 'its state.json is damaged'
    if (!isRepair) {
      yield { subject, problem, state: 'damaged' }
      continue
    }
    const { state } = await findContainer(await containerContext(engine), record.id)
    yield { subject, problem, state: 'healed', action: `written again: it is ${state.status}` }
  }
}

function isDamaged(engine: Engine, record: Parameters<typeof readContainer>[1]): boolean {
  try {
    return readContainer(engine, record).state.status === 'dead'
  } catch (error) {
    // A record of another version has no state that this version can read.
    if (!isStrakeError(error, 'UNSUPPORTED')) throw error
    return false
  }
}
