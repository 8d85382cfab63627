import { inlineScript, parseBoolean, type RunInstruction, withSuggestion } from '#dockerfile'
import type { WantedDevice } from '../model/devices.ts'
import type { RunOp } from '../model/graph.ts'
import type { Grant } from '../model/run-settings.ts'
import { scanVariables } from '../model/scans.ts'
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
  const asked = run.network ?? context.network
  // The user decides that commands have no other way out.
  const network = asked === 'default' && context.network === 'proxy' ? 'proxy' : asked
  if (network === 'host') requireGrant('network.host', '--network=host', run, context)
  if (run.security === 'insecure') {
    requireGrant('security.insecure', '--security=insecure', run, context)
  }
  // The arguments of scanners are for the builder.
  const env = stage.lines.list(scanVariables.filter((name) => stage.args.has(name)))
  if (env.length > maxVariables) {
    throw refuse(context, run, `its environment has more than ${maxVariables} variables`)
  }
  if (!context.budget.take(stage.lines.size)) throw refuse(context, run, tooMuchText)
  const argv = commandLine(run.command, stage)
  const script = inlineScript(run.command)
  const devices = planDevices(run, context)
  const { mounts, inputs } = await planMounts(stage, run, expand, context)
  const op: RunOp = {
    kind: 'run',
    argv,
    env,
    cwd: stage.workdir,
    user: stage.user,
    network,
    ...sandboxHostname(run, context),
    ...(run.security === 'insecure' && { security: 'insecure' }),
    ...(devices.length > 0 && { devices }),
    ...(context.settings !== undefined && { settings: context.settings }),
    ...(mounts.length > 0 && { mounts }),
    ...(script !== undefined && { script: { path: script.path, content: script.content } }),
  }
  const text = runCommandText(argv, stage.argLines.list())
  return { op, line: `RUN ${text}${layerSuffix}`, inputs }
}

/** Throws when the user has not given a permission that an instruction needs. */
function requireGrant(
  grant: Grant,
  flag: string,
  run: RunInstruction,
  context: FilesystemContext,
): void {
  if (context.grants.has(grant)) return
  throw refuse(context, run, `RUN ${flag} needs the permission ${grant}`, {
    remedy: `build with --allow ${grant} if you trust this Dockerfile`,
  })
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

/** Reads `--device=NAME[,required[=BOOL]]`. */
function planDevices(run: RunInstruction, context: FilesystemContext): readonly WantedDevice[] {
  return run.devices.map((text) => {
    const [name = '', ...options] = text.split(',')
    const grants = [`device=${name}`, `device=${name.split('=', 1)}`] as const
    if (!grants.some((grant) => context.grants.has(grant))) {
      requireGrant('device', `--device=${text}`, run, context)
    }
    let isRequired = false
    for (const option of options) {
      const [, key, value = 'true'] = /^([^=]*)(?:=(.*))?$/.exec(option) ?? []
      const flag = key === 'required' ? parseBoolean(value) : undefined
      if (flag === undefined) {
        const message = withSuggestion(`--device has no option ${option}`, key ?? '', ['required'])
        throw refuse(context, run, message)
      }
      isRequired = flag
    }
    if (/^[^=/\s]+\/[^=/\s]+(?:=[^=\s]+)?$/.test(name)) return { name, isRequired }
    throw refuse(context, run, `--device=${text} is not the name of a device`, {
      remedy: 'name it as in CDI: vendor.com/class=name',
    })
  })
}
