import { attribute, nested } from '#platform'

/** The kind of the interfaces, and their mode. */
export type LanKind =
  | { readonly driver: 'macvlan'; readonly mode: MacvlanMode }
  | { readonly driver: 'ipvlan'; readonly mode: IpvlanMode; readonly flag: IpvlanFlag }

export type MacvlanMode = keyof typeof macvlanModes
export type IpvlanMode = keyof typeof ipvlanModes
export type IpvlanFlag = keyof typeof ipvlanFlags

/** Numbers of linux/if_link.h. */
export const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const
export const ipvlanModes = { l2: 0, l3: 1, l3s: 2 } as const
export const ipvlanFlags = { bridge: 0, private: 1, vepa: 2 } as const

/** The attribute IFLA_LINKINFO of such an interface. */
export function lanInfo(lan: LanKind): Uint8Array {
  const data =
    lan.driver === 'macvlan'
      ? [attribute(1, macvlanModes[lan.mode])]
      : [attribute(1, half(ipvlanModes[lan.mode])), attribute(2, half(ipvlanFlags[lan.flag]))]
  return nested(18, attribute(1, lan.driver), nested(2, ...data))
}

function half(value: number): Uint8Array {
  return new Uint8Array(new Uint16Array([value]).buffer)
}
