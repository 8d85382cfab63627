import { bridgeOption, lanOption } from '#container'
import { StrakeError } from '#oci'
import { ipVersion } from '#platform'
import type { CreateNetworkOptions } from './create-options.ts'

/**
 * Throws `INVALID` for an option that the driver does not have, and for a value that it cannot have.
 */
export function checkNetworkOptions({
  options = {},
  driver = 'bridge',
}: CreateNetworkOptions): void {
  const checks = checksOf[driver]
  for (const [name, value] of Object.entries(options)) {
    const check = checks[name]
    if (check === undefined) {
      throw new StrakeError(
        'INVALID',
        `Cannot use the network option ${name}: the driver ${driver} does not have it`,
        { remedy: `the options are ${Object.keys(checks).join(', ')}` },
      )
    }
    if (!check.passes(value)) {
      throw new StrakeError(
        'INVALID',
        `Cannot use the network option ${name}=${value}: expected ${check.expected}`,
      )
    }
  }
}

interface OptionCheck {
  readonly expected: string
  passes(value: string): boolean
}

const truth: OptionCheck = {
  expected: 'true or false',
  passes: (value) => value === 'true' || value === 'false',
}

function oneOf(...words: readonly string[]): OptionCheck {
  return { expected: words.join(' or '), passes: (value) => words.includes(value) }
}

function address(version: 4 | 6): OptionCheck {
  return {
    expected: `an IPv${version} address of this machine`,
    passes: (value) => ipVersion(value) === version,
  }
}

const bytes: OptionCheck = {
  expected: 'a number of bytes, 68 to 65535',
  passes: (value) => /^\d{1,5}$/.test(value) && Number(value) >= 68 && Number(value) <= 65535,
}

const parent: OptionCheck = {
  expected: 'the name of an interface: 1 to 15 characters without spaces and slashes',
  passes: (value) => /^[^\s/]{1,15}$/.test(value) && value !== '.' && value !== '..',
}

const checksOf: Readonly<
  Record<NonNullable<CreateNetworkOptions['driver']>, Readonly<Record<string, OptionCheck>>>
> = {
  bridge: {
    [bridgeOption.name]: {
      expected: 'the name of an interface: 1 to 15 of a-z, A-Z, 0-9, - and _',
      passes: (value) =>
        /^[a-zA-Z][a-zA-Z0-9_-]{0,14}$/.test(value) && !/^(lo|eth\d+)$/.test(value),
    },
    [bridgeOption.connects]: truth,
    [bridgeOption.hidesAddresses]: truth,
    [bridgeOption.hostIp]: address(4),
    [bridgeOption.firewall]: oneOf('respect', 'bypass'),
    [bridgeOption.mtu]: bytes,
  },
  macvlan: {
    [lanOption.parent]: parent,
    [lanOption.macvlanMode]: oneOf('bridge', 'vepa', 'passthru', 'private'),
    [bridgeOption.mtu]: bytes,
  },
  ipvlan: {
    [lanOption.parent]: parent,
    [lanOption.ipvlanMode]: oneOf('l2', 'l3', 'l3s'),
    [lanOption.ipvlanFlag]: oneOf('bridge', 'private', 'vepa'),
    [bridgeOption.mtu]: bytes,
  },
}
