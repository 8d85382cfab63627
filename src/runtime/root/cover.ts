/** A mount or link that hides a place of the root file system from the processes of a container. */
export type Cover =
  /** Files of this machine: a volume or a bind mount. `fd` is an `O_PATH` descriptor. */
  | { readonly type: 'tree'; readonly fd: number; readonly readOnly?: boolean | undefined }
  /** Memory that is empty when the container starts. */
  | { readonly type: 'memory' }
  /** A file system of the kernel. */
  | { readonly type: 'kernel' }
  /** A link that the runtime creates. */
  | { readonly type: 'link'; readonly target: string }

const memory: Cover = { type: 'memory' }
const kernel: Cover = { type: 'kernel' }

/** The mounts and links that the runtime creates in every container. */
export function runtimeCovers(): Map<string, Cover> {
  return new Map([
    ['/proc', kernel],
    ['/sys', kernel],
    ['/dev', memory],
    ['/dev/shm', memory],
    ['/dev/mqueue', memory],
    ['/dev/pts', kernel],
    ['/dev/fd', { type: 'link', target: '/proc/self/fd' }],
    ['/dev/stdin', { type: 'link', target: '/proc/self/fd/0' }],
    ['/dev/stdout', { type: 'link', target: '/proc/self/fd/1' }],
    ['/dev/stderr', { type: 'link', target: '/proc/self/fd/2' }],
    ['/dev/core', { type: 'link', target: '/proc/kcore' }],
    ['/dev/ptmx', { type: 'link', target: 'pts/ptmx' }],
  ])
}
