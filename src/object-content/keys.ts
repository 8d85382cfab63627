/** Returns a key for an object that nobody has used: `blobs/3f/3f2a...`. */
export function newKey(): string {
  const id = crypto.randomUUID().replaceAll('-', '')
  return `blobs/${id.slice(0, 2)}/${id}`
}

/** Returns a new key for the end of the blob that gets the key `key`. It begins with that key. */
export function tailKey(key: string): string {
  return `${key}-${crypto.randomUUID().slice(0, 8)}`
}
