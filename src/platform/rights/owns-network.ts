import { symbols } from '../call/libc.ts'
import { closeFile, openFile, openFlag } from '../call/posix.ts'

const calls = symbols({ ioctl: { args: ['i32', 'u64', 'u64'], returns: 'i32' } })

/** NS_GET_USERNS, see ioctl_nsfs(2). */
const getOwner = 0xb701

/**
 * False when the network of this process belongs to a user namespace above its own: the kernel then
 * lets it make no interfaces, addresses and rules.
 */
export function ownsNetwork(): boolean {
  const network = openFile('/proc/self/ns/net', openFlag.readOnly)
  try {
    const owner = calls().ioctl(network, getOwner, 0)
    if (owner < 0) return false
    closeFile(owner)
    return true
  } finally {
    closeFile(network)
  }
}
