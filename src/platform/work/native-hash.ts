/** The SHA-256 of something small in hexadecimal, by Bun where there is one: `node:crypto` takes 4 ms to load. */
export function sha256Hex(content: string | Uint8Array): string {
  if (typeof Bun !== 'undefined')
    return new Bun.CryptoHasher('sha256').update(content).digest('hex')
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(content).digest('hex')
}
