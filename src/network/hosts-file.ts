/** The contents of a container's `/etc/hosts`. */
export interface HostsOptions {
  readonly hostname: string
  /** The container's address. Without one, the host name points to loopback. */
  readonly ip?: string | undefined
  /** Its addresses on further networks. */
  readonly moreIps?: readonly string[] | undefined
  /** Further entries (`--add-host name:ip`). */
  readonly extra?: readonly { readonly name: string; readonly ip: string }[]
}

export function formatHosts({ hostname, ip, moreIps = [], extra = [] }: HostsOptions): string {
  const entries = [
    ['127.0.0.1', 'localhost'],
    ['::1', 'localhost ip6-localhost ip6-loopback'],
    ['fe00::', 'ip6-localnet'],
    ['ff00::', 'ip6-mcastprefix'],
    ['ff02::1', 'ip6-allnodes'],
    ['ff02::2', 'ip6-allrouters'],
    ...extra.map(({ name, ip }) => [ip, name]),
    ...[ip ?? '127.0.1.1', ...moreIps].map((address) => [address, withAlias(hostname)]),
  ]
  return entries.map((entry) => `${entry.join('\t')}\n`).join('')
}

/** A name with dots also gets its first part as an alias, as in Docker. */
function withAlias(hostname: string): string {
  const dot = hostname.indexOf('.')
  return dot > 0 ? `${hostname} ${hostname.slice(0, dot)}` : hostname
}
