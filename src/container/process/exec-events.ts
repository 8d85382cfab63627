import type { NewEvent, Records } from '#records'
import { containerEvent } from '../model/container-events.ts'
import type { Container } from '../model/record.ts'

/** Another process in a container, as its events name it. */
export interface ExecSubject {
  readonly container: Pick<Container, 'id' | 'name' | 'settings'>
  /** 64 hexadecimal digits. */
  readonly id: string
  readonly command: readonly string[]
}

/** Records what happens to one process. */
export interface ExecNotes {
  /** It is started. Also records that it was prepared, unless that was recorded before. */
  begin(): Promise<void>
  /** The user has left it by the detach keys. */
  detach(): Promise<void>
  end(exitCode: number): Promise<void>
}

export function execNotes(
  { events }: Pick<Records, 'events'>,
  subject: ExecSubject,
  { isCreated }: { readonly isCreated: boolean },
): ExecNotes {
  const { container, id } = subject
  return {
    begin: () =>
      events.note(
        ...(isCreated ? [] : [beginning('exec_create', subject)]),
        beginning('exec_start', subject),
      ),
    detach: () => events.note(containerEvent(container, 'exec_detach', { execID: id })),
    end: (code) =>
      events.note(containerEvent(container, 'exec_die', { execID: id, exitCode: `${code}` })),
  }
}

/** The event that a process was prepared for a later start. */
export function execCreated(subject: ExecSubject): NewEvent {
  return beginning('exec_create', subject)
}

/** Characters. A store keeps thousands of events, and a command may have megabytes. */
const longestCommand = 4096

/** The action names the command, as in Docker. */
function beginning(
  action: 'exec_create' | 'exec_start',
  { container, id, command }: ExecSubject,
): NewEvent {
  const [program = '', ...args] = command
  const words = `${program} ${args.join(' ')}`.slice(0, longestCommand)
  return containerEvent(container, `${action}: ${words}`, { execID: id })
}
