import { StrakeError } from '#oci'
import { printableName } from '#tar'

/** Refuses the name of a whiteout: in a layer it would remove a file of the image. */
export function refuseWhiteout(path: string): void {
  if (!path.includes('.wh.') || !/(?:^|\/)\.wh\./.test(path)) return
  throw new StrakeError(
    'UNSUPPORTED',
    `Cannot copy to /${printableName(path)}: names that begin with .wh. mark removed files in a layer`,
    { remedy: 'rename it, or exclude it with .dockerignore' },
  )
}
