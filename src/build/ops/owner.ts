import { isStrakeError, StrakeError } from '#oci'
import { ContainerView, resolveUser } from '#runtime'
import type { Owner } from '../layers/pack.ts'
import type { FileState } from '../model/state.ts'
import type { StepServices } from '../step/workspace.ts'

/** The context for looking up an owner. */
export interface OwnerRequest {
  /** `user`, `user:group` or `:group`, each a name or a number. */
  readonly spec: string
  /** The verb and object of error messages: `copy with --chown=app`. */
  readonly purpose: string
  /** The owner for a name in an empty image. Without it, a name is refused there. */
  readonly inEmptyImage?: Owner | undefined
}

export const root: Owner = { uid: 0, gid: 0 }

/**
 * Looks up an owner. A number alone is both user and group. The group of a name is
 * in the image's `/etc/passwd`. Only names need the image.
 */
export async function findOwner(
  request: OwnerRequest,
  base: FileState,
  { filesystems }: Pick<StepServices, 'filesystems'>,
): Promise<Owner> {
  const [user = '', group = ''] = request.spec.split(':', 2)
  const byNumber = ownerByNumber(user)
  const gidByNumber = numberOf(group)
  const isKnown = byNumber !== undefined && (group === '' || gidByNumber !== undefined)
  if (isKnown) return { uid: byNumber.uid, gid: gidByNumber ?? byNumber.gid }
  await using view = await filesystems.view(base)
  if (view === undefined) {
    if (request.inEmptyImage !== undefined) return request.inEmptyImage
    const reason = 'the image has no /etc/passwd to find the name in'
    throw new StrakeError('NOT_FOUND', `Cannot ${request.purpose}: ${reason}`, {
      remedy: 'use a numeric UID:GID',
    })
  }
  const find = (spec: string): Owner => findName(view.root, spec, request)
  const { uid, gid } = byNumber ?? find(user)
  if (group === '') return { uid, gid }
  return { uid, gid: gidByNumber ?? find(`0:${group}`).gid }
}

/** Without a name it is root, which is the same in every image. */
function ownerByNumber(user: string): Owner | undefined {
  if (user === '' || user === 'root') return root
  const id = numberOf(user)
  return id === undefined ? undefined : { uid: id, gid: id }
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

function findName(path: string, spec: string, { purpose }: OwnerRequest): Owner {
  try {
    using files = ContainerView.ofRoot(path)
    const { uid, gid } = resolveUser(files, spec)
    return { uid, gid }
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    // The message of the look-up is about running a command, so it is replaced.
    const reason = cause.message.slice(cause.message.indexOf(': ') + 2)
    throw new StrakeError(cause.code, `Cannot ${purpose}: ${reason}`, {
      cause,
      remedy: cause.remedy,
    })
  }
}
