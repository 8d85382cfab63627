/** Wishes about the interface of a container on one network. */
export interface EndpointOptions {
  /** Its name in the container. Default: the first free one of `eth0`, `eth1`... */
  readonly device?: string | undefined
  /** Further addresses, which reach only the network itself: of 169.254.0.0/16 or fe80::/10. */
  readonly linkLocalIps?: readonly string[] | undefined
  /** Settings below `net`, such as `ipv4/conf/IFNAME/forwarding`. IFNAME stands for its name. */
  readonly sysctls?: Readonly<Record<string, string>> | undefined
}

/** The addresses of the wishes, with the prefixes of their blocks. */
export function linkLocalAddresses({
  linkLocalIps = [],
}: EndpointOptions = {}): readonly { readonly ip: string; readonly prefix: number }[] {
  return linkLocalIps.map((ip) => ({ ip, prefix: ip.includes(':') ? 64 : 16 }))
}
