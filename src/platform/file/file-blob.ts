/** A file as a `Blob` that is read when it is sent; the kernel sends it where it can. Throws when it is not there. */
export async function fileBlob(path: string): Promise<Blob> {
  if (typeof Bun !== 'undefined') return Bun.file(path)
  return process.getBuiltinModule('node:fs').openAsBlob(path)
}
