import { cString } from '../call/libc.ts'

/** The family of the sockets of this machine. */
export const unixFamily = 1

/** Returns the address of a socket as the kernel reads it: the family and the path, of at most 107 bytes. */
export function unixAddress(path: string): Uint8Array {
  const name = cString(path)
  const address = new Uint8Array(2 + name.length)
  address[0] = unixFamily
  address.set(name, 2)
  return address
}
