/** Returns a key for an object that nobody has used: `blobs/3f/3f2a...`. */
export function newKey(): string {
  const id = crypto.randomUUID().replaceAll('-', '')
  return `blobs/${id.slice(0, 2)}/${id}`
}
