import { program } from '../e2e/strake.ts'
import { openStage, type Stage } from './stage.ts'

/** A stage on which `docker` is strake, with a store of its own. Its end checks that a reset removes everything. */
export async function openStrakeStage(env: Readonly<Record<string, string>>): Promise<Stage> {
  const stage = await openStage({
    docker: program,
    env: { ...env, STRAKE_ROOT: '$STAGE/root', STRAKE_RUN: '$STAGE/run' },
  })
  return {
    ...stage,
    async [Symbol.asyncDispose]() {
      const reset = await stage.run('docker system reset --force')
      await stage[Symbol.asyncDispose]()
      if (reset.exitCode !== 0) throw new Error(`system reset: ${reset.stdout}${reset.stderr}`)
    },
  }
}
