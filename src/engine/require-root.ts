import { StrakeError } from '#oci'
import { canChown, canMount, isRoot } from '#platform'

/** The rights of this process, unless given. */
interface Rights {
  readonly mayMount?: boolean
  readonly mayChown?: boolean
  readonly ofRoot?: boolean
}

/** Throws `DENIED` for a process without the rights of root, before something is fetched or made in vain. */
export function requireRoot(what: string, rights: Rights = {}): void {
  const { mayMount = canMount(), mayChown = canChown(), ofRoot = isRoot() } = rights
  if (mayMount && mayChown) return
  const reason = ofRoot
    ? `this process may not ${mayMount ? 'change owners' : 'mount'}`
    : 'it takes the rights of root'
  throw new StrakeError('DENIED', `Cannot ${what}: ${reason}`, {
    remedy: ofRoot
      ? `give the container that strake runs in ${mayMount ? 'CAP_CHOWN' : 'CAP_SYS_ADMIN'}`
      : 'run it with sudo; root has its own store',
  })
}
