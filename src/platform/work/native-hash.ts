/** Returns the SHA-256 of few bytes in hexadecimal. Uses Bun where possible: `node:crypto` takes 4 ms to load. */
export function sha256Hex(content: string | Uint8Array): string {
  if (typeof Bun !== 'undefined')
    return new Bun.CryptoHasher('sha256').update(content).digest('hex')
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(content).digest('hex')
}
