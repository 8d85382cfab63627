import { run, type Tool } from './tools/tool.ts'

// Skips files that a tool puts into every container, and times, because strake sets them to
// the epoch of the build. With the large buffer, sort writes no temporary files, which
// would be listed.
const listing = `
set -e
hide='( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /.dockerenv
  -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf -o -path /etc/mtab ) -prune -o'
{
  find / -mindepth 1 $hide ! -type f -printf '%y %m %U:%G %p %l\\n'
  find / -mindepth 1 $hide -type f -printf '%y %m %U:%G %p %s %n\\n'
  find / -mindepth 1 $hide -type f -print0 | xargs -0 sha256sum
} | LC_ALL=C sort --buffer-size=256M | sha256sum`

/** Returns a digest of names, types, modes, owners, sizes and contents of all files of an image. */
export async function treeOf(tool: Tool, image: string): Promise<string> {
  const argv = ['run', '--rm', '--network', 'none', image, 'sh', '-c', listing]
  return (await run(tool, argv)).stdout.slice(0, 12)
}

/** Returns the ID of the only image of the store. */
export async function onlyImageId(tool: Tool): Promise<string> {
  const { stdout } = await run(tool, ['images', '--quiet', '--no-trunc'])
  const ids = new Set(stdout.split('\n').filter((id) => id !== ''))
  return [...ids].map((id) => id.replace('sha256:', '').slice(0, 12)).join(' ')
}

/** Returns the exit codes of `run` for a command that ends with 7, and for an absent command. */
export async function exitCodesOf(tool: Tool): Promise<string> {
  const start = ['run', '--rm', '--network', 'none', 'base']
  const failing = await tool.attempt([...start, 'sh', '-c', 'exit 7'])
  const missing = await tool.attempt([...start, '/no/such/command'])
  return `${failing.exitCode}, ${missing.exitCode}`
}
