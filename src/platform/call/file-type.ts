/** The part of a file's mode that names its type, and its values. */
export const fileType = {
  mask: 0o170000,
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  regular: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const

/** Returns the type of a file with this mode: one of `fileType`. */
export function typeOf(mode: number): number {
  return mode & fileType.mask
}
