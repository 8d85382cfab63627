import { StrakeError } from '#oci'
import { findProgram, pathExists, programEnvironment, runCommand } from '#platform'

/** The version of the language. Without it, newer parsers deny what they add to the language, such as Unix sockets. */
const version = 'abi/3.0'

/**
 * What a container may do beside its capabilities and its seccomp filter: everything but to mount, to change the kernel
 * through `/proc` and `/sys`, and to trace or signal processes of others. Each `deny` also holds for a process that has
 * got all capabilities.
 */
export function usualRules(name: string, hasVersion: boolean): string {
  const head = hasVersion ? `abi <${version}>,\n` : ''
  const signals = ['unconfined', 'crun', 'runc'].map((peer) => `  signal (receive) peer=${peer},`)
  // The language has no "all but": each line denies the names that differ in one more letter.
  const denied = [
    // All of /proc but directories of processes, and sysctls of shared memory.
    ...['/proc/* w', '/proc/[^0-9s]*/** w', '/proc/s[^y]*/** w', '/proc/sy[^s]*/** w'],
    ...[
      '/proc/sys?*/** w',
      '/proc/sys/[^k]** w',
      '/proc/sys/k[^e]** w',
      '/proc/sys/kernel/[^s]** w',
    ],
    ...['/proc/sys/kernel/s[^h]** w', '/proc/sys/kernel/sh[^m]** w'],
    ...['/proc/kcore rwklx', '/proc/sysrq-trigger rwklx'],
    // All of /sys but control groups.
    ...[
      '/sys/[^f]*/** wklx',
      '/sys/f[^s]*/** wklx',
      '/sys/fs/[^c]*/** wklx',
      '/sys/fs/c[^g]*/** wklx',
    ],
    ...['/sys/firmware/** rwklx', '/sys/kernel/security/** rwklx'],
    '/sys/devices/virtual/powercap/** rwklx',
  ].map((rule) => `  deny ${rule},`)
  return `${head}profile ${name} flags=(attach_disconnected,mediate_deleted) {
  capability,
  file,
  network,
  umount,
  deny mount,
${signals.join('\n')}
  signal (send, receive) peer=${name},
  ptrace (trace, tracedby, read, readby) peer=${name},
${denied.join('\n')}
}
`
}

/** Loads these rules as a profile. Does nothing without the program `apparmor_parser`, as Docker. Throws `UNAVAILABLE`. */
export async function loadProfile(name: string): Promise<void> {
  const parser = findProgram('apparmor_parser', programEnvironment['PATH'] ?? '')
  if (parser === undefined) return
  const rules = usualRules(name, pathExists(`/etc/apparmor.d/${version}`))
  // Another process may have loaded it meanwhile, so it is replaced.
  const { code, stderr } = await runCommand([parser, '--skip-cache', '--replace'], { input: rules })
  if (code === 0) return
  const [reason = ''] = stderr.trim().split('\n')
  throw new StrakeError('UNAVAILABLE', `Cannot load the AppArmor profile ${name}: ${reason}`, {
    remedy: 'leave it out with --security-opt apparmor=unconfined',
  })
}
