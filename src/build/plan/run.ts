import { inlineScript, type RunInstruction } from '#dockerfile'
import type { RunOp } from '../model/graph.ts'
import { tooMuchText } from '../variables/text-budget.ts'
import { layerSuffix, runCommandText } from './history.ts'
import { commandLine } from './metadata.ts'
import { planMounts } from './mounts.ts'
import type { Expander, StageState } from './stage.ts'
import { type FilesystemContext, refuse, type Step } from './step.ts'

/** Plans a RUN: its command, its environment and its mounts. */
export async function planRun(
  stage: StageState,
  run: RunInstruction,
  expand: Expander,
  context: FilesystemContext,
): Promise<Step> {
  const unsupported = unsupportedFlag(run)
  if (unsupported !== undefined) throw refuse(context, run, unsupported)
  const network = run.network ?? context.network
  if (network === 'host' && !context.allowHostNetwork) {
    throw refuse(context, run, 'RUN --network=host needs the permission network.host', {
      remedy: 'build with --network host, which allows it',
    })
  }
  const env = [...stage.scope].map(([name, value]) => `${name}=${value}`)
  if (env.length > maxVariables) {
    throw refuse(context, run, `its environment has more than ${maxVariables} variables`)
  }
  const size = env.reduce((sum, { length }) => sum + length, 0)
  if (!context.budget.take(size)) throw refuse(context, run, tooMuchText)
  const argv = commandLine(run.command, stage)
  const script = inlineScript(run.command)
  const { mounts, inputs } = await planMounts(stage, run, expand, context)
  const op: RunOp = {
    kind: 'run',
    argv,
    env,
    cwd: stage.workdir,
    user: stage.user,
    network,
    ...sandboxHostname(run, context),
    ...(mounts.length > 0 && { mounts }),
    ...(script !== undefined && { script: { path: script.path, content: script.content } }),
  }
  const text = runCommandText(argv, stage)
  return { op, line: `RUN ${text}${layerSuffix}`, inputs }
}

/** The host name of a RUN, from a build argument. */
function sandboxHostname(run: RunInstruction, context: FilesystemContext): Pick<RunOp, 'hostname'> {
  const hostname = context.buildArgs.get('BUILDKIT_SANDBOX_HOSTNAME')
  if (hostname === undefined || hostname === '') return {}
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(hostname)) return { hostname }
  const reason = `BUILDKIT_SANDBOX_HOSTNAME=${JSON.stringify(hostname)} is not a host name`
  throw refuse(context, run, reason)
}

/**
 * A limit, because every step keeps a copy of its environment, and a large Dockerfile could
 * use all memory.
 */
const maxVariables = 4096

function unsupportedFlag({ security, devices }: RunInstruction): string | undefined {
  if (security === 'insecure') return 'RUN --security=insecure is not supported yet'
  return devices.length > 0 ? 'RUN --device is not supported yet' : undefined
}
