import { StrakeError } from '#oci'
import { canChown, canMount, isRoot } from '#platform'
import { namespaceRefusal } from './host/namespace-refusal.ts'

/** Rights to check. Default: those of this process. */
interface Rights {
  readonly mayMount?: boolean
  readonly mayChown?: boolean
  readonly ofRoot?: boolean
}

/** Throws `DENIED` for a process without the rights of root. Verbs call it before they fetch or make anything. */
export function requireRoot(what: string, rights: Rights = {}): void {
  const { mayMount = canMount(), mayChown = canChown(), ofRoot = isRoot() } = rights
  if (mayMount && mayChown) return
  const refusal = namespaceRefusal()
  const sudo = 'run it with sudo; root has its own store'
  const reason = ofRoot
    ? `this process may not ${mayMount ? 'change owners' : 'mount'}`
    : ['strake must run as root', refusal].filter(Boolean).join(', because ')
  throw new StrakeError('DENIED', `Cannot ${what}: ${reason}`, {
    remedy: ofRoot
      ? `give the container that strake runs in ${mayMount ? 'CAP_CHOWN' : 'CAP_SYS_ADMIN'}`
      : refusal === undefined
        ? sudo
        : `give the user IDs with usermod --add-subuids and --add-subgids, or ${sudo}`,
  })
}
