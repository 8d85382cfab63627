import { join } from 'node:path'
import { command, program, type Strake } from './strake.ts'

/**
 * Prints what a machine has of mounts, processes, network devices, namespaces and rules of
 * the firewall. Processes are read without a pipe, which would be one more process.
 */
const facts = `
facts() {
  while read -r id parent device root place rest; do echo "mount $place"; done </proc/self/mountinfo
  for file in /proc/[0-9]*/comm; do read -r name <$file; echo "process $name"; done
  for link in /proc/[0-9]*/ns/*; do readlink $link || true; done >"$1.namespaces"
  sort -u "$1.namespaces"
  ip -o link | cut -d: -f2
  cat /proc/sys/net/ipv4/ip_forward
  nft list ruleset
}`

/**
 * Runs a script on a machine of its own: namespaces for mounts, processes and the network.
 * Returns what the machine has afterwards that it did not have before. In the script
 * `strake` is the built program with the store of `strake`. Throws if the script fails.
 */
export async function addedBy(strake: Strake, script: string): Promise<readonly string[]> {
  const [before, after] = [join(strake.directory, 'before'), join(strake.directory, 'after')]
  const whole = `${facts}
set -e
strake() { ${program} "$@"; }
ip link set lo up
facts ${before} >${before}
${script}
facts ${after} >${after}
diff ${before} ${after} || true`
  const own = ['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc']
  const outcome = await command([...own, 'sh', '-c', whole], { env: strake.env })
  if (outcome.exitCode !== 0) throw new Error(outcome.stderr)
  // The kernel drops mounts from this machine when another process removes their directories.
  return outcome.stdout.split('\n').filter((line) => line.startsWith('>'))
}
