import { isStrakeError, StrakeError } from '#oci'
import { ContainerView, resolveUser } from '#runtime'
import type { Owner } from '../layers/pack.ts'
import type { FileState } from '../model/state.ts'
import type { StepServices } from '../step/workspace.ts'

/** Where an owner is asked for. */
export interface OwnerRequest {
  /** `user`, `user:group` or `:group`, each a name or a number. */
  readonly spec: string
  /** What cannot be done without it: `copy with --chown=app`. */
  readonly purpose: string
  /** Whom a name means in an image without any file; refused unless given. */
  readonly inEmptyImage?: Owner
}

export const root: Owner = { uid: 0, gid: 0 }

/**
 * Whom files are given to. A number alone is the group as well; a name has the
 * group that the image's `/etc/passwd` says. Only names need the image.
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

/** No name at all is root, who is the same in every image. */
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
    // Nothing is to run as this user, as the sentence of the look-up would say.
    const reason = cause.message.slice(cause.message.indexOf(': ') + 2)
    throw new StrakeError(cause.code, `Cannot ${purpose}: ${reason}`, {
      cause,
      remedy: cause.remedy,
    })
  }
}
