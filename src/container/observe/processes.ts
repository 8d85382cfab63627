import { isStrakeError, StrakeError } from '#oci'
import { processesBeside, programEnvironment, runCommand } from '#platform'
import { cgroupProcesses, ownsCgroups } from '#runtime'
import { containerEvent } from '../model/container-events.ts'
import type { ContainerContext } from '../model/context.ts'
import { type Container, getContainer, groupOf, isRunning } from '../model/record.ts'

/** What `ps` prints of the processes of a container: the titles of its columns, and a row for each process. */
export interface ProcessTable {
  readonly titles: readonly string[]
  readonly processes: readonly (readonly string[])[]
}

/**
 * Lists the processes of a running container by the `ps` of the host with `psArguments`,
 * `-ef` unless given. Process IDs are those of the host. Throws `NOT_FOUND`, `CONFLICT`
 * when the container does not run, and `INVALID` when `ps` refuses the arguments or
 * prints no column PID.
 */
export async function listProcesses(
  context: ContainerContext,
  nameOrId: string,
  psArguments: readonly string[] = [],
): Promise<ProcessTable> {
  const container = getContainer(context, nameOrId)
  if (!isRunning(container)) {
    const reason = 'it is not running'
    throw new StrakeError('CONFLICT', `Cannot list processes of ${container.name}: ${reason}`)
  }
  const output = await runPs(psArguments.length === 0 ? ['-ef'] : psArguments)
  // Read after ps has run: a process that began in between is not in its output.
  const table = selectProcesses(output, new Set(processesOf(container)))
  await context.records.events.note(containerEvent(container, 'top'))
  return table
}

/** Without control groups, the processes of a container are those of its PID namespace. */
function processesOf(container: Container): readonly number[] {
  if (ownsCgroups()) return cgroupProcesses(groupOf(container))
  const { process } = container.state
  return process === undefined ? [] : processesBeside(process.pid)
}

async function runPs(psArguments: readonly string[]): Promise<string> {
  try {
    const { code, stdout, stderr } = await runCommand(['ps', ...psArguments], {
      env: { ...programEnvironment, LC_ALL: 'C' },
    })
    if (code === 0) return stdout
    const [reason = ''] = stderr.trim().split('\n')
    throw new StrakeError('INVALID', `Cannot list processes: ps said '${reason}'`, {
      remedy: 'give options of ps that name a column PID, such as -o pid,args',
    })
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND')) throw error
    throw new StrakeError('UNAVAILABLE', 'Cannot list processes: this machine has no program ps', {
      remedy: 'install the package procps',
      cause: error,
    })
  }
}

/** The rows of the output of `ps` whose process is one of `pids`. Throws `INVALID` without a column PID. */
export function selectProcesses(output: string, pids: ReadonlySet<number>): ProcessTable {
  const [header = '', ...lines] = output.split('\n')
  const titles = fieldsOf(header)
  const column = titles.indexOf('PID')
  if (column < 0) {
    throw new StrakeError('INVALID', 'Cannot list processes: ps printed no column PID', {
      remedy: 'add pid to the columns, such as -o pid,args',
    })
  }
  const processes = lines
    .map(fieldsOf)
    .filter((fields) => pids.has(Number(fields[column])))
    // The last column is a command line with spaces.
    .map((fields) => [
      ...fields.slice(0, titles.length - 1),
      fields.slice(titles.length - 1).join(' '),
    ])
  return { titles, processes }
}

function fieldsOf(line: string): readonly string[] {
  return line.split(/\s+/).filter((field) => field !== '')
}
