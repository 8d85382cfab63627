import { StrakeError } from '#oci'

/** A subnet of a network. */
export interface TakenSubnet {
  /** The network's name. */
  readonly name: string
  /** In CIDR form. */
  readonly subnet: string
}

export function taken(subnet: string, { name }: TakenSubnet): StrakeError {
  return new StrakeError(
    'CONFLICT',
    `Cannot use the subnet ${subnet}: Pool overlaps with other one on this address space, that of network ${name}`,
    { remedy: `choose another subnet, or remove network ${name}` },
  )
}

/** `what` is an address or a range; `place` is what it should be of. */
export function outside(what: string, place: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use the ${what}: it is not of ${place}`)
}
